# mypy: disable-error-code="no-untyped-def, call-overload"
"""Neurons whose step has events: a block of them to the first one and on, or one from event to event."""

import numpy as np
from numba import njit

from numerics.kernels.one_neuron import ON, duration, hyperbolic, reach
from numerics.kernels.sectors.laws import AP, AQ, BP, BQ, GP, GQ, SQUARE
from numerics.kernels.sectors.places import SECTOR_OPTIONS, place_of
from numerics.kernels.stages import BLOCK, UNCOUNTED

__all__ = ["ELSEWHERE", "END", "EVENT", "FREE", "LEFT", "ROOMS", "WAY", "hop", "travel", "ways"]

_NEVER = 1e300
# Parts of the room of :func:`hop`, a block each; one array that the compiler sees to be apart.
#: Weights u, p, q at the first event; time left then.
EVENT, LEFT = (0, BLOCK, 2 * BLOCK), 3 * BLOCK
_RATE = 4 * BLOCK  # time to the event = rate * log(1 + x), with x in the part of the time
#: Which of the rows given by :func:`ways` a neuron comes to: across its first border, its second, by u changing sign, or
#: ``ELSEWHERE``, if that is not for :func:`hop`.
WAY = 5 * BLOCK
_FIRST, _SECOND, _TURN, ELSEWHERE = 0.0, 1.0, 2.0, 3.0
_SUM, _POWER, _FACTOR = 6 * BLOCK, 7 * BLOCK, 8 * BLOCK  # 1 + x = 2^power factor
#: Weights at the end of the step, and whether the way there was free of further events.
END, FREE = (8 * BLOCK, 9 * BLOCK, 10 * BLOCK), 11 * BLOCK
ROOMS = 12  # how many parts
_U, _P, _Q = EVENT
_END_U, _END_P, _END_Q = END


@njit(forceinline=True, **SECTOR_OPTIONS)
def ways(row, laws):
    """Rows that a neuron of a sector comes to across its borders and when u changes sign; -1 where that is for :func:`travel`."""
    arrivals = laws.arrivals
    rays = arrivals.shape[1]
    size = 2 * rays + 1
    sign = 1 if row >= size else 0
    place = row - sign * size
    if place % 2 == 0 or rays <= 2:  # the two borders of a half plane are one line: see travel
        return -1, -1, -1
    r = place // 2
    following = (r + 1) % rays
    back = arrivals[sign, r] if arrivals[sign, r] >= 0 else (place - 2) % (2 * rays)
    ahead = arrivals[sign, following] if arrivals[sign, following] >= 0 else (place + 2) % (2 * rays)
    return back + sign * size, ahead + sign * size, place + (1 - sign) * size


@njit(forceinline=True, **SECTOR_OPTIONS)
def hop(y, index, row, table, ends, room, bits):
    """First event of neurons of one sector, and the way from there if it is free.

    ``ends``: the rows that :func:`ways` gives. ``room``: see the names of its parts; ``bits``: the same memory as integers.
    """
    m, count = y.size // 3, index.size
    if ends[0] < 0:
        for j in range(count):
            room[j + WAY], room[j + FREE] = ELSEWHERE, 0.0
        return
    for j in range(count):
        room[j + _U], room[j + _P], room[j + _Q] = y[index[j]], y[index[j] + m], y[index[j] + 2 * m]
    law = table[row]
    gp, gq, ap, aq, bp, bq, G2 = law[GP], law[GQ], law[AP], law[AQ], law[BP], law[BQ], law[SQUARE]
    G = np.sqrt(G2)
    direction = 1.0 if ends[2] > row else -1.0
    towards, towards_b = -direction * (ap * gp + aq * gq), -direction * (bp * gp + bq * gq)
    near, far = (1.0 / towards, 0.0) if towards > 0.0 else (0.0, _NEVER)
    near_b, far_b = (1.0 / towards_b, 0.0) if towards_b > 0.0 else (0.0, _NEVER)
    for j in range(count):
        u, p, q = direction * room[j + _U], room[j + _P], room[j + _Q]
        w = direction * (gp * p + gq * q)
        target, target_b = max(ap * p + aq * q, 0.0) * near + far, max(bp * p + bq * q, 0.0) * near_b + far_b
        way = _SECOND if target_b < target else _FIRST
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
        way = _TURN if turning else way
        room[j + _U], room[j + _P], room[j + _Q] = direction * end, p, q
        room[j + LEFT] = above / below
        room[j + _RATE] = (0.5 if turning else outward) / G
        room[j + WAY] = way if regular else ELSEWHERE
    _log1p(count, room, bits)
    first, second, third = table[ends[0]], table[ends[1]], table[ends[2]]
    for j in range(count):
        way = room[j + WAY]
        u, p, q = room[j + _U], room[j + _P], room[j + _Q]
        left = 1.0 - min(max(room[j + LEFT] * room[j + _RATE], 0.0), 1.0)
        gp = first[GP] if way == _FIRST else (second[GP] if way == _SECOND else third[GP])
        gq = first[GQ] if way == _FIRST else (second[GQ] if way == _SECOND else third[GQ])
        ap = first[AP] if way == _FIRST else (second[AP] if way == _SECOND else third[AP])
        aq = first[AQ] if way == _FIRST else (second[AQ] if way == _SECOND else third[AQ])
        bp = first[BP] if way == _FIRST else (second[BP] if way == _SECOND else third[BP])
        bq = first[BQ] if way == _FIRST else (second[BQ] if way == _SECOND else third[BQ])
        g2 = gp * gp + gq * gq
        w = gp * p + gq * q
        cosh, sinh = hyperbolic(g2 * left * left)
        end = u + left * (u * g2 * left * cosh + w * sinh)
        phi = left * (u * sinh + w * left * cosh)
        p, q = p + gp * phi, q + gq * phi
        new = -direction if way == _TURN else direction
        free = way < ELSEWHERE and min(ap * p + aq * q, bp * p + bq * q) >= 0.0 and end * new > 0.0
        room[j + LEFT] = left
        room[j + _END_U], room[j + _END_P], room[j + _END_Q] = end, p, q
        room[j + FREE] = 1.0 if free else 0.0


@njit(forceinline=True, **SECTOR_OPTIONS)
def _log1p(count, room, bits):
    """Logarithm of 1 + x, in the place of x; to two units in the last place.

    As in fdlibm (Sun Microsystems 1993): 1 + x = 2^k f with f near 1, and log f from a polynomial in (f - 1)/(f + 1).
    """
    for j in range(count):
        x = room[j + LEFT]
        room[j + _SUM] = 1.0 + x
        room[j + LEFT] = x - ((1.0 + x) - 1.0)
    for j in range(count):
        shifted = bits[j + _SUM] + (0x3FF00000 - 0x3FE6A09E << 32)
        bits[j + _POWER] = (shifted >> 52) - 1023
        bits[j + _FACTOR] = (shifted & 0xFFFFFFFFFFFFF) + (0x3FE6A09E << 32)
    for j in range(count):
        k, f = float(bits[j + _POWER]), room[j + _FACTOR] - 1.0
        lost = room[j + LEFT] / room[j + _SUM]
        s = f / (2.0 + f)
        z = s * s
        series = 1.531383769920937332e-01 + z * 1.479819860511658591e-01
        series = 2.222219843214978396e-01 + z * (1.818357216161805012e-01 + z * series)
        series = 6.666666666666735130e-01 + z * (3.999999999940941908e-01 + z * (2.857142874366239149e-01 + z * series))
        half = 0.5 * f * f
        room[j + LEFT] = k * 6.93147180369123816490e-01 - (
            (half - (s * (half + z * series) + (k * 1.90821492927058770002e-10 + lost))) - f
        )


@njit(**SECTOR_OPTIONS, **UNCOUNTED)
def travel(u, p, q, row, left, sectors, laws):
    """One neuron over the time that is left, from event to event: :func:`numerics.kernels.one_neuron.advance` in the plane."""
    table, fates, arrivals, at, _ = laws
    rays = fates.shape[1]
    size = 2 * rays + 1
    origin = 2 * rays
    sign = 1 if row >= size else 0
    place = row - sign * size
    if u == 0.0:  # it takes the sign of g.v, on a ray that of either side
        law = table[place + 1 - place % 2]
        sign = 1 if law[GP] * p + law[GQ] * q < 0.0 else 0
    limit = 8 * rays + 64
    events, gone = 0, False
    while True:
        if place == origin:
            length = np.sqrt(at[0] * at[0] + at[1] * at[1])
            if gone or u == 0.0 or length == 0.0:
                return u, 0.0, 0.0, origin + sign * size
            gone = True
            p, q = ON * ON * u * at[0] / length, ON * ON * u * at[1] / length
            place = place_of(p, q, sectors)
        if place % 2 == 0:
            place = fates[sign, place // 2]
        law = table[place + sign * size]
        gp, gq, ap, aq, bp, bq, G2 = law[GP], law[GQ], law[AP], law[AQ], law[BP], law[BQ], law[SQUARE]
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
                place = place_of(p, q, sectors)
            return end, p, q, place + sign * size
        events += 1
        left -= min(max(duration(u, end, w, phi, G2), 0.0), left)
        u = end
        if (crossing and place % 2 == 0) or p * p + q * q < ON * ON * G2 * phi * phi:  # it came to v = 0
            p, q = 0.0, 0.0
            place = origin
        elif crossing:
            ray = (place // 2 + (1 if ahead else 0)) % rays
            if rays == 2 and p * sectors.directions[ray, 0] + q * sectors.directions[ray, 1] < 0.0:
                ray, ahead = 1 - ray, not ahead  # both borders are met at once: it came to the ray that it lies on
            beyond = (2 * ray + 1 if ahead else 2 * ray - 1) % (2 * rays)
            place = arrivals[sign, ray] if arrivals[sign, ray] >= 0 else beyond
        else:
            sign = 1 - sign
