# mypy: disable-error-code="no-untyped-def, call-overload"
"""Numba kernels of the kink-exact method: a step of all neurons in one pass, and the tangent kernel that the next one needs.

Layout and rules of :mod:`numerics.kernels.stages`. In a step a block of neurons takes three loops. The first moves every neuron
by the closed form between events, its force found from the sides it starts on (or from the one kink it slides along), and marks
those that this is not the truth for: a pre-activation or u changed sign, or two kinks meet. The second moves the marked ones
from event to event (:func:`numerics.kernels.one_neuron.advance`). The third sums outputs and distances.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from numerics.kernels.one_neuron import Kinks, advance, hyperbolic, stay
from numerics.kernels.stages import BLOCK, OPTIONS, dot, squared_distance
from numerics.kernels.tangent import finish

__all__ = ["Own", "features", "kink_forces", "lanes", "sliding_basis", "sliding_kernel", "step"]

_OPTIONS = {**OPTIONS, "error_model": "numpy"}  # no branch for a division by zero


class Own(NamedTuple):
    """Forces that differ from neuron to neuron, as dropout has them: strength u sigma(z_i) beside that of a sample.

    Attributes
    ----------
    strength : float
        -q kappa^2 h/n; 0 without.
    factors : float64 (H, n)
        See :func:`kink_forces`.
    kinks : Kinks; forces : float64 (n,)
        Room for those of one neuron.
    """

    strength: float
    factors: np.ndarray
    kinks: Kinks
    forces: np.ndarray


def lanes(samples, dimension):
    """Room for a block of neurons; see the kernels for the rows."""
    return np.zeros((2 * samples + dimension + 6, BLOCK))


@njit(**_OPTIONS)
def kink_forces(c, s, factors, kinks):
    """Forces of the kinks, from those of the samples; ``factors`` (H, n): x_i = factors_hi n_h on the kink h, else 0."""
    _, _, above, below, at = kinks
    for k in range(above.size):
        ahead, behind = 0.0, 0.0
        for i in range(c.size):
            ahead += max(factors[k, i], 0.0) * c[i]
            behind += min(factors[k, i], 0.0) * c[i]
        above[k] = ahead + s * behind
        below[k] = s * ahead + behind
        at[k] = s * (ahead + behind)


@njit(**_OPTIONS)
def step(first, last, u, v, u_start, v_start, X, c, owner, narrow, kappa, s, kinks, own, work, lanes, u1, v1, f, moved):
    """One step of the parts u (m,) and v (d, m); leaves outputs f (n,) and squared distances ``moved`` (2,).

    ``owner``: the kink that a sample is the normal of, or -1. ``narrow``: squared cosine that counts as on it. ``own``: see
    :class:`Own`.
    """
    n, d = X.shape
    z, g = lanes[:n], lanes[n : n + d]
    w, flag, square, on, which = lanes[n + d : n + d + 5]
    scratch = lanes[n + d + 5]
    added = lanes[n + d + 6 : 2 * n + d + 6]
    added[:] = 0.0
    f[:] = 0.0
    moved[:] = 0.0
    for low in range(first, last, BLOCK):
        high = min(low + BLOCK, last)
        size = high - low
        old, new = v[:, low:high], v1[:, low:high]
        u_old, u_new = u[low:high], u1[low:high]
        if own.strength != 0.0:  # those in the middle of the step, which half of it in one go foresees
            _own_forces(u_old, old, X, own.strength, s, scratch, added)
            _forces(old, X, c, added, owner, narrow, s, z, scratch, g, w, square, on, which)
            _slide(u_old, on, which, kinks, g)
            for j in range(d):
                for k in range(size):
                    g[j, k] = old[j, k] + 0.5 * u_old[k] * g[j, k]
            for k in range(size):
                w[k] = u_old[k] + 0.5 * w[k]
            _own_forces(w[:size], g[:, :size], X, own.strength, s, scratch, added)
        _forces(old, X, c, added, owner, narrow, s, z, scratch, g, w, square, on, which)
        _slide(u_old, on, which, kinks, g)
        _move(u_old, g, w, square, u_new, flag)
        for j in range(d):
            _shift(old[j], g[j], square, new[j])
        _stay(new, on, which, kinks, scratch)
        _mark(new, X, z, on, scratch, flag)
        for k in range(size):
            if flag[k] != 0.0:
                for j in range(d):
                    work.v[j] = old[j, k]
                if own.strength == 0.0:
                    u_new[k] = advance(u_old[k], kinks, work)
                else:
                    for i in range(n):
                        own.forces[i] = c[i] + added[i, k]
                    kink_forces(own.forces, s, own.factors, own.kinks)
                    u_new[k] = advance(u_old[k], own.kinks, work)
                stay(kinks, work)
                for j in range(d):
                    new[j, k] = work.v[j]
        for i in range(n):
            _preactivation(new, X[i], scratch)
            f[i] += kappa * _output(u_new, scratch, s)
        moved[0] += squared_distance(u_new, u_start[low:high])
        for j in range(d):
            moved[1] += squared_distance(new[j], v_start[j, low:high])


@njit(**_OPTIONS)
def sliding_kernel(first, last, u, v, X, gram, owner, narrow, kappa, s, work, lanes, kernel):
    """Tangent kernel K = J J^T/n (n, n) of neurons of which some slide; ``gram`` (n, n) holds the products x_i.x_j."""
    n = X.shape[0]
    z, active = lanes[:n], lanes[n : 2 * n]
    square, on = lanes[2 * n : 2 * n + 2]
    kernel[:] = 0.0
    for low in range(first, last, BLOCK):
        high = min(low + BLOCK, last)
        size = high - low
        now = v[:, low:high]
        features(u[low:high], now, X, owner, narrow, s, z, active, square, on)
        for i in range(n):
            for j in range(i + 1):
                products = dot(z[i, :size], z[j, :size]), dot(active[i, :size], active[j, :size])
                kernel[i, j] += products[0] + gram[i, j] * products[1]
        for k in range(size):
            if on[k] != 0.0:
                _project(now[:, k], active[:, k], X, owner, narrow, square[k], work, kernel)
    finish(kernel, kappa)


@njit(forceinline=True, **_OPTIONS)
def _output(u, z, s):
    total = 0.0
    for k in range(u.size):
        total += u[k] * (z[k] if z[k] > 0.0 else s * z[k])
    return total


@njit(forceinline=True, **_OPTIONS)
def _squares(v, square):
    square[: v.shape[1]] = 0.0
    for j in range(v.shape[0]):
        for k in range(v.shape[1]):
            square[k] += v[j, k] * v[j, k]


@njit(forceinline=True, **_OPTIONS)
def _preactivation(v, x, z):
    z[: v.shape[1]] = 0.0
    for j in range(x.size):
        for k in range(v.shape[1]):
            z[k] += v[j, k] * x[j]


@njit(forceinline=True, **_OPTIONS)
def _own_forces(u, v, X, strength, s, z, added):
    """Forces of its own that a neuron has: strength u sigma(z_i), sample by sample."""
    for i in range(X.shape[0]):
        _preactivation(v, X[i], z)
        for k in range(u.size):
            added[i, k] = strength * u[k] * (z[k] if z[k] > 0.0 else s * z[k])


@njit(forceinline=True, **_OPTIONS)
def _forces(v, X, c, added, owner, narrow, s, z, force, g, w, square, on, which):
    """Pre-activations (0 on a kink), force g of the samples v is beside, w = g.v; how many kinks v is on, and the last.

    ``added`` (n, BLOCK): a neuron's own forces beside those of the samples.
    """
    n, d = X.shape
    size = v.shape[1]
    _squares(v, square)
    w[:size] = 0.0
    on[:size] = 0.0
    g[:, :size] = 0.0
    for i in range(n):
        _preactivation(v, X[i], z[i])
        for k in range(size):
            pushed = (c[i] + added[i, k]) * (1.0 if z[i, k] > 0.0 else s)
            hit = z[i, k] * z[i, k] < narrow[i] * square[k]
            force[k] = 0.0 if hit else pushed
            z[i, k] = 0.0 if hit else z[i, k]
        hits = 0
        for k in range(size):
            hits += 1 if z[i, k] == 0.0 else 0
        if hits > 0 and owner[i] >= 0 and narrow[i] > 0.0:
            for k in range(size):
                if z[i, k] == 0.0:
                    on[k] += 1.0
                    which[k] = owner[i]
        for k in range(size):
            w[k] += force[k] * z[i, k]
        for j in range(d):
            for k in range(size):
                g[j, k] += force[k] * X[i, j]
    for k in range(size):
        on[k] = 2.0 if square[k] == 0.0 else on[k]  # on all of them


@njit(forceinline=True, **_OPTIONS)
def _slide(u, on, which, kinks, g):
    """The share of a kink's two forces that a neuron on it takes, as in :func:`advance`; ``which`` is -1 if that lets it go."""
    normals, squares, above, below, _ = kinks
    for k in range(u.size):
        if on[k] == 1.0:
            h = int(which[k])
            difference = above[h] - below[h]
            strength = below[h]
            held = False
            if u[k] * difference < 0.0:
                along = below[h] * squares[h]
                for j in range(normals.shape[1]):
                    along += g[j, k] * normals[h, j]
                share = -along / (difference * squares[h])
                held = 0.0 < share < 1.0
                strength += difference * min(1.0, max(0.0, share))
            which[k] = which[k] if held else -1.0
            for j in range(normals.shape[1]):
                g[j, k] += strength * normals[h, j]


@njit(forceinline=True, **_OPTIONS)
def _move(u, g, w, phi, u1, flag):
    """New u, how far v goes along g (into ``phi``), and whether u changed sign."""
    _squares(g[:, : u.size], phi)
    for k in range(u.size):
        G2 = phi[k]
        cosh, sinh = hyperbolic(G2)
        u1[k] = u[k] + (u[k] * G2 * cosh + w[k] * sinh)
        flag[k] = 1.0 if u[k] * u1[k] <= 0.0 else 0.0
        phi[k] = u[k] * sinh + w[k] * cosh


@njit(forceinline=True, **_OPTIONS)
def _shift(v, g, phi, v1):
    for k in range(v.size):
        v1[k] = v[k] + phi[k] * g[k]


@njit(forceinline=True, **_OPTIONS)
def _stay(v, on, which, kinks, z):
    """Back onto the kink: rounding, next to nothing beside v, is much beside what is left where v shrinks towards 0."""
    normals, squares, _, _, _ = kinks
    for k in range(v.shape[1]):
        if on[k] == 1.0 and which[k] >= 0.0:
            h = int(which[k])
            z[k] = 0.0
            for j in range(v.shape[0]):
                z[k] += v[j, k] * normals[h, j]
            for j in range(v.shape[0]):
                v[j, k] -= z[k] / squares[h] * normals[h, j]


@njit(forceinline=True, **_OPTIONS)
def _mark(v, X, z, on, new, flag):
    """Mark the neurons that crossed a kink or are on two."""
    size = v.shape[1]
    for k in range(size):
        flag[k] = 1.0 if on[k] > 1.0 else flag[k]
    for i in range(X.shape[0]):
        _preactivation(v, X[i], new)
        for k in range(size):
            flag[k] = 1.0 if new[k] * z[i, k] < 0.0 else flag[k]


@njit(forceinline=True, **_OPTIONS)
def features(u, v, X, owner, narrow, s, z, active, square, on):
    """Rows of sigma(z_i) and of u sigma'(z_i), both 0 on a kink; on how many kinks a neuron is."""
    size = v.shape[1]
    _squares(v, square)
    on[:size] = 0.0
    for i in range(X.shape[0]):
        _preactivation(v, X[i], z[i])
        one = 1.0 if owner[i] >= 0 else 0.0
        for k in range(size):
            hit = z[i, k] * z[i, k] < narrow[i] * square[k]
            slope = 1.0 if z[i, k] > 0.0 else s
            slope = 0.0 if hit else slope
            on[k] += one if hit else 0.0
            active[i, k] = slope * u[k]
            z[i, k] *= slope


@njit(forceinline=True, **_OPTIONS)
def sliding_basis(v, X, owner, narrow, square, work):
    """Orthonormal directions that a neuron cannot move in while it slides, into ``work.basis``; how many."""
    n, d = X.shape
    found = 0
    for i in range(n):
        if owner[i] < 0 or found == d:
            continue
        z, length = 0.0, 0.0
        for j in range(d):
            z += v[j] * X[i, j]
            length += X[i, j] * X[i, j]
        if not z * z < narrow[i] * square:
            continue
        q = work.basis[found]
        q[:] = X[i]
        for b in range(found):
            q -= np.sum(q * work.basis[b]) * work.basis[b]
        rest = np.sum(q * q)
        if rest > 1e-20 * length:
            q /= np.sqrt(rest)
            found += 1
    return found


@njit(forceinline=True, **_OPTIONS)
def _project(v, active, X, owner, narrow, square, work, kernel):
    """Take the directions that a neuron cannot move in while it slides out of its part of the kernel."""
    n = X.shape[0]
    for q in work.basis[: sliding_basis(v, X, owner, narrow, square, work)]:
        for a in range(n):
            work.along[a] = active[a] * np.sum(X[a] * q) if active[a] != 0.0 else 0.0
        for a in range(n):
            if work.along[a] != 0.0:
                for b in range(a + 1):
                    kernel[a, b] -= work.along[a] * work.along[b]
