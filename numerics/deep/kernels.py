# mypy: disable-error-code="no-untyped-def, call-overload"
"""Numba kernels over the weights of a deep network, flat; products with them are left to BLAS."""

from numba import njit

from numerics.kernels import OPTIONS

__all__ = ["combine"]


@njit(**OPTIONS)
def combine(c0, y0, c1, y1, c2, y2, h, velocity, out):
    """Out = c0 y0 + c1 y1 + c2 y2 + h velocity."""
    for k in range(out.size):
        out[k] = c0 * y0[k] + c1 * y1[k] + c2 * y2[k] + h * velocity[k]
