# mypy: disable-error-code="no-untyped-def, call-overload"
"""Six moments of every row say residual and tangent kernel."""

from typing import NamedTuple

import numpy as np
from numba import njit

from numerics.kernels.sectors.forces import find_forces
from numerics.kernels.sectors.places import SECTOR_OPTIONS
from numerics.kernels.stages import UNCOUNTED

__all__ = ["CIRCLE", "MOMENTS", "T_PP", "T_PQ", "T_QQ", "Sums", "add", "gather", "moments_of", "shrink_sums"]

#: Sums of u u, u p, u q, p p, p q, q q for v = (p, q).
MOMENTS = 6
_UU, _UP, _UQ, _PP, _PQ, _QQ = range(MOMENTS)
#: Running sums round the circle: u v, and v v + u u P
CIRCLE = 5
_S_P, _S_Q, T_PP, T_PQ, T_QQ = range(CIRCLE)


class Sums(NamedTuple):
    """What a pass adds up.

    Attributes
    ----------
    moments : float64 (parts, rows, 6)
    moved : float64 (parts, 2)
        Squared distances of u and v from the start.
    circle : float64 (4 R + 2, 5)
        Room for :func:`gather`: running sums round the circle of 2 R places, twice.
    room : float64 (2, R, 2)
        See :func:`numerics.kernels.sectors.forces.find_forces`.
    """

    moments: np.ndarray
    moved: np.ndarray
    circle: np.ndarray
    room: np.ndarray

    @classmethod
    def of(cls, rays: int, parts: int) -> "Sums":
        """Room for those of so many ranges of neurons."""
        moments = np.zeros((parts, 2 * (2 * rays + 1), MOMENTS))
        return cls(moments, np.zeros((parts, 2)), np.empty((4 * rays + 2, CIRCLE)), np.empty((2, rays, 2)))


@njit(forceinline=True, **SECTOR_OPTIONS)
def add(u, p, q, sums):
    """Add a neuron to the moments (6,) of its row."""
    sums[_UU] += u * u
    sums[_UP] += u * p
    sums[_UQ] += u * q
    sums[_PP] += p * p
    sums[_PQ] += p * q
    sums[_QQ] += q * q


@njit(**SECTOR_OPTIONS)
def shrink_sums(moments, moved, factor_v, factor_u, start_v, start_u):
    """Moments (parts, rows, 6) and squared distances from the start (parts, 2) where v and u are multiplied; |v|^2, |u|^2 then.

    ``start_v``, ``start_u``: these squares at the start. The distances of all parts are left in the first.
    """
    square_v, square_u = 0.0, 0.0
    for part in range(moments.shape[0]):
        for row in range(moments.shape[1]):
            sums = moments[part, row]
            square_u += sums[_UU]
            square_v += sums[_PP] + sums[_QQ]
            sums[_UU] *= factor_u * factor_u
            for k in (_UP, _UQ):
                sums[k] *= factor_u * factor_v
            for k in (_PP, _PQ, _QQ):
                sums[k] *= factor_v * factor_v
        if part > 0:
            moved[0] += moved[part]
            moved[part] = 0.0
    # |q O - W|^2 from |O - W|^2, with W the start
    moved[0, 0] = max(factor_u * moved[0, 0] + (1.0 - factor_u) * (start_u - square_u * factor_u), 0.0)
    moved[0, 1] = max(factor_v * moved[0, 1] + (1.0 - factor_v) * (start_v - square_v * factor_v), 0.0)
    return square_v * factor_v * factor_v, square_u * factor_u * factor_u


@njit(**SECTOR_OPTIONS)
def moments_of(first, last, y, bounds, moments):
    """Moments of the rows (rows, 6)."""
    m = y.size // 3
    moments[:] = 0.0
    for row in range(bounds.size - 1):
        for k in range(max(first, bounds[row]), min(last, bounds[row + 1])):
            add(y[k], y[k + m], y[k + 2 * m], moments[row])


@njit(**SECTOR_OPTIONS, **UNCOUNTED)
def gather(given, X, sectors, kappa, s, targets, residual, kernel):
    """Residual (n,) and tangent kernel (n, n) from the :class:`Sums` of a pass, and |grad R|^2.

    The running sums stay behind. A kernel with no entries, (0, 0), is not found.

    A place has sum u v and T = sum v v + u u P, P the directions that its neurons can move in: all, or that of their ray. The
    kernel is x_i T x_j summed over the places where both samples are active; leaky relu adds the rest with its smaller slope.
    """
    n = X.shape[0]
    rays = sectors.normals.shape[0]
    size = 2 * rays + 1
    moments, sums = given.moments, given.circle  # before a place, twice round; of all places
    for j in range(CIRCLE):
        sums[0, j] = 0.0
    for place in range(4 * rays):
        here = place if place < 2 * rays else place - 2 * rays
        uu, up, uq, pp, pq, qq = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
        for part in range(moments.shape[0]):
            one, other = moments[part, here], moments[part, here + size]
            uu += one[_UU] + other[_UU]
            up += one[_UP] + other[_UP]
            uq += one[_UQ] + other[_UQ]
            pp += one[_PP] + other[_PP]
            pq += one[_PQ] + other[_PQ]
            qq += one[_QQ] + other[_QQ]
        dpp, dpq, dqq = 1.0, 0.0, 1.0
        if place % 2 == 0:
            dp, dq = sectors.directions[here // 2, 0], sectors.directions[here // 2, 1]
            dpp, dpq, dqq = dp * dp, dp * dq, dq * dq
        now, then = sums[place + 1], sums[place]
        now[_S_P], now[_S_Q] = then[_S_P] + up, then[_S_Q] + uq
        now[T_PP] = then[T_PP] + pp + dpp * uu
        now[T_PQ] = then[T_PQ] + pq + dpq * uu
        now[T_QQ] = then[T_QQ] + qq + dqq * uu
    everything = sums[-1]
    for j in range(everything.size):  # a loop: one array assigned to another takes seconds to compile
        everything[j] = sums[2 * rays, j]
    for part in range(moments.shape[0]):  # those at v = 0, on all kinks, with the slope s
        at_zero = moments[part, 2 * rays, _UU] + moments[part, 2 * rays + size, _UU]
        everything[T_PP] += at_zero
        everything[T_QQ] += at_zero
    for i in range(n):
        low = 2 * sectors.starts[i]
        high = low + rays + 1
        active = _output(X, i, sums[high]) - _output(X, i, sums[low])
        residual[i] = kappa * (s * _output(X, i, everything) + (1.0 - s) * active) - targets[i]
    for i in range(kernel.shape[0]):
        first = 2 * sectors.starts[i]
        for j in range(i + 1):
            second = 2 * sectors.starts[j]
            offset = second - first if second >= first else second - first + 2 * rays
            # two half circles share what lies between the later start and the earlier end
            low, high = first + offset, first + rays + 1
            if offset > rays:
                low, high = second + 2 * rays - offset, second + rays + 1
            total = _between(X, i, j, sums[high]) - _between(X, i, j, sums[low])
            if s != 0.0:
                own = _between(X, i, j, sums[first + rays + 1]) - _between(X, i, j, sums[first])
                other = _between(X, i, j, sums[second + rays + 1]) - _between(X, i, j, sums[second])
                total = (1.0 - s) ** 2 * total + s * (1.0 - s) * (own + other) + s * s * _between(X, i, j, everything)
            kernel[i, j] = kappa * kappa / n * total
            kernel[j, i] = kernel[i, j]
    return _gradient_squared(moments, X, sectors, kappa, s, residual, given.room)


@njit(**SECTOR_OPTIONS)
def _gradient_squared(moments, X, sectors, kappa, s, residual, room):
    """The square e K e/n as the sum of g T g over the places, g = (kappa/n) sum_i e_i sigma'_i x_i: no term is negative.

    The double sum over samples cancels down to the rounding of its largest terms, those of neurons that have fitted what they
    can; on a plateau that hides the few that are still growing.
    """
    n, rays = X.shape[0], sectors.normals.shape[0]
    size = 2 * rays + 1
    square = 0.0
    forces = room[0]
    find_forces(residual, X, s, sectors.starts, forces, room[1])
    before_p, before_q = forces[rays - 1, 0], forces[rays - 1, 1]
    for r in range(rays):
        after_p, after_q = forces[r, 0], forces[r, 1]
        dp, dq = sectors.directions[r, 0], sectors.directions[r, 1]
        # the sides' forces have the same part along the ray; the smaller is the more exact
        smaller = before_p * before_p + before_q * before_q < after_p * after_p + after_q * after_q
        along = before_p * dp + before_q * dq if smaller else after_p * dp + after_q * dq
        for part in range(moments.shape[0]):
            for here in (2 * r, 2 * r + size):
                square += _quadratic(moments[part, here], along * dp, along * dq)
                square += _quadratic(moments[part, here + 1], after_p, after_q)
        before_p, before_q = after_p, after_q
    at_p, at_q = 0.0, 0.0  # on those at v = 0
    for i in range(n):
        at_p += s * residual[i] * X[i, 0]
        at_q += s * residual[i] * X[i, 1]
    for part in range(moments.shape[0]):
        for here in (2 * rays, 2 * rays + size):
            square += _quadratic(moments[part, here], at_p, at_q)
    return (kappa / n) ** 2 * square


@njit(forceinline=True, **SECTOR_OPTIONS)
def _quadratic(sums, gp, gq):
    """Sum over the neurons of a row of u u g g + (v g)^2."""
    along = sums[_PP] * gp * gp + 2.0 * sums[_PQ] * gp * gq + sums[_QQ] * gq * gq
    return max(along, 0.0) + sums[_UU] * (gp * gp + gq * gq)


@njit(forceinline=True, **SECTOR_OPTIONS)
def _output(X, i, sums):
    return X[i, 0] * sums[_S_P] + X[i, 1] * sums[_S_Q]


@njit(forceinline=True, **SECTOR_OPTIONS)
def _between(X, i, j, sums):
    cross = X[i, 0] * X[j, 1] + X[i, 1] * X[j, 0]
    return X[i, 0] * X[j, 0] * sums[T_PP] + cross * sums[T_PQ] + X[i, 1] * X[j, 1] * sums[T_QQ]
