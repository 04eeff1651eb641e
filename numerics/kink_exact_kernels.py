# mypy: disable-error-code="no-untyped-def, call-overload"
"""Numba kernels of the kink-exact method: a step of all neurons in one pass, and the tangent kernel that the next one needs.

Layout and rules of :mod:`numerics.kernels`. In a step a block of neurons takes three loops. The first moves every neuron by the
closed form between events, its force found from the sides it starts on (or from the one kink it slides along), and marks those
that this is not the truth for: a pre-activation or u changed sign, or two kinks meet. The second moves the marked ones from
event to event (:func:`numerics.neuron_kernels.advance`). The third sums outputs and distances.
"""

import numpy as np
from numba import njit
from numba.cpython.unsafe.tuple import tuple_setitem

from numerics.jacobian_kernels import finish, weights
from numerics.kernels import BLOCK, OPTIONS, add_outputs_planar, dot, squared_distance
from numerics.neuron_kernels import advance, hyperbolic

__all__ = ["forces", "gather", "lanes", "sliding_kernel", "sliding_kernel_planar", "step", "step_planar", "sum_up"]

_OPTIONS = {**OPTIONS, "error_model": "numpy"}  # no branch for a division by zero


def lanes(samples, dimension):
    """Room for a block of neurons; see the kernels for the rows."""
    return np.zeros((3 * samples + dimension + 5, BLOCK))


@njit(**_OPTIONS)
def forces(kernel, residual, h, kappa, s, planes, c, late, predicted, kinks, samples):
    """Forces of the samples and of the kinks over a step h, from the mean residual, and the residual at the end.

    ``planes``: first (H,) and factors (H, n) of :class:`numerics.hyperplanes.Hyperplanes`. ``samples`` (6, n), as the planar step
    takes them: force, unit normal (2 rows), above - below and below along it, squared cosine that counts as on a kink.
    """
    first, factors = planes
    _, squares, above, below = kinks
    weights(kernel, residual, h, c, late, predicted)
    for i in range(c.size):
        c[i] = -kappa * (c[i] + late[i])
        samples[0, i] = c[i]
    for k in range(above.size):
        ahead, behind = 0.0, 0.0
        for i in range(c.size):
            ahead += max(factors[k, i], 0.0) * c[i]
            behind += min(factors[k, i], 0.0) * c[i]
        above[k] = ahead + s * behind
        below[k] = s * ahead + behind
        length = np.sqrt(squares[k])
        samples[3, first[k]] = length * (above[k] - below[k])
        samples[4, first[k]] = length * below[k]


@njit(**_OPTIONS)
def sum_up(outputs, distances, targets, predicted, before, residual):
    """Residual from the chunks' outputs; its defect relative to the one before, and the distances |u - u(0)|, |v - v(0)|."""
    defect, size = 0.0, 0.0
    for i in range(residual.size):
        residual[i] = outputs[:, i].sum() - targets[i]
        defect += (residual[i] - predicted[i]) ** 2
        size += before[i] ** 2
    relative = np.sqrt(defect / size) if size > 0.0 else 0.0
    return relative, np.sqrt(distances[:, 0].sum()), np.sqrt(distances[:, 1].sum())


@njit(forceinline=True, **_OPTIONS)
def _like(form, values):
    """Values (n,) as a tuple like ``form``, which the compiler unrolls."""
    for i in range(len(form)):
        form = tuple_setitem(form, i, values[i])
    return form


@njit(**_OPTIONS)
def gather(kernels, residual, kernel):
    """Kernel from those of the chunks, and |grad R|^2 = e K e/n, which rounding can take below zero."""
    n = residual.size
    square = 0.0
    for i in range(n):
        for j in range(n):
            kernel[i, j] = kernels[:, i, j].sum()
            square += residual[i] * kernel[i, j] * residual[j]
    return max(square / n, 0.0)


@njit(**_OPTIONS)
def step_planar(first, last, y, start, xs, bs, samples, kappa, s, kinks, work, lanes, out, f, moved):
    """One step for d = 2 and few samples; ``xs``, ``bs``: columns of X as tuples; ``samples``: see :func:`forces`."""
    m = y.size // 3
    v = work.v
    flag = lanes[0]
    given = (
        _like(xs, samples[0]),
        _like(xs, samples[1]),
        _like(xs, samples[2]),
        _like(xs, samples[3]),
        _like(xs, samples[4]),
    )
    narrow = _like(xs, samples[5])
    f[:] = 0.0
    moved[:] = 0.0
    for low in range(first, last, BLOCK):
        high = min(low + BLOCK, last)
        size = high - low
        i, j, k = low, low + m, low + 2 * m
        u0, p0, q0 = y[i : i + size], y[j : j + size], y[k : k + size]
        u, p, q = out[i : i + size], out[j : j + size], out[k : k + size]
        _glide_planar(u0, p0, q0, xs, bs, *given, narrow, s, u, p, q, flag)
        for k in range(size):
            if flag[k] != 0.0:
                v[0], v[1] = p0[k], q0[k]
                u[k] = advance(u0[k], kinks, work)
                p[k], q[k] = v[0], v[1]
        add_outputs_planar(u, p, q, xs, bs, kappa, s, f)
        moved[0] += squared_distance(u, start[low:high])
        moved[1] += squared_distance(p, start[low + m : high + m]) + squared_distance(
            q, start[low + 2 * m : high + 2 * m]
        )


@njit(**_OPTIONS)
def sliding_kernel_planar(first, last, y, xs, bs, samples, kappa, s, lanes, kernel):
    """Tangent kernel K = J J^T/n (n, n) of neurons of which some slide; arguments of :func:`step_planar`."""
    m = y.size // 3
    n = len(xs)
    columns, narrow = (_like(xs, samples[1]), _like(xs, samples[2])), _like(xs, samples[5])
    kernel[:] = 0.0
    for low in range(first, last, BLOCK):
        high = min(low + BLOCK, last)
        size = high - low
        u, p, q = y[low:high], y[low + m : high + m], y[low + 2 * m : high + 2 * m]
        _features_planar(u, p, q, xs, bs, columns, narrow, s, lanes)
        for i in range(n):
            for j in range(i + 1):
                gram = xs[i] * xs[j] + bs[i] * bs[j]
                outputs, active = (lanes[i, :size], lanes[j, :size]), (lanes[n + i, :size], lanes[n + j, :size])
                kernel[i, j] += _pair_planar(*outputs, *active, lanes[2 * n + i, :size], lanes[2 * n + j, :size], gram)
    finish(kernel, kappa)


@njit(forceinline=True, **_OPTIONS)
def _glide_planar(u, p, q, xs, bs, c, nxs, nbs, jumps, below, narrow, s, u1, p1, q1, flag):
    for k in range(u.size):
        U, P, Q = u[k], p[k], q[k]
        square = P * P + Q * Q
        gp, gq, w = 0.0, 0.0, 0.0
        np_, nq, jump, down = 0.0, 0.0, 0.0, 0.0
        one, two = False, False
        for i in range(len(xs)):
            z = P * xs[i] + Q * bs[i]
            on = z * z < narrow[i] * square
            force = c[i] if z > 0.0 else s * c[i]
            force = 0.0 if on else force
            gp += force * xs[i]
            gq += force * bs[i]
            w += force * z
            np_ += nxs[i] if on else 0.0
            nq += nbs[i] if on else 0.0
            jump += jumps[i] if on else 0.0
            down += below[i] if on else 0.0
            two = two or (one and on)
            one = one or on
        gp += down * np_
        gq += down * nq
        # where the kink attracts: the share of its jump, within [0, 1], that undoes g.n
        along = -(gp * np_ + gq * nq)
        attracts = U * jump < 0.0 and along * jump > 0.0
        pull = along if along * along < jump * jump else jump
        pull = pull if attracts else 0.0
        gp += pull * np_
        gq += pull * nq
        G2 = gp * gp + gq * gq
        cosh, sinh = hyperbolic(G2)
        U1 = U + (U * G2 * cosh + w * sinh)
        phi = U * sinh + w * cosh
        P1, Q1 = P + gp * phi, Q + gq * phi
        event = U * U1 <= 0.0 or two or square == 0.0
        for i in range(len(xs)):
            z = P * xs[i] + Q * bs[i]
            crossed = z * (P1 * xs[i] + Q1 * bs[i]) < 0.0
            on = z * z < narrow[i] * square
            event = event or (crossed and not on)
        u1[k], p1[k], q1[k] = U1, P1, Q1
        flag[k] = 1.0 if event else 0.0


@njit(forceinline=True, **_OPTIONS)
def _features_planar(u, p, q, xs, bs, unit, narrow, s, lanes):
    """Rows i: sigma(z_i); n + i: u sigma'(z_i); 2n + i: the same times the component of x_i along the normal of the kink."""
    n = len(xs)
    nxs, nbs = unit
    for k in range(u.size):
        U, P, Q = u[k], p[k], q[k]
        square = P * P + Q * Q
        np_, nq = 0.0, 0.0
        for i in range(n):
            z = P * xs[i] + Q * bs[i]
            on = z * z < narrow[i] * square
            np_ += nxs[i] if on else 0.0
            nq += nbs[i] if on else 0.0
        for i in range(n):
            z = P * xs[i] + Q * bs[i]
            slope = 1.0 if z > 0.0 else s
            slope = 0.0 if z * z < narrow[i] * square else slope
            lanes[i, k] = slope * z
            lanes[n + i, k] = slope * U
            lanes[2 * n + i, k] = slope * U * (xs[i] * np_ + bs[i] * nq)


@njit(forceinline=True, **_OPTIONS)
def _pair_planar(z, z2, active, active2, along, along2, gram):
    total = 0.0
    for k in range(z.size):
        total += z[k] * z2[k] + gram * active[k] * active2[k] - along[k] * along2[k]
    return total


@njit(**_OPTIONS)
def step(first, last, u, v, u_start, v_start, X, c, owner, narrow, kappa, s, kinks, work, lanes, u1, v1, f, moved):
    """``step_planar`` for any d and n, on the parts u (m,) and v (d, m); ``owner``: the kink a sample is the normal of, or -1."""
    n, d = X.shape
    z, g = lanes[:n], lanes[n : n + d]
    w, flag, square, on, which = lanes[n + d : n + d + 5]
    scratch = lanes[n + d + 5]
    f[:] = 0.0
    moved[:] = 0.0
    for low in range(first, last, BLOCK):
        high = min(low + BLOCK, last)
        size = high - low
        old, new = v[:, low:high], v1[:, low:high]
        u_old, u_new = u[low:high], u1[low:high]
        _forces(old, X, c, owner, narrow, s, z, scratch, g, w, square, on, which)
        _slide(u_old, on, which, kinks, g)
        _move(u_old, g, w, square, u_new, flag)
        for j in range(d):
            _shift(old[j], g[j], square, new[j])
        _mark(new, X, z, on, scratch, flag)
        for k in range(size):
            if flag[k] != 0.0:
                for j in range(d):
                    work.v[j] = old[j, k]
                u_new[k] = advance(u_old[k], kinks, work)
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
    """``sliding_kernel_planar`` for any d and n; ``gram`` (n, n) holds the products x_i.x_j."""
    n = X.shape[0]
    z, active = lanes[:n], lanes[n : 2 * n]
    square, on = lanes[2 * n : 2 * n + 2]
    kernel[:] = 0.0
    for low in range(first, last, BLOCK):
        high = min(low + BLOCK, last)
        size = high - low
        now = v[:, low:high]
        _features(u[low:high], now, X, owner, narrow, s, z, active, square, on)
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
def _forces(v, X, c, owner, narrow, s, z, force, g, w, square, on, which):
    """Pre-activations (0 on a kink), force g of the samples v is beside, w = g.v; how many kinks v is on, and the last."""
    n, d = X.shape
    size = v.shape[1]
    _squares(v, square)
    w[:size] = 0.0
    on[:size] = 0.0
    g[:, :size] = 0.0
    for i in range(n):
        _preactivation(v, X[i], z[i])
        for k in range(size):
            pushed = c[i] if z[i, k] > 0.0 else s * c[i]
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
    """The share of a kink's two forces that a neuron on it takes, as in :func:`advance`."""
    normals, squares, above, below = kinks
    for k in range(u.size):
        if on[k] == 1.0:
            h = int(which[k])
            difference = above[h] - below[h]
            strength = below[h]
            if u[k] * difference < 0.0:
                along = below[h] * squares[h]
                for j in range(normals.shape[1]):
                    along += g[j, k] * normals[h, j]
                strength += difference * min(1.0, max(0.0, -along / (difference * squares[h])))
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
def _features(u, v, X, owner, narrow, s, z, active, square, on):
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
def _project(v, active, X, owner, narrow, square, work, kernel):
    """Take the directions that a neuron cannot move in while it slides out of its part of the kernel."""
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
            for a in range(n):
                work.along[a] = active[a] * np.sum(X[a] * q) if active[a] != 0.0 else 0.0
            for a in range(n):
                if work.along[a] != 0.0:
                    for b in range(a + 1):
                        kernel[a, b] -= work.along[a] * work.along[b]
