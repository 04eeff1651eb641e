# mypy: disable-error-code="no-untyped-def, call-overload"
"""One neuron under constant forces, in closed form between the events of its path. Numba kernels.

The mathematics is in :mod:`numerics.flow.two_layer.kink_exact`.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

__all__ = [
    "FLAT",
    "ON",
    "SHARE",
    "Kinks",
    "Workspace",
    "advance",
    "duration",
    "hyperbolic",
    "largest_force",
    "largest_release",
    "reach",
    "stay",
]

_OPTIONS = {"cache": True, "nogil": True, "error_model": "numpy", "fastmath": {"contract"}}
#: A neuron is on a kink if |v.n| <= ON |v| |n|: what rounding leaves of a zero.
ON = 1e-12
FLAT = 1e-28  # squared cosine below which a neuron moves along a kink, not towards it
_SWEEPS = 1000
SHARE = 1e-14  # a share closer than this to 0 or 1 is rounding


class Kinks(NamedTuple):
    """The hyperplanes v.n = 0 on which some pre-activation vanishes, H of them, and the force of each over a step.

    Attributes
    ----------
    normals : float64 (H, d)
    squares : float64 (H,)
        |n|^2.
    above, below, at : float64 (H,)
        A neuron on the positive (negative) side is pushed by above n (below n), one at v = 0 by the sum of all at n.
    """

    normals: np.ndarray
    squares: np.ndarray
    above: np.ndarray
    below: np.ndarray
    at: np.ndarray


class Workspace(NamedTuple):
    """Room for one neuron.

    Attributes
    ----------
    v, g : float64 (d,)
        Input weight, and the force on it.
    z, r, side, share : float64 (H,)
        v.n and g.n; +1 or -1; the share of ``above`` (the rest is of ``below``) on a kink that the neuron slides along.
    sliding : bool (H,)
        After :func:`advance`: the kinks it slides along.
    basis : float64 (d, d); along : float64 (n,)
        Directions it cannot move in, and the samples' components there; within :func:`advance` a small linear system.
    order : int (H,)
        Which kinks that system is about.
    """

    v: np.ndarray
    g: np.ndarray
    z: np.ndarray
    r: np.ndarray
    side: np.ndarray
    share: np.ndarray
    sliding: np.ndarray
    basis: np.ndarray
    along: np.ndarray
    order: np.ndarray

    @classmethod
    def of(cls, kinks: int, dimension: int, samples: int) -> "Workspace":
        """Room for a neuron with ``dimension`` inputs and ``samples`` samples on ``kinks`` hyperplanes."""
        v, g = np.zeros((2, dimension))
        z, r, side, share = np.zeros((4, kinks))
        sliding = np.zeros(kinks, dtype=np.bool_)
        basis, along = np.zeros((dimension, dimension)), np.zeros(max(samples, dimension))
        return cls(v, g, z, r, side, share, sliding, basis, along, np.zeros(kinks, dtype=np.int64))


@njit(inline="always")
def hyperbolic(y):
    """(cosh(a) - 1)/a^2 and sinh(a)/a for a^2 = y: to rounding for a <= 3, and to 1e-9 up to a = 6.

    Taylor series at a/2, then the formulas for the double angle: no square root, no exponential, no branch.
    """
    y = 0.25 * y
    c = 1 / 2432902008176640000.0
    c = 1 / 6402373705728000.0 + y * c
    c = 1 / 20922789888000.0 + y * c
    c = 1 / 87178291200.0 + y * c
    c = 1 / 479001600.0 + y * c
    c = 1 / 3628800.0 + y * c
    c = 1 / 40320.0 + y * c
    c = 1 / 720.0 + y * c
    c = 1 / 24.0 + y * c
    c = 0.5 + y * c
    s = 1 / 51090942171709440000.0
    s = 1 / 121645100408832000.0 + y * s
    s = 1 / 355687428096000.0 + y * s
    s = 1 / 1307674368000.0 + y * s
    s = 1 / 6227020800.0 + y * s
    s = 1 / 39916800.0 + y * s
    s = 1 / 362880.0 + y * s
    s = 1 / 5040.0 + y * s
    s = 1 / 120.0 + y * s
    s = 1 / 6.0 + y * s
    s = 1.0 + y * s
    return 0.5 * s * s, s * (1.0 + y * c)


@njit(forceinline=True, **_OPTIONS)
def advance(u, kinks, work):
    """Flow of (u, v), u' = g.v and v' = u g, over a unit of time; v in ``work.v``, returns u.

    g is the sum of the kinks' forces on the sides that v is on; it changes at every kink that v crosses, and is the shortest
    vector that the kinks at hand allow while v slides. At v = 0, on all kinks, sigma'(0) decides: where the force with that slope
    is none the neuron stays, else it leaves the way that force begins, once in a step.
    """
    normals, squares, above, below, _ = kinks
    v, g, z, r, side, share, sliding, _, _, _ = work
    size, d = normals.shape
    gone = not np.any(v)
    if gone and not _leave(u, kinks, work):
        return u
    w = _place(kinks, work)
    direction = np.sign(u) if u != 0.0 else np.sign(w)
    left = 1.0
    events = 0
    limit = 16 * size + 64
    while True:
        _force(direction, kinks, work)
        G2 = 0.0
        for j in range(d):
            G2 += g[j] * g[j]
        w = 0.0
        target, which = np.inf, -1
        for h in range(size):
            if sliding[h]:
                r[h] = 0.0
                continue
            w += (above[h] if side[h] > 0.0 else below[h]) * z[h]
            product = 0.0
            for j in range(d):
                product += g[j] * normals[h, j]
            r[h] = product
            towards = -direction * product * side[h]
            if towards > 0.0 and towards * towards > FLAT * G2 * squares[h]:
                distance = max(side[h] * z[h] / towards, 0.0)
                if distance < target:
                    target, which = distance, h
        if G2 == 0.0 or (u == 0.0 and w == 0.0):
            return u
        end, phi, turning, crossing = reach(u, w, G2, left, direction, target if events < limit else np.inf)
        square = 0.0
        for j in range(d):
            v[j] += g[j] * phi
            square += v[j] * v[j]
        if not (crossing or turning):
            return end
        events += 1
        left -= min(max(duration(u, end, w, phi, G2), 0.0), left)
        u = end
        for h in range(size):
            z[h] += r[h] * phi
        if square < ON * ON * G2 * phi * phi:  # it slid into v = 0, on all kinks at once
            v[:] = 0.0
            sliding[:] = False
            if gone or not _leave(u, kinks, work):
                return u
            gone = True
            _place(kinks, work)
        elif crossing:
            z[which] = 0.0
            if (above[which] - below[which]) * direction < 0.0:
                sliding[which] = True
                share[which] = 0.0
            else:
                side[which] = -side[which]
        else:
            direction = -direction


@njit(forceinline=True, **_OPTIONS)
def _leave(u, kinks, work):
    """Take a neuron from v = 0 a hair along the force there; false if none moves it."""
    normals, _, _, _, at = kinks
    v, g = work.v, work.g
    g[:] = 0.0
    for h in range(at.size):
        for j in range(v.size):
            g[j] += at[h] * normals[h, j]
    G2 = 0.0
    for j in range(v.size):
        G2 += g[j] * g[j]
    if G2 == 0.0 or u == 0.0:
        return False
    for j in range(v.size):
        v[j] = ON * ON * u * g[j] / np.sqrt(G2)
    return True


@njit(forceinline=True, **_OPTIONS)
def _place(kinks, work):
    """Which side of every kink v is on, and which it is on itself; returns the product of v with the force of those sides."""
    normals, squares, above, below, _ = kinks
    v, _, z, _, side, share, sliding, _, _, _ = work
    size, d = normals.shape
    square = 0.0
    for j in range(d):
        square += v[j] * v[j]
    w = 0.0
    for h in range(size):
        product = 0.0
        for j in range(d):
            product += v[j] * normals[h, j]
        on = product * product < ON * ON * squares[h] * square and above[h] != below[h]
        sliding[h] = on
        share[h] = 0.0
        z[h] = 0.0 if on else product
        side[h] = 1.0 if z[h] > 0.0 else -1.0
        w += (above[h] if z[h] > 0.0 else below[h]) * z[h]
    return w


@njit(**_OPTIONS)
def largest_force(u, v, kinks, work):
    """Largest |g| of neurons u (m,), v (d, m) where they are, those that slide along kinks included: they grow no faster."""
    largest = 0.0
    for k in range(u.size):
        for j in range(v.shape[0]):
            work.v[j] = v[j, k]
        w = _place(kinks, work)
        _force(np.sign(u[k]) if u[k] != 0.0 else np.sign(w), kinks, work)
        square = 0.0
        for j in range(v.shape[0]):
            square += work.g[j] * work.g[j]
        largest = max(largest, square)
    return np.sqrt(largest)


@njit(**_OPTIONS)
def largest_release(u, v, kinks, work):
    """Largest force that drives neurons at rest, u (m,), v (d, m), off a kink they are on, once they are a hair across.

    Such a kink repels: a neuron stays for relu'(0) = 0 alone. A kink that attracts brings it back.
    """
    _, squares, above, below, _ = kinks
    largest = 0.0
    for k in range(u.size):
        for j in range(v.shape[0]):
            work.v[j] = v[j, k]
        w = _place(kinks, work)
        direction = np.sign(u[k]) if u[k] != 0.0 else np.sign(w)
        for h in range(squares.size):
            difference = above[h] - below[h]
            if work.sliding[h] and difference * direction > 0.0:
                largest = max(largest, difference * difference * squares[h])
    return np.sqrt(largest)


@njit(forceinline=True, **_OPTIONS)
def reach(u, w, G2, left, direction, target):
    """Where constant forces take a neuron in the time that is left, or up to its next event, whichever is first.

    Returns u there, how far v goes along g, and whether u turns there or a kink ``target`` away is crossed.
    """
    cosh, sinh = hyperbolic(G2 * left * left)
    end = u + left * (u * G2 * left * cosh + w * sinh)
    turning = end * direction <= 0.0
    if turning:  # u passes zero: v goes out to here, and back
        rate = w + np.sign(w) * np.sqrt(max(w * w - u * u * G2, 0.0))
        phi = -u * u / rate
        end = 0.0
    else:
        phi = left * (u * sinh + w * left * cosh)
    crossing = target < abs(phi)
    if crossing:
        phi = direction * target
        end = direction * np.sqrt(max(u * u + phi * (2.0 * w + G2 * phi), 0.0))
    return end, phi, turning, crossing


@njit(forceinline=True, **_OPTIONS)
def stay(kinks, work):
    """Put v back onto the kinks that it slides along, against the drift of rounding."""
    normals, squares, _, _, _ = kinks
    size, d = normals.shape
    for _ in range(3):  # one at a time, as they need not be orthogonal
        for h in range(size):
            if work.sliding[h]:
                z = 0.0
                for j in range(d):
                    z += work.v[j] * normals[h, j]
                for j in range(d):
                    work.v[j] -= z / squares[h] * normals[h, j]


@njit(forceinline=True, **_OPTIONS)
def duration(u, end, w, phi, G2):
    """Time from u to ``end`` while v moves by phi g; of the two forms the one without cancellation."""
    G = np.sqrt(G2)
    if end == 0.0:
        q = min(-u * G / w, 1.0)
        return 0.5 * np.log1p(2.0 * q / (1.0 - q)) / G
    change = (2.0 * w + G2 * phi) / (end + u)
    if u * w >= 0.0:
        return np.log1p(G * phi * (change + G) / (u * G + w)) / G
    return -np.log1p(G * phi * (change - G) / (u * G - w)) / G


@njit(**_OPTIONS)
def _hold(count, kinks, work):
    """Set the shares that hold the neuron on all ``count`` kinks, g.n = 0, by Cholesky, and say so; or some are not in (0, 1)."""
    normals, squares, above, below, _ = kinks
    _, g, _, _, _, share, sliding, gram, change, order = work
    size, d = normals.shape
    if count > d:
        return False
    a = 0
    for h in range(size):
        if sliding[h]:
            order[a] = h
            a += 1
    for a in range(count):
        n = normals[order[a]]
        change[a] = 0.0
        for j in range(d):
            change[a] -= g[j] * n[j]
        for b in range(a + 1):
            product = 0.0
            for j in range(d):
                product += n[j] * normals[order[b], j]
            for c in range(b):
                product -= gram[a, c] * gram[b, c]
            if b < a:
                gram[a, b] = product / gram[b, b]
                change[a] -= gram[a, b] * change[b]
            elif product <= 1e-10 * squares[order[a]]:  # normals that depend on one another
                return False
            else:
                gram[a, a] = np.sqrt(product)
                change[a] /= gram[a, a]
    for a in range(count - 1, -1, -1):
        for b in range(a + 1, count):
            change[a] -= gram[b, a] * change[b]
        change[a] /= gram[a, a]
    for a in range(count):
        h = order[a]
        change[a] = share[h] + change[a] / (above[h] - below[h])
        if not SHARE < change[a] < 1.0 - SHARE:
            return False
    for a in range(count):
        share[order[a]] = change[a]
    return True


@njit(forceinline=True, **_OPTIONS)
def _force(direction, kinks, work):
    """The force g, and which kinks the neuron slides along.

    On a kink that repels (for this sign of u) it goes to the negative side, as relu'(0) = 0 has it. Those that attract let
    it take any share of the forces of their two sides; the flow takes the shares that make g shortest. A share within
    (0, 1) holds it on the kink, 0 and 1 let it go.
    """
    normals, squares, above, below, _ = kinks
    _, g, _, _, side, share, sliding, _, _, _ = work
    size, d = normals.shape
    count = 0
    g[:] = 0.0
    for h in range(size):
        strength = above[h] if side[h] > 0.0 else below[h]
        if sliding[h]:
            difference = above[h] - below[h]
            if difference * direction < 0.0:
                count += 1
                strength = below[h] + share[h] * difference
            else:
                sliding[h] = False
                side[h] = -1.0
                strength = below[h]
        for j in range(d):
            g[j] += strength * normals[h, j]
    if count == 0:
        return
    inside = count > 1 and _hold(count, kinks, work)
    for _ in range(0 if inside else (1 if count == 1 else _SWEEPS)):
        largest = 0.0
        for h in range(size):
            if sliding[h]:
                difference = above[h] - below[h]
                along = 0.0
                for j in range(d):
                    along += g[j] * normals[h, j]
                new = min(1.0, max(0.0, share[h] - along / (difference * squares[h])))
                change = new - share[h]
                for j in range(d):
                    g[j] += change * difference * normals[h, j]
                share[h] = new
                largest = max(largest, abs(change))
        if largest < 1e-15:
            break
    # afresh, without the rounding of the sweeps: where nothing is left nothing may move
    g[:] = 0.0
    largest = 0.0
    for h in range(size):
        strength = above[h] if side[h] > 0.0 else below[h]
        if sliding[h]:
            strength = (1.0 - share[h]) * below[h] + share[h] * above[h]
            if not SHARE < share[h] < 1.0 - SHARE:
                sliding[h] = False
                side[h] = 1.0 if share[h] > 0.5 else -1.0
                strength = above[h] if share[h] > 0.5 else below[h]
        largest = max(largest, max(above[h] * above[h], below[h] * below[h]) * squares[h])
        for j in range(d):
            g[j] += strength * normals[h, j]
    total = 0.0
    for j in range(d):
        total += g[j] * g[j]
    if total <= FLAT * largest:
        g[:] = 0.0
