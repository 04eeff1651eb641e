# mypy: disable-error-code="no-untyped-def, call-overload"
"""Numba kernels of the kink-exact method in the plane: neurons of one sector share one law, and six moments of it say the rest.

A *row* of the table of laws stands for a place (:class:`numerics.flow.two_layer.sectors.Sectors`) and the sign of u: row = place,
plus the number of places if u < 0. Over a step with constant forces all neurons of a row obey one linear map of (u, v). So a pass
asks no neuron for its samples: it maps, sees whether v left its sector or u changed sign, sends the few of which that is true
from event to event, and adds up u u, u v and v v by rows. Output and tangent kernel of every sample are sums of those over half
circles, so that a pass costs the same for any n.
"""

import numpy as np
from numba import njit

from numerics.kernels.one_neuron import FLAT, ON, SHARE, duration, hyperbolic, reach
from numerics.kernels.stages import BLOCK, OPTIONS
from numerics.kernels.tangent import gradient_squared

__all__ = [
    "COLUMNS",
    "MOMENTS",
    "arrange",
    "gather",
    "laws",
    "locate",
    "moments_of",
    "regroup",
    "rooms",
    "sort",
    "step",
]

_SUMS = {**OPTIONS, "error_model": "numpy"}
_OPTIONS = {**_SUMS, "fastmath": {"contract"}}
#: Of a row: g (2), sinh and cosh parts, change of u, the inner normals of two borders (2, 2), |g|^2.
COLUMNS = 10
#: u u, u p, u q, p p, p q, q q for v = (p, q).
MOMENTS = 6
_SPAN = 16 * BLOCK  # neurons after which their events are seen to
_WAY, _FREE = 5 * BLOCK, 11 * BLOCK
_NEVER = 1e300
_STRIDE = 16  # rows compared at once


@njit(**_OPTIONS)
def locate(y, sectors, rows):
    """Rows of neurons (m,), from their weights."""
    m = rows.size
    normals = sectors.normals
    rays = normals.shape[0]
    room = np.empty(4 * BLOCK)  # pre-activation before, place, whether near a ray, what counts as near
    for low in range(0, m, BLOCK):
        high = min(low + BLOCK, m)
        p, q = y[low + m : high + m], y[low + 2 * m : high + 2 * m]
        for k in range(high - low):
            room[k] = normals[rays - 1, 0] * p[k] + normals[rays - 1, 1] * q[k]
            square = p[k] * p[k] + q[k] * q[k]
            room[k + BLOCK], room[k + 2 * BLOCK] = 2.0 * rays - 1.0, 1.0 if square == 0.0 else 0.0
            room[k + 3 * BLOCK] = ON * ON * square
        for r in range(rays):
            along, across = normals[r, 0], normals[r, 1]
            place = 2.0 * r - 1.0 if r > 0 else 2.0 * rays - 1.0
            for k in range(high - low):
                z = along * p[k] + across * q[k]
                room[k + BLOCK] = place if room[k] > 0.0 and z < 0.0 else room[k + BLOCK]
                room[k + 2 * BLOCK] = 1.0 if z * z < room[k + 3 * BLOCK] else room[k + 2 * BLOCK]
                room[k] = z
        for k in range(high - low):
            place = _locate(p[k], q[k], sectors) if room[k + 2 * BLOCK] != 0.0 else int(room[k + BLOCK])
            rows[low + k] = place + (2 * rays + 1 if y[low + k] < 0.0 else 0)


@njit(forceinline=True, **_OPTIONS)
def _locate(p, q, sectors):
    """Place of v = (p, q)."""
    directions, normals = sectors.directions, sectors.normals
    rays = normals.shape[0]
    if rays == 1:
        return 1
    square = p * p + q * q
    if square == 0.0:
        return 2 * rays
    for r in range(rays):
        z = normals[r, 0] * p + normals[r, 1] * q
        if z * z < ON * ON * square and directions[r, 0] * p + directions[r, 1] * q > 0.0:
            return 2 * r
    z = normals[rays - 1, 0] * p + normals[rays - 1, 1] * q
    for r in range(rays):
        before, z = z, normals[r, 0] * p + normals[r, 1] * q
        if before > 0.0 and z < 0.0:
            return 2 * r - 1 if r > 0 else 2 * rays - 1
    return 2 * rays - 1


@njit(**_OPTIONS)
def laws(c, X, s, sectors, table, fates, arrivals, exits):
    """The table of laws over a step with forces c (n,) of the samples.

    ``fates`` (2, R), sign by ray: the place that a neuron on the ray goes to, the ray itself if it slides. ``arrivals``: the same
    for one that has just come there, -1 if it passes. ``exits`` (2,): the place that a neuron leaves v = 0 for, or -1.
    """
    n = c.size
    rays = fates.shape[1]
    size = 2 * rays + 1
    here_p, here_q = 0.0, 0.0
    for i in range(n):
        here_p += c[i] * X[i, 0]
        here_q += c[i] * X[i, 1]
    for r in range(rays):
        gp, gq = 0.0, 0.0
        for i in range(n):
            strength = sectors.slopes[r, i] * c[i]
            gp += strength * X[i, 0]
            gq += strength * X[i, 1]
        a, b = sectors.normals[r], sectors.normals[(r + 1) % rays]
        _law(1.0, gp, gq, a[0], a[1], -b[0], -b[1], table[2 * r + 1])
        _law(-1.0, gp, gq, a[0], a[1], -b[0], -b[1], table[2 * r + 1 + size])
    for sign in range(2):
        for r in range(rays):
            _ray(sign, r, sectors, table, fates, arrivals)
        exits[sign] = _exit(sign, s * here_p, s * here_q, sectors, table, fates)
        table[sign * size + 2 * rays] = 0.0
        table[sign * size + 2 * rays, 4] = -2.0 if exits[sign] >= 0 else 0.0  # u changes sign: an event


@njit(forceinline=True, **_OPTIONS)
def _law(direction, gp, gq, ap, aq, bp, bq, law):
    """Fill a row; borders that neurons do not move towards are left out."""
    G2 = gp * gp + gq * gq
    cosh, sinh = hyperbolic(G2)
    law[0], law[1], law[2], law[3], law[4] = gp, gq, sinh, cosh, G2 * cosh
    towards = -direction * (ap * gp + aq * gq)
    meets = towards > 0.0 and towards * towards > FLAT * G2
    law[5], law[6] = (ap, aq) if meets else (0.0, 0.0)
    towards = -direction * (bp * gp + bq * gq)
    meets = towards > 0.0 and towards * towards > FLAT * G2
    law[7], law[8] = (bp, bq) if meets else (0.0, 0.0)
    law[9] = G2


@njit(forceinline=True, **_OPTIONS)
def _ray(sign, r, sectors, table, fates, arrivals):
    """What becomes of a neuron on a ray; the rule of :func:`numerics.kernels.one_neuron.advance` for one kink."""
    rays = fates.shape[1]
    size = 2 * rays + 1
    direction = 1.0 - 2.0 * sign
    first, second = (2 * r - 1) % (2 * rays), 2 * r + 1
    before_p, before_q, after_p, after_q = table[first, 0], table[first, 1], table[second, 0], table[second, 1]
    np_, nq, dp, dq = sectors.normals[r, 0], sectors.normals[r, 1], sectors.directions[r, 0], sectors.directions[r, 1]
    before, after = direction * (before_p * np_ + before_q * nq), direction * (after_p * np_ + after_q * nq)
    fate = sectors.negative[r]
    attracts = after < before
    if attracts:
        share = before / (before - after)
        fate = 2 * r if SHARE < share < 1.0 - SHARE else (second if share > 0.5 else first)
    fates[sign, r] = fate
    arrivals[sign, r] = fate if attracts else -1
    law = table[2 * r + sign * size]
    if fate != 2 * r:
        law[:] = 0.0
        law[5], law[6] = -dp, -dq  # an event for whoever is here
        return
    # the sides' forces have the same part along the ray; the smaller is the more exact
    squares = before_p * before_p + before_q * before_q, after_p * after_p + after_q * after_q
    along = before_p * dp + before_q * dq if squares[0] < squares[1] else after_p * dp + after_q * dq
    along = 0.0 if along * along <= FLAT * max(squares[0], squares[1]) else along
    _law(direction, along * dp, along * dq, dp, dq, dp, dq, law)


@njit(forceinline=True, **_OPTIONS)
def _exit(sign, here_p, here_q, sectors, table, fates):
    """The place that leads away from v = 0 by its own force, nearest to the force at 0 if several do; -1 if none, or no force.

    ``here``: the force at 0, with the slope that the activation has there.
    """
    directions, normals = sectors.directions, sectors.normals
    rays = fates.shape[1]
    direction = 1.0 - 2.0 * sign
    found, best = -1, -np.inf
    if here_p == 0.0 and here_q == 0.0:
        return found
    for r in range(rays):
        law = table[2 * r + sign * (2 * rays + 1)]
        if fates[sign, r] == 2 * r and direction * (law[0] * directions[r, 0] + law[1] * directions[r, 1]) > 0.0:
            near = direction * (here_p * directions[r, 0] + here_q * directions[r, 1])
            found, best = (2 * r, near) if near > best else (found, best)
        law = table[2 * r + 1]
        end = (r + 1) % rays
        inward = direction * (law[0] * normals[r, 0] + law[1] * normals[r, 1])
        if inward > 0.0 and direction * (law[0] * normals[end, 0] + law[1] * normals[end, 1]) < 0.0:
            near = (here_p * law[0] + here_q * law[1]) / np.sqrt(law[9])
            found, best = (2 * r + 1, near) if near > best else (found, best)
    return found


def rooms():
    """Room for :func:`step`: ``room``, blocks of numbers as :func:`_hop` has them and one for what is kept; ``index``."""
    return np.empty(13 * BLOCK), np.empty(_SPAN, dtype=np.int64)


@njit(**_OPTIONS)
def step(
    first,
    last,
    y,
    start,
    sectors,
    table,
    fates,
    arrivals,
    exits,
    bounds,
    room,
    index,
    out,
    changes,
    counts,
    part,
    moments,
    moved,
):
    """One pass over neurons sorted by rows, those of row r from ``bounds[r]`` on.

    Leaves the weights at the end, moments of the rows (rows, 6), squared distances from ``start`` (2,), and which neurons had an
    event: ``changes`` (2, m), from ``first`` on ``counts[part]`` of them with their new rows.
    """
    m = y.size // 3
    keep, bits = room[12 * BLOCK :], room.view(np.int64)
    moments[:] = 0.0
    moved[:] = 0.0
    found = first
    for row in range(bounds.size - 1):
        law = table[row]
        ends = _ways(row, fates, arrivals)
        end = min(last, bounds[row + 1])
        for span in range(max(first, bounds[row]), end, _SPAN):
            events = 0
            for low in range(span, min(span + _SPAN, end), BLOCK):
                high = min(low + BLOCK, span + _SPAN, end)
                old = y[low:high], y[low + m : high + m], y[low + 2 * m : high + 2 * m]
                new = out[low:high], out[low + m : high + m], out[low + 2 * m : high + 2 * m]
                origin = start[low:high], start[low + m : high + m], start[low + 2 * m : high + 2 * m]
                if _glide(*old, law, *new, keep) > 0.0:
                    for k in range(high - low):  # without a branch
                        index[events] = low + k
                        events += 1 if keep[k] == 0.0 else 0
                sums, du, dv = _sums(*new, *origin, keep)
                for j in range(MOMENTS):
                    moments[row, j] += sums[j]
                moved[0] += du
                moved[1] += dv
            for batch in range(0, events, BLOCK):
                several = index[batch : min(batch + BLOCK, events)]
                _hop(y, several, row, table, ends, room, bits)
                for j in range(several.size):
                    k, way = several[j], int(room[j + _WAY])
                    if room[j + _FREE] != 0.0:
                        u, p, q, now = room[j + 8 * BLOCK], room[j + 9 * BLOCK], room[j + 10 * BLOCK], ends[way]
                    else:
                        u, p, q, now, left = y[k], y[k + m], y[k + 2 * m], row, 1.0
                        if way < 3:
                            u, p, q, now, left = (
                                room[j],
                                room[j + BLOCK],
                                room[j + 2 * BLOCK],
                                ends[way],
                                room[j + 3 * BLOCK],
                            )
                        u, p, q, now = _travel(u, p, q, now, left, sectors, table, fates, arrivals, exits)
                    out[k], out[k + m], out[k + 2 * m] = u, p, q
                    changes[0, found], changes[1, found] = k, now
                    found += 1
                    _add(u, p, q, moments[now])
                    moved[0] += (u - start[k]) ** 2
                    moved[1] += (p - start[k + m]) ** 2 + (q - start[k + 2 * m]) ** 2
    counts[part] = found - first


@njit(forceinline=True, **_OPTIONS)
def _ways(row, fates, arrivals):
    """Rows that a neuron of a sector comes to across its borders and when u changes sign; -1 for rays and the origin."""
    rays = fates.shape[1]
    size = 2 * rays + 1
    sign = 1 if row >= size else 0
    place = row - sign * size
    if place % 2 == 0 or rays == 1:
        return -1, -1, -1
    r = place // 2
    following = (r + 1) % rays
    back = arrivals[sign, r] if arrivals[sign, r] >= 0 else (place - 2) % (2 * rays)
    ahead = arrivals[sign, following] if arrivals[sign, following] >= 0 else (place + 2) % (2 * rays)
    return back + sign * size, ahead + sign * size, place + (1 - sign) * size


@njit(forceinline=True, **_OPTIONS)
def _hop(y, index, row, table, ends, room, bits):
    """First event of neurons of one sector, and the way from there if it is free.

    One array of rooms for a block each, that the compiler sees to be apart: 0 to 2: weights at the event; 3: time left then;
    ``_WAY``: which of ``ends`` they come to, 3 if that is not for this function; 8 to 10 and ``_FREE``: weights at the end of the
    step, and whether that was free of events. ``bits``: the same memory as integers.
    """
    m, count = y.size // 3, index.size
    if ends[0] < 0:
        for j in range(count):
            room[j + _WAY], room[j + _FREE] = 3.0, 0.0
        return
    for j in range(count):
        room[j], room[j + BLOCK], room[j + 2 * BLOCK] = y[index[j]], y[index[j] + m], y[index[j] + 2 * m]
    law = table[row]
    gp, gq, ap, aq, bp, bq, G2 = law[0], law[1], law[5], law[6], law[7], law[8], law[9]
    G = np.sqrt(G2)
    direction = 1.0 if ends[2] > row else -1.0
    towards, towards_b = -direction * (ap * gp + aq * gq), -direction * (bp * gp + bq * gq)
    near, far = (1.0 / towards, 0.0) if towards > 0.0 else (0.0, _NEVER)
    near_b, far_b = (1.0 / towards_b, 0.0) if towards_b > 0.0 else (0.0, _NEVER)
    for j in range(count):
        u, p, q = direction * room[j], room[j + BLOCK], room[j + 2 * BLOCK]
        w = direction * (gp * p + gq * q)
        target, target_b = max(ap * p + aq * q, 0.0) * near + far, max(bp * p + bq * q, 0.0) * near_b + far_b
        way = 1.0 if target_b < target else 0.0
        target = min(target, target_b)
        root = w * w - u * u * G2
        turn = u * u / (np.sqrt(max(root, 0.0)) - w)
        turn = turn if w < 0.0 and root >= 0.0 else _NEVER
        turning = turn < target
        target = min(target, turn)
        end = np.sqrt(max(u * u + target * (2.0 * w + G2 * target), 0.0))
        end = 0.0 if turning else end
        # time, of the two forms the one without cancellation: see numerics.kernels.one_neuron.duration
        outward = 1.0 if w >= 0.0 else -1.0
        change = (2.0 * w + G2 * target) / (end + u) + outward * G
        above, below = G * target * change, u * G + outward * w
        above, below = (2.0 * u * G if turning else above), (-w - u * G if turning else below)
        p, q = p + gp * (direction * target), q + gq * (direction * target)
        regular = u > 0.0 and target < _NEVER and p * p + q * q > ON * ON * G2 * target * target
        way = 2.0 if turning else way
        room[j], room[j + BLOCK], room[j + 2 * BLOCK] = direction * end, p, q
        room[j + 3 * BLOCK] = above / below
        room[j + 4 * BLOCK] = (0.5 if turning else outward) / G
        room[j + _WAY] = way if regular else 3.0
    _log1p(count, room, bits)
    first, second, third = table[ends[0]], table[ends[1]], table[ends[2]]
    for j in range(count):
        way = room[j + _WAY]
        u, p, q = room[j], room[j + BLOCK], room[j + 2 * BLOCK]
        left = 1.0 - min(max(room[j + 3 * BLOCK] * room[j + 4 * BLOCK], 0.0), 1.0)
        gp = first[0] if way == 0.0 else (second[0] if way == 1.0 else third[0])
        gq = first[1] if way == 0.0 else (second[1] if way == 1.0 else third[1])
        ap = first[5] if way == 0.0 else (second[5] if way == 1.0 else third[5])
        aq = first[6] if way == 0.0 else (second[6] if way == 1.0 else third[6])
        bp = first[7] if way == 0.0 else (second[7] if way == 1.0 else third[7])
        bq = first[8] if way == 0.0 else (second[8] if way == 1.0 else third[8])
        g2 = gp * gp + gq * gq
        w = gp * p + gq * q
        cosh, sinh = hyperbolic(g2 * left * left)
        end = u + left * (u * g2 * left * cosh + w * sinh)
        phi = left * (u * sinh + w * left * cosh)
        p, q = p + gp * phi, q + gq * phi
        new = -direction if way == 2.0 else direction
        free = way < 3.0 and min(ap * p + aq * q, bp * p + bq * q) >= 0.0 and end * new > 0.0
        room[j + 3 * BLOCK] = left
        room[j + 8 * BLOCK], room[j + 9 * BLOCK], room[j + 10 * BLOCK] = end, p, q
        room[j + _FREE] = 1.0 if free else 0.0


@njit(forceinline=True, **_OPTIONS)
def _log1p(count, room, bits):
    """Logarithm of 1 + room 3, in its place, by way of rooms 6 and 7; to two units in the last place.

    As in fdlibm (Sun Microsystems 1993): 1 + x = 2^k f with f near 1, and log f from a polynomial in (f - 1)/(f + 1).
    """
    for j in range(count):
        x = room[j + 3 * BLOCK]
        room[j + 6 * BLOCK] = 1.0 + x
        room[j + 3 * BLOCK] = x - ((1.0 + x) - 1.0)
    for j in range(count):
        shifted = bits[j + 6 * BLOCK] + (0x3FF00000 - 0x3FE6A09E << 32)
        bits[j + 7 * BLOCK] = (shifted >> 52) - 1023
        bits[j + 8 * BLOCK] = (shifted & 0xFFFFFFFFFFFFF) + (0x3FE6A09E << 32)
    for j in range(count):
        k, f = float(bits[j + 7 * BLOCK]), room[j + 8 * BLOCK] - 1.0
        lost = room[j + 3 * BLOCK] / room[j + 6 * BLOCK]
        s = f / (2.0 + f)
        z = s * s
        series = 1.531383769920937332e-01 + z * 1.479819860511658591e-01
        series = 2.222219843214978396e-01 + z * (1.818357216161805012e-01 + z * series)
        series = 6.666666666666735130e-01 + z * (3.999999999940941908e-01 + z * (2.857142874366239149e-01 + z * series))
        half = 0.5 * f * f
        room[j + 3 * BLOCK] = k * 6.93147180369123816490e-01 - (
            (half - (s * (half + z * series) + (k * 1.90821492927058770002e-10 + lost))) - f
        )


@njit(forceinline=True, **_SUMS)
def _glide(u, p, q, law, u1, p1, q1, keep):
    """Move a block by its law; ``keep`` is 0 where that is not the truth. Returns how often."""
    gp, gq, sinh, cosh, change, ap, aq, bp, bq = law[0], law[1], law[2], law[3], law[4], law[5], law[6], law[7], law[8]
    events = 0.0
    for k in range(u.size):
        w = gp * p[k] + gq * q[k]
        phi = sinh * u[k] + cosh * w
        U, P, Q = u[k] + (change * u[k] + sinh * w), p[k] + gp * phi, q[k] + gq * phi
        event = ap * P + aq * Q < 0.0 or bp * P + bq * Q < 0.0 or u[k] * U <= 0.0
        u1[k], p1[k], q1[k] = U, P, Q
        keep[k] = 0.0 if event else 1.0
        events += 1.0 if event else 0.0
    return events


@njit(forceinline=True, **_SUMS)
def _sums(u, p, q, u0, p0, q0, keep):
    """Moments of the neurons of a block that are kept, and their squared distances."""
    uu, up, uq, pp, pq, qq, du, dv = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for k in range(u.size):
        a, b, c = keep[k] * u[k], keep[k] * p[k], keep[k] * q[k]
        uu += a * u[k]
        up += a * p[k]
        uq += a * q[k]
        pp += b * p[k]
        pq += b * q[k]
        qq += c * q[k]
        du += keep[k] * (u[k] - u0[k]) ** 2
        dv += keep[k] * ((p[k] - p0[k]) ** 2 + (q[k] - q0[k]) ** 2)
    return (uu, up, uq, pp, pq, qq), du, dv


@njit(forceinline=True, **_OPTIONS)
def _add(u, p, q, sums):
    sums[0] += u * u
    sums[1] += u * p
    sums[2] += u * q
    sums[3] += p * p
    sums[4] += p * q
    sums[5] += q * q


@njit(**_OPTIONS)
def sort(rows, order, bounds):
    """Neurons by rows: ``order`` (m,) and where every row begins, ``bounds`` (rows + 1,). ``rows`` comes out sorted."""
    bounds[:] = 0
    for row in rows:
        bounds[row + 1] += 1
    for row in range(bounds.size - 1):
        bounds[row + 1] += bounds[row]
    following = bounds[:-1].copy()
    for k in range(rows.size):
        order[following[rows[k]]] = k
        following[rows[k]] += 1
    for row in range(bounds.size - 1):
        rows[bounds[row] : bounds[row + 1]] = row


@njit(**_OPTIONS)
def arrange(y, order, room):
    """Neurons of a flat state in a new order; ``room`` (m,)."""
    m = order.size
    for part in range(3):
        for k in range(m):
            room[k] = y[part * m + order[k]]
        for k in range(m):
            y[part * m + k] = room[k]


@njit(**_OPTIONS)
def regroup(y, start, order, rows, bounds, changes, counts, firsts):
    """Sort again after some neurons changed rows; others move only to make room."""
    m = rows.size
    for part in range(counts.size):
        for found in range(firsts[part], firsts[part] + counts[part]):
            k, new = changes[0, found], changes[1, found]
            for row in range(min(rows[k], new), max(rows[k], new)):
                bounds[row + 1] += 1 if new < rows[k] else -1
            rows[k] = new
    following = bounds[:-1].copy()
    for row in range(bounds.size - 1):
        end = bounds[row + 1]
        k = _next_other(row, rows, following[row], end)
        while k < end:
            goal = rows[k]
            if goal == row:
                k = _next_other(row, rows, k + 1, end)
                continue
            other = _next_other(goal, rows, following[goal], m)
            following[goal] = other + 1
            for a, b in ((k, other), (k + m, other + m), (k + 2 * m, other + 2 * m)):
                y[a], y[b] = y[b], y[a]
                start[a], start[b] = start[b], start[a]
            order[k], order[other] = order[other], order[k]
            rows[k], rows[other] = rows[other], goal


@njit(forceinline=True, **_OPTIONS)
def _next_other(row, rows, first, last):
    """Where the next neuron is, from ``first`` on, that is not of this row; ``last`` if none is."""
    k = first
    differ = 0
    while k + _STRIDE <= last:
        for j in range(_STRIDE):
            differ |= rows[k + j] ^ row
        if differ != 0:
            break
        k += _STRIDE
    while k < last and rows[k] == row:
        k += 1
    return k


@njit(**_OPTIONS)
def moments_of(first, last, y, bounds, moments):
    """Moments of the rows (rows, 6)."""
    m = y.size // 3
    moments[:] = 0.0
    for row in range(bounds.size - 1):
        for k in range(max(first, bounds[row]), min(last, bounds[row + 1])):
            _add(y[k], y[k + m], y[k + 2 * m], moments[row])


@njit(**_OPTIONS)
def _travel(u, p, q, row, left, sectors, table, fates, arrivals, exits):
    """One neuron over the time that is left, from event to event: :func:`numerics.kernels.one_neuron.advance` in the plane."""
    rays = fates.shape[1]
    size = 2 * rays + 1
    origin = 2 * rays
    sign = 1 if row >= size else 0
    place = row - sign * size
    if u == 0.0:  # it takes the sign of g.v, on a ray that of either side
        law = table[place + 1 - place % 2]
        sign = 1 if law[0] * p + law[1] * q < 0.0 else 0
    limit = 8 * rays + 64
    events = 0
    while True:
        if place == origin:
            place = exits[sign]
            if place < 0:
                return u, 0.0, 0.0, origin + sign * size
        elif place % 2 == 0:
            place = fates[sign, place // 2]
        law = table[place + sign * size]
        gp, gq, ap, aq, bp, bq, G2 = law[0], law[1], law[5], law[6], law[7], law[8], law[9]
        direction = 1.0 - 2.0 * sign
        w = gp * p + gq * q
        if G2 == 0.0 or (u == 0.0 and w == 0.0):
            return u, p, q, place + sign * size
        target, ahead = np.inf, False
        towards = -direction * (ap * gp + aq * gq)
        if towards > 0.0:
            target = max(ap * p + aq * q, 0.0) / towards
        towards = -direction * (bp * gp + bq * gq)
        if towards > 0.0 and max(bp * p + bq * q, 0.0) < target * towards:
            target, ahead = max(bp * p + bq * q, 0.0) / towards, True
        end, phi, turning, crossing = reach(u, w, G2, left, direction, target if events < limit else np.inf)
        p += gp * phi
        q += gq * phi
        if not (crossing or turning):
            if events >= limit:
                place = _locate(p, q, sectors)
            return end, p, q, place + sign * size
        events += 1
        left -= min(max(duration(u, end, w, phi, G2), 0.0), left)
        u = end
        if (crossing and place % 2 == 0) or p * p + q * q < ON * ON * G2 * phi * phi:  # it came to v = 0
            p, q = 0.0, 0.0
            place = origin
        elif crossing:
            ray = (place // 2 + (1 if ahead else 0)) % rays
            beyond = (2 * ray + 1 if ahead else 2 * ray - 1) % (2 * rays)
            place = arrivals[sign, ray] if arrivals[sign, ray] >= 0 else beyond
        else:
            sign = 1 - sign


@njit(**_OPTIONS)
def gather(moments, X, sectors, kappa, s, targets, residual, kernel):
    """Residual (n,) and tangent kernel (n, n) from the moments of the rows, and |grad R|^2 = e K e/n.

    A place has sum u v and T = sum v v + u u P, P the directions that its neurons can move in: all, or that of their ray. The
    kernel is x_i T x_j summed over the places where both samples are active; leaky relu adds the rest with its smaller slope.
    """
    n = X.shape[0]
    rays = sectors.normals.shape[0]
    size = 2 * rays + 1
    sums = np.zeros((4 * rays + 1, 5))  # before a place, twice round: u p, u q, T
    total = np.empty(MOMENTS)
    for place in range(4 * rays):
        here = place % (2 * rays)
        for j in range(MOMENTS):
            total[j] = 0.0
            for part in range(moments.shape[0]):
                total[j] += moments[part, here, j] + moments[part, here + size, j]
        pp, pq, qq = 1.0, 0.0, 1.0
        if place % 2 == 0:
            dp, dq = sectors.directions[here // 2, 0], sectors.directions[here // 2, 1]
            pp, pq, qq = dp * dp, dp * dq, dq * dq
        now, then = sums[place + 1], sums[place]
        now[0], now[1] = then[0] + total[1], then[1] + total[2]
        now[2] = then[2] + total[3] + pp * total[0]
        now[3] = then[3] + total[4] + pq * total[0]
        now[4] = then[4] + total[5] + qq * total[0]
    everything = sums[2 * rays]
    for i in range(n):
        low = 2 * sectors.starts[i]
        high = low + rays + 1
        active = _output(X, i, sums[high]) - _output(X, i, sums[low])
        residual[i] = kappa * (s * _output(X, i, everything) + (1.0 - s) * active) - targets[i]
    for i in range(n):
        first = 2 * sectors.starts[i]
        for j in range(i + 1):
            second = 2 * sectors.starts[j]
            offset = (second - first) % (2 * rays)
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
    return gradient_squared(residual, kernel)


@njit(forceinline=True, **_OPTIONS)
def _output(X, i, sums):
    return X[i, 0] * sums[0] + X[i, 1] * sums[1]


@njit(forceinline=True, **_OPTIONS)
def _between(X, i, j, sums):
    cross = X[i, 0] * X[j, 1] + X[i, 1] * X[j, 0]
    return X[i, 0] * X[j, 0] * sums[2] + cross * sums[3] + X[i, 1] * X[j, 1] * sums[4]
