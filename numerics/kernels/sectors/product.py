# mypy: disable-error-code="no-untyped-def, call-overload"
"""The tangent kernel of many samples times a vector, without the kernel: sums round the circle again."""

import numpy as np
from numba import njit

from numerics.kernels.sectors.moments import T_PP, T_PQ, T_QQ
from numerics.kernels.sectors.places import SECTOR_OPTIONS

__all__ = ["product"]


@njit(**SECTOR_OPTIONS)
def product(circle, X, sectors, kappa, s, c, out):
    """K c (n,) into ``out``, in O(n) operations.

    ``circle``: the running sums that :func:`numerics.kernels.sectors.moments.gather` leaves. With T the matrix of a place and
    G = sum_i sigma'_i c_i x_i there, K c at a sample x is kappa^2/n times x times the sum of T G over the places where it is
    active. On a ray the forces of both sides will do: T takes the part along it.
    """
    n, rays = X.shape[0], sectors.normals.shape[0]
    half = rays // 2
    jumps = np.zeros((rays, 2))  # of G without the slope s, from one sector to the next
    everything_p, everything_q, gp, gq = 0.0, 0.0, 0.0, 0.0
    for i in range(n):
        p, q = c[i] * X[i, 0], c[i] * X[i, 1]
        start = sectors.starts[i]
        end = start + half
        if end >= rays:  # active in the last sector, before the first ray
            end -= rays
            gp += p
            gq += q
        jumps[start, 0] += p
        jumps[start, 1] += q
        jumps[end, 0] -= p
        jumps[end, 1] -= q
        everything_p += p
        everything_q += q
    sums = np.zeros((4 * rays + 1, 2))  # of T G, twice round
    for place in range(4 * rays):
        here = place if place < 2 * rays else place - 2 * rays
        if here % 2 == 0:
            gp += jumps[here // 2, 0]
            gq += jumps[here // 2, 1]
        force_p, force_q = s * everything_p + (1.0 - s) * gp, s * everything_q + (1.0 - s) * gq
        now, then = circle[place + 1], circle[place]
        pp, pq, qq = now[T_PP] - then[T_PP], now[T_PQ] - then[T_PQ], now[T_QQ] - then[T_QQ]
        sums[place + 1, 0] = sums[place, 0] + pp * force_p + pq * force_q
        sums[place + 1, 1] = sums[place, 1] + pq * force_p + qq * force_q
    at_zero = circle[-1, T_PP] - circle[2 * rays, T_PP]  # on all kinks, with the slope s
    whole_p = sums[2 * rays, 0] + at_zero * s * everything_p
    whole_q = sums[2 * rays, 1] + at_zero * s * everything_q
    for i in range(n):
        low = 2 * sectors.starts[i]
        high = low + rays + 1
        p = s * whole_p + (1.0 - s) * (sums[high, 0] - sums[low, 0])
        q = s * whole_q + (1.0 - s) * (sums[high, 1] - sums[low, 1])
        out[i] = kappa * kappa / n * (X[i, 0] * p + X[i, 1] * q)
