# mypy: disable-error-code="no-untyped-def, call-overload"
"""Forces by sector: sums over the samples that are active there, none of them by taking away."""

from numba import njit

from numerics.kernels.sectors.places import SECTOR_OPTIONS

__all__ = ["find_forces"]


@njit(**SECTOR_OPTIONS)
def find_forces(c, X, s, starts, forces, jumps):
    """Force sum_i sigma'_i c_i x_i of every sector (R, 2), in O(n + R) operations; ``s``: slope for z < 0, ``jumps``: room.

    A sample is active in the R/2 sectors from the ray on that wakes it: a sector adds up the samples that wake at it and at
    R/2 - 1 rays before. Those are the last ones of one half of the circle and the first ones of the other, and sums from either
    end of a half say what they come to. Nothing is taken away again, so that in a sector where no sample is active the force is
    0 to the bit: who is dead stays where it is.
    """
    rays = forces.shape[0]
    half = rays // 2
    forces[:], jumps[:] = 0.0, 0.0
    all_p, all_q = 0.0, 0.0
    for i in range(c.size):
        p, q = c[i] * X[i, 0], c[i] * X[i, 1]
        jumps[starts[i], 0] += p
        jumps[starts[i], 1] += q
        all_p += s * p
        all_q += s * q
    for first in (0, half):
        other = half - first
        p, q = 0.0, 0.0
        for k in range(half):  # the first ones of this half
            p += jumps[first + k, 0]
            q += jumps[first + k, 1]
            forces[first + k, 0] += p
            forces[first + k, 1] += q
        p, q = 0.0, 0.0
        for k in range(half - 1, -1, -1):  # the last ones of this half are still active in the other
            forces[other + k, 0] += p
            forces[other + k, 1] += q
            p += jumps[first + k, 0]
            q += jumps[first + k, 1]
    for r in range(rays):
        forces[r, 0] = all_p + (1.0 - s) * forces[r, 0]
        forces[r, 1] = all_q + (1.0 - s) * forces[r, 1]
