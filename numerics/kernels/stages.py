# mypy: disable-error-code="no-untyped-def, call-overload"
"""Numba kernels of the two-layer flow, and nothing else. Callers validate; kernels compute.

Layout: u (m,), v (d, m) with neurons contiguous, X (n, d), residual e (n,). sigma(z) = z for z > 0, else s z.
The work is done in blocks of neurons that stay in the first-level cache. ``stage`` is one fused pass: the new state of a
neuron and its contribution to the new output come out of the same loop. For d = 2 the samples are taken a few at a time, as
tuples, which the compiler unrolls, and it vectorises over neurons: one kernel serves any n (about 1 ns per neuron and sample).

A loop here either writes an array or sums, never both: a loop that does both is compiled twice, with a run-time test for overlap
that depends on where the arrays lie in memory, and the two versions sum in different orders. Helpers that sum are inlined by
force: out of line every caller carries a copy, and which one runs depends on the order they were loaded in, on whether they were
compiled just now or read from the cache; others are ``EXACT``. The same cell must give the same bits.

A number written out in a call compiles the kernel that is called once more, for that number: np.int64(0) does not.

fastmath is limited to re-association and contraction: sums may be re-ordered (differences at rounding level), while nan
and inf keep their meaning.
"""

import numpy as np
from numba import njit

__all__ = [
    "BLOCK",
    "COUNTED",
    "EXACT",
    "FEW",
    "OPTIONS",
    "UNCOUNTED",
    "add_outputs_planar",
    "chebyshev_estimate",
    "dot",
    "few",
    "forward",
    "forward_planar",
    "kernel_product",
    "largest_drift",
    "restore_balance",
    "squared_distance",
    "stage",
    "stage_planar",
    "step_norms",
    "step_norms_planar",
    "velocity_planar",
]

OPTIONS = {"cache": True, "nogil": True, "fastmath": {"reassoc", "contract", "nsz"}}
#: For kernels that are not inlined and need no sums in an order of the compiler's choice: all copies give the same bits.
EXACT = {**OPTIONS, "fastmath": False}
#: For kernels that make no arrays: they, and those that are compiled for them, do not count references to the arrays they are
#: given. A count is an atomic operation; those of a step take a sixth of its time for a hundred neurons.
UNCOUNTED = {"_nrt": False}
#: For those among the latter that do make arrays.
COUNTED = {"_nrt": True}
BLOCK = 256  # neurons: a block of everything fits in 32 kB
FEW = 4  # samples whose loop is unrolled


@njit(forceinline=True, **OPTIONS)
def dot(a, b):
    """Sum of a_k b_k on one thread: a BLAS wakes its own threads for this, which fight with runs side by side."""
    total = 0.0
    for k in range(a.size):
        total += a[k] * b[k]
    return total


@njit(forceinline=True, **OPTIONS)
def squared_distance(now, then):
    """Sum of (now_k - then_k)^2."""
    total = 0.0
    for k in range(now.size):
        total += (now[k] - then[k]) * (now[k] - then[k])
    return total


@njit(**OPTIONS)
def forward(u, v, X, kappa, s, f):
    """f_i = kappa sum_k u_k sigma(v_k.x_i), into ``f`` (n,)."""
    n, d = X.shape
    z = np.empty(BLOCK)
    f[:] = 0.0
    for low in range(0, u.size, BLOCK):
        size = min(BLOCK, u.size - low)
        for i in range(n):
            z[:size] = 0.0
            for j in range(d):
                for k in range(size):
                    z[k] += v[j, low + k] * X[i, j]
            total = 0.0
            for k in range(size):
                total += u[low + k] * (z[k] if z[k] > 0.0 else s * z[k])
            f[i] += kappa * total


@njit(**OPTIONS)
def stage(first, last, u1, v1, u2, v2, u0, v0, gu, gv, X, e, kappa, own, s, c0, c1, c1v, c2, h1, h0, u, v, f):
    """One Runge-Kutta stage of the neurons ``first`` to ``last``: y = c0 y0 + c1 y1 + c2 y2 + h1 F(y1) + h0 g.

    Leaves their part f (n,) of the output. F(y1) is the velocity at y1, whose residual is ``e``; g is a velocity computed
    before. ``c1v`` is c1 for v, which is another where weight decay is. Under dropout every neuron has own u sigma(z_i) beside
    e_i, ``own`` = q kappa. Any d and n.
    """
    n, d = X.shape
    z = np.empty(BLOCK)
    du = np.empty(BLOCK)
    dv = np.empty((d, BLOCK))
    factor = -kappa * h1 / n
    f[:] = 0.0
    for low in range(first, last, BLOCK):
        size = min(BLOCK, last - low)
        du[:size] = 0.0
        dv[:, :size] = 0.0
        for i in range(n):
            z[:size] = 0.0
            for j in range(d):
                for k in range(size):
                    z[k] += v1[j, low + k] * X[i, j]
            for k in range(size):
                active = 1.0 if z[k] > 0.0 else s
                slope = active * (e[i] + own * u1[low + k] * active * z[k])
                du[k] += slope * z[k]
                z[k] = slope
            for j in range(d):
                for k in range(size):
                    dv[j, k] += z[k] * X[i, j]
        for k in range(size):
            q = low + k
            u[q] = c0 * u0[q] + c1 * u1[q] + c2 * u2[q] + factor * du[k] + h0 * gu[q]
        for j in range(d):
            for k in range(size):
                q = low + k
                change = factor * u1[q] * dv[j, k] + h0 * gv[j, q]
                v[j, q] = c0 * v0[j, q] + c1v * v1[j, q] + c2 * v2[j, q] + change
        for i in range(n):
            z[:size] = 0.0
            for j in range(d):
                for k in range(size):
                    z[k] += v[j, low + k] * X[i, j]
            total = 0.0
            for k in range(size):
                total += u[low + k] * (z[k] if z[k] > 0.0 else s * z[k])
            f[i] += kappa * total


@njit(**OPTIONS)
def stage_planar(first, last, y1, y2, y0, g, xs, bs, e, kappa, own, s, c0, c1, c1v, c2, h1, h0, y, f):
    """``stage`` for d = 2 on flat states (u, then the rows of v); ``xs``, ``bs``: the columns of X.

    Every array of the inner loops is a plain slice: with fewer than a dozen pointers the compiler proves them apart.
    """
    m = y.size // 3
    factor = -kappa * h1 / xs.size
    du = np.empty(BLOCK)
    dp = np.empty(BLOCK)
    dq = np.empty(BLOCK)
    f[:] = 0.0
    for low in range(first, last, BLOCK):
        size = min(BLOCK, last - low)
        i, j, k = low, low + m, low + 2 * m
        velocity_planar(y1[i : i + size], y1[j : j + size], y1[k : k + size], xs, bs, e, own, s, du, dp, dq)
        for a, change, c in ((i, du, c1), (j, dp, c1v), (k, dq, c1v)):
            b = a + size
            _combine(c0, y0[a:b], c, y1[a:b], c2, y2[a:b], factor, change, h0, g[a:b], y[a:b])
        add_outputs_planar(y[i : i + size], y[j : j + size], y[k : k + size], xs, bs, kappa, s, f)


@njit(**OPTIONS)
def forward_planar(y, xs, bs, kappa, s, f):
    """``forward`` for d = 2 on a flat state, with the columns of X as in ``stage_planar``."""
    m = y.size // 3
    f[:] = 0.0
    for low in range(0, m, BLOCK):
        high = min(low + BLOCK, m)
        add_outputs_planar(y[low:high], y[low + m : high + m], y[low + 2 * m : high + 2 * m], xs, bs, kappa, s, f)


@njit(forceinline=True, **OPTIONS)
def few(values, first):
    """``FEW`` values from ``first`` on, zeros beyond the end: a sample of zeros adds nothing."""
    n = values.size
    b = values[first + 1] if first + 1 < n else 0.0
    c = values[first + 2] if first + 2 < n else 0.0
    return values[first], b, c, values[first + 3] if first + 3 < n else 0.0


@njit(forceinline=True, **OPTIONS)
def velocity_planar(u, p, q, xs, bs, e, own, s, du, dp, dq):
    """Velocity of a block of neurons for d = 2, times -n/kappa."""
    du[:] = 0.0
    dp[:] = 0.0
    dq[:] = 0.0
    for first in range(0, xs.size, FEW):
        _add_velocity(u, p, q, few(xs, first), few(bs, first), few(e, first), own, s, du, dp, dq)
    for k in range(u.size):
        dp[k] *= u[k]
        dq[k] *= u[k]


@njit(forceinline=True, **OPTIONS)
def _add_velocity(u, p, q, xs, bs, e, own, s, du, dp, dq):
    for k in range(u.size):
        a, b, c = du[k], dp[k], dq[k]
        for i in range(FEW):
            z = p[k] * xs[i] + q[k] * bs[i]
            active = 1.0 if z > 0.0 else s
            slope = active * (e[i] + own * u[k] * active * z)
            a += slope * z
            b += slope * xs[i]
            c += slope * bs[i]
        du[k], dp[k], dq[k] = a, b, c


@njit(forceinline=True, **OPTIONS)
def _combine(c0, y0, c1, y1, c2, y2, factor, change, h0, g, y):
    for k in range(y.size):
        y[k] = c0 * y0[k] + c1 * y1[k] + c2 * y2[k] + factor * change[k] + h0 * g[k]


@njit(forceinline=True, **OPTIONS)
def add_outputs_planar(u, p, q, xs, bs, kappa, s, f):
    """Add the outputs of a block of neurons for d = 2 to ``f`` (n,)."""
    for i in range(xs.size):
        total = 0.0
        for k in range(u.size):
            z = p[k] * xs[i] + q[k] * bs[i]
            total += u[k] * (z if z > 0.0 else s * z)
        f[i] += kappa * total


@njit(**OPTIONS)
def kernel_product(u, v, X, kappa, s, q, out):
    """Product of the tangent kernel with a vector: out = J J^T q / n, J = df/d(u, v), in one pass."""
    n, d = X.shape
    z = np.empty((n, BLOCK))
    cu = np.empty(BLOCK)
    cv = np.empty((d, BLOCK))
    out[:] = 0.0
    for low in range(0, u.size, BLOCK):
        size = min(BLOCK, u.size - low)
        cu[:size] = 0.0
        cv[:, :size] = 0.0
        z[:, :size] = 0.0
        for i in range(n):
            for j in range(d):
                for k in range(size):
                    z[i, k] += v[j, low + k] * X[i, j]
            for k in range(size):
                cu[k] += q[i] * (z[i, k] if z[i, k] > 0.0 else s * z[i, k])
            for j in range(d):
                for k in range(size):
                    cv[j, k] += q[i] * X[i, j] * (1.0 if z[i, k] > 0.0 else s)
        for j in range(d):
            for k in range(size):
                cv[j, k] *= u[low + k] * u[low + k]
        for i in range(n):
            total = 0.0
            for k in range(size):
                along = 0.0
                for j in range(d):
                    along += cv[j, k] * X[i, j]
                total += (z[i, k] * cu[k] + along) * (1.0 if z[i, k] > 0.0 else s)
            out[i] += kappa * kappa / n * total


@njit(**OPTIONS)
def chebyshev_estimate(y, y_old, g, g_old, h, x):
    """Error estimate of RKC2, x = 0.8 (y_old - y) + 0.4 h (g_old + g)."""
    for k in range(y.size):
        x[k] = 0.8 * (y_old[k] - y[k]) + 0.4 * h * (g_old[k] + g[k])


@njit(**OPTIONS)
def step_norms(xu, xv, u, v, v_old, u_start, v_start, X, out):
    """Sums over neurons for the errors x and displacements D = (u, v) - start, into ``out`` (2, 4): row 0 u, row 1 v.

    Columns: x.D and x.x over the neurons on the same side of every sample before and after the step, the sum of
    (x_k.D_k)^2 over those that changed sides, and D.D over all.
    """
    n, d = X.shape
    z = np.empty(BLOCK)
    z_old = np.empty(BLOCK)
    same = np.empty(BLOCK)
    error = np.empty(BLOCK)
    along = np.empty(BLOCK)
    shift = np.empty(BLOCK)
    out[:] = 0.0
    for low in range(0, u.size, BLOCK):
        size = min(BLOCK, u.size - low)
        same[:size] = 1.0
        for i in range(n):
            z[:size] = 0.0
            z_old[:size] = 0.0
            for j in range(d):
                for k in range(size):
                    z[k] += v[j, low + k] * X[i, j]
                    z_old[k] += v_old[j, low + k] * X[i, j]
            for k in range(size):
                same[k] = same[k] if (z[k] > 0.0) == (z_old[k] > 0.0) else 0.0
        for k in range(size):
            x, shift[k] = xu[low + k], u[low + k] - u_start[low + k]
            error[k] = x * x
            along[k] = x * shift[k]
        _accumulate(same, error, along, size, out[0])
        out[0, 3] += _squares(shift, size)
        error[:size] = 0.0
        along[:size] = 0.0
        for j in range(d):
            for k in range(size):
                x, shift[k] = xv[j, low + k], v[j, low + k] - v_start[j, low + k]
                error[k] += x * x
                along[k] += x * shift[k]
            out[1, 3] += _squares(shift, size)
        _accumulate(same, error, along, size, out[1])


@njit(forceinline=True, **OPTIONS)
def _squares(values, size):
    total = 0.0
    for k in range(size):
        total += values[k] * values[k]
    return total


@njit(**OPTIONS)
def step_norms_planar(x, y, y_old, start, xs, bs, out):
    """``step_norms`` for d = 2 on flat arrays; ``xs``, ``bs`` as in ``stage_planar``."""
    m = y.size // 3
    same = np.empty(BLOCK)
    out[:] = 0.0
    for low in range(0, m, BLOCK):
        i, j = low, min(low + BLOCK, m)
        p, q = y[m + i : m + j], y[2 * m + i : 2 * m + j]
        _stayed(p, q, y_old[m + i : m + j], y_old[2 * m + i : 2 * m + j], xs, bs, same)
        sums = _sums_of_u(same, x[i:j], y[i:j], start[i:j])
        for column in range(4):
            out[0, column] += sums[column]
        xp, xq = x[m + i : m + j], x[2 * m + i : 2 * m + j]
        sums = _sums_of_v(same, xp, xq, p, q, start[m + i : m + j], start[2 * m + i : 2 * m + j])
        for column in range(4):
            out[1, column] += sums[column]


@njit(forceinline=True, **OPTIONS)
def _stayed(p, q, p_old, q_old, xs, bs, same):
    same[:] = 1.0
    for first in range(0, xs.size, FEW):
        _keep_stayed(p, q, p_old, q_old, few(xs, first), few(bs, first), same)


@njit(forceinline=True, **OPTIONS)
def _keep_stayed(p, q, p_old, q_old, xs, bs, same):
    for k in range(p.size):
        stayed = same[k]
        for i in range(FEW):
            now, then = p[k] * xs[i] + q[k] * bs[i] > 0.0, p_old[k] * xs[i] + q_old[k] * bs[i] > 0.0
            stayed = stayed if now == then else 0.0
        same[k] = stayed


@njit(forceinline=True, **OPTIONS)
def _sums_of_u(same, x, now, then):
    smooth, squares, kinks, moved = 0.0, 0.0, 0.0, 0.0
    for k in range(x.size):
        shift = now[k] - then[k]
        along = x[k] * shift
        smooth += same[k] * along
        squares += same[k] * x[k] * x[k]
        kinks += (1.0 - same[k]) * along * along
        moved += shift * shift
    return smooth, squares, kinks, moved


@njit(forceinline=True, **OPTIONS)
def _sums_of_v(same, xp, xq, p, q, p_start, q_start):
    smooth, squares, kinks, moved = 0.0, 0.0, 0.0, 0.0
    for k in range(p.size):
        sp, sq = p[k] - p_start[k], q[k] - q_start[k]
        along = xp[k] * sp + xq[k] * sq
        smooth += same[k] * along
        squares += same[k] * (xp[k] * xp[k] + xq[k] * xq[k])
        kinks += (1.0 - same[k]) * along * along
        moved += sp * sp + sq * sq
    return smooth, squares, kinks, moved


@njit(forceinline=True, **OPTIONS)
def _accumulate(same, error, along, size, row):
    smooth, squares, kinks = 0.0, 0.0, 0.0
    for k in range(size):
        smooth += same[k] * along[k]
        squares += same[k] * error[k]
        kinks += (1.0 - same[k]) * along[k] * along[k]
    row[0] += smooth
    row[1] += squares
    row[2] += kinks


@njit(**OPTIONS)
def restore_balance(u, v, gu, gv, balance, removed):
    """Rescale every neuron, (u, v) -> (r u, v/r), so that u^2 - |v|^2 = balance; what it was off by goes into ``removed``.

    sigma is homogeneous, so f stays as it is, and the velocity (gu, gv) becomes (gu/r, r gv).
    """
    d = v.shape[0]
    r = np.empty(BLOCK)
    q = np.empty(BLOCK)
    for low in range(0, u.size, BLOCK):
        size = min(BLOCK, u.size - low)
        q[:size] = 0.0
        for j in range(d):
            row = v[j, low : low + size]
            for k in range(size):
                q[k] += row[k] * row[k]
        for k in range(size):
            p, c = u[low + k] * u[low + k], balance[low + k]
            removed[low + k] = p - q[k] - c
            # r^2 solves p r^4 - c r^2 - q = 0; of its two forms the one without cancellation
            total = np.sqrt(c * c + 4.0 * p * q[k]) + abs(c)
            above, below = (total, 2.0 * p) if c >= 0.0 else (2.0 * q[k], total)
            r[k] = np.sqrt(above / below) if above > 0.0 and below > 0.0 else 1.0  # a vanished u or v stays as it is
        _scale(u[low : low + size], gu[low : low + size], r)
        for k in range(size):
            r[k] = 1.0 / r[k]
        for j in range(d):
            _scale(v[j, low : low + size], gv[j, low : low + size], r)


@njit(forceinline=True, **OPTIONS)
def _scale(weights, velocity, r):
    for k in range(weights.size):
        weights[k] *= r[k]
        velocity[k] /= r[k]


@njit(**OPTIONS)
def largest_drift(u, v, u_start, v_start, removed):
    """Largest |change of u^2 - |v|^2| + |removed| over the neurons, and largest u^2 + |v|^2; v (m, d) here."""
    drift, size = 0.0, 0.0
    for k in range(u.size):
        now, then = 0.0, 0.0
        for j in range(v.shape[1]):
            now += v[k, j] * v[k, j]
            then += v_start[k, j] * v_start[k, j]
        change = (u[k] * u[k] - now) - (u_start[k] * u_start[k] - then)
        drift = max(drift, abs(change) + abs(removed[k]))
        size = max(size, u[k] * u[k] + now)
    return drift, size
