"""Event-driven references of the gradient flow with kinks, in plain NumPy and SciPy, for the kink-exact method.

Both know Filippov's convention and what relu'(0) = 0 decides where the flow is not unique; neither shares a line or a closed form
with the package. Slopes of the activation: 1 for z > 0 and ``slope`` for z < 0; no two samples parallel.
"""

import numpy as np
import pytest
from scipy.integrate import DOP853
from scipy.linalg import expm
from scipy.optimize import brentq, lsq_linear

_ON = 1e-7  # |v| below which a neuron slid into v = 0, relative to |u|
_ARMED = 1e-12  # a margin counts as passed if it was above this before


def shares(g, jumps, normals):
    """Shares in [0, 1] of the jumps (k,) along ``normals`` (k, d) that make g + sum share jump normal shortest."""
    if not len(jumps):
        return np.zeros(0)
    return lsq_linear((jumps[:, None] * normals).T, -g, (0.0, 1.0), tol=1e-15, method="bvls").x


def sides_and_force(direction, signs, c, X, slope):
    """Signs (n,) of the pre-activations after shares are chosen, 0 where the neuron slides, and the force g on v."""
    signs = signs.copy()
    on = signs == 0
    signs[on & (direction * c * (1 - slope) >= 0)] = -1
    on = signs == 0
    strength = np.where(signs > 0, 1.0, slope) * c
    share = shares(strength @ X, c[on] * (1 - slope), X[on])
    strength[on] += share * c[on] * (1 - slope)
    signs[on] = np.where(share >= 1 - 1e-12, 1, np.where(share <= 1e-12, -1, 0))
    return signs, strength @ X


def neuron_under_constant_forces(u, v, X, c, slope):
    """(u, v) after a unit of time of u' = g.v, v' = u g; events by root finding on the matrix exponential."""
    v, left = v.copy(), 1.0
    z = X @ v
    signs = np.where(np.abs(z) <= 1e-13 * np.linalg.norm(v) * np.linalg.norm(X, axis=1), 0, np.sign(z))
    for _ in range(100):
        w = np.where(signs > 0, 1.0, slope) * c @ (X @ v)
        direction = np.sign(u) if u else np.sign(w)
        if not direction:
            return u, v
        signs, g = sides_and_force(direction, signs, c, X, slope)
        w, rates = g @ v, X @ g
        generator = np.array([[0, g @ g, w], [1, 0, 0], [0, 0, 0]])  # of (u, phi, 1), v(t) = v + phi g

        def at(t, generator=generator, u=u):
            return expm(t * generator)[:2] @ (u, 0.0, 1.0)

        end, turned = left, False
        if at(left)[0] * direction < 0:
            end, turned = brentq(lambda t: at(t)[0], 0.0, left, xtol=1e-15), True
        phi = at(end)[1]
        moving = (signs != 0) & (np.abs(rates) > 1e-12 * np.linalg.norm(g) * np.linalg.norm(X, axis=1))
        targets = {-(X[i] @ v) / rates[i]: i for i in np.flatnonzero(moving & (signs * direction * rates < 0))}
        reached = [target for target in targets if abs(target) < abs(phi)]
        which = None
        if reached:
            phi = min(reached, key=abs)
            which, turned = targets[phi], False
            end = brentq(lambda t, phi=phi: at(t)[1] - phi, 0.0, end, xtol=1e-15)
        u, v = at(end)[0], v + phi * g
        if turned:
            u = 0.0
        if which is None and not turned:
            return u, v
        left -= end
        if which is not None:
            attracts = direction * c[which] * (1 - slope) < 0
            signs[which] = 0 if attracts else -signs[which]
    raise AssertionError("a hundred events")


class EventDriven:
    """The whole gradient flow: Dormand-Prince 8 between events, each located; modes (signs, sliding) held in between."""

    def __init__(self, network, X, y):
        self.X, self.y, self.kappa, self.slope = X, y, network.kappa, network.negative_slope
        self.m, self.d = network.v.shape
        self.state = np.concatenate([network.u, network.v.ravel()])
        z = network.v @ X.T
        self.signs = np.sign(z)
        self.gone = np.zeros(self.m, dtype=bool)  # slid into v = 0
        self.events = 0

    def parts(self, state):
        return state[: self.m], state[self.m :].reshape(self.m, self.d)

    def forces(self, state):
        """Forces c (n,) of the samples, with what slides counted as off."""
        u, v = self.parts(state)
        slopes = np.where(self.signs > 0, 1.0, np.where(self.signs < 0, self.slope, 0.0))
        outputs = self.kappa * np.einsum("k,ki->i", u, slopes * (v @ self.X.T))
        return -self.kappa / len(self.y) * (outputs - self.y), slopes

    def _choose_modes(self):
        """Signs and sliding sets that the flow leaves the present state with."""
        _, v = self.parts(self.state)
        c, _ = self.forces(self.state)
        for k in range(self.m):
            if self.gone[k]:
                self.signs[k] = -1
            elif np.any(self.signs[k] == 0):
                self.signs[k], _ = sides_and_force(self.direction[k], self.signs[k], c, self.X, self.slope)
        self.projectors = np.tile(np.eye(self.d), (self.m, 1, 1))
        self.sliding = []
        for k in range(self.m):
            on = np.flatnonzero(self.signs[k] == 0)
            if len(on):
                inverse = np.linalg.pinv(self.X[on].T)
                self.projectors[k] -= self.X[on].T @ inverse
                self.sliding.append((k, on, inverse))
                v[k] = self.projectors[k] @ v[k]

    def _velocity(self, t, state):
        u, v = self.parts(state)
        c, slopes = self.forces(state)
        g = np.einsum("kij,kj->ki", self.projectors, (slopes * c) @ self.X)
        return np.concatenate([np.einsum("ki,ki->k", g, v), (u[:, None] * g).ravel()])

    def _margins(self, state):
        """Positive until something happens: to the loss, u, pre-activations, shares at their two bounds."""
        u, v = self.parts(state)
        c, slopes = self.forces(state)
        e = c * len(self.y) / self.kappa
        margins = [
            [np.log(e @ e / (2 * len(e)) / self.loss_tol)],
            u * self.direction,
            (self.signs * (v @ self.X.T)).ravel(),
        ]
        for k, on, inverse in self.sliding:
            strength = -inverse @ ((slopes[k] * c) @ self.X) - self.slope * c[on]
            margins += [-self.direction[k] * strength, self.direction[k] * (strength - c[on] * (1 - self.slope))]
        return np.concatenate(margins)

    def _happened(self, which):
        """Change the signs by event number ``which`` of the margins."""
        u, v = self.parts(self.state)
        if which < 1 + self.m:
            k = which - 1
            u[k], self.direction[k] = 0.0, -self.direction[k]
            return
        which -= 1 + self.m
        if which < self.signs.size:
            k, i = divmod(which, self.signs.shape[1])
            if np.linalg.norm(v[k]) < _ON * abs(u[k]):
                self.gone[k] = True
                return
            attracts = self.direction[k] * self.forces(self.state)[0][i] * (1 - self.slope) < 0
            self.signs[k, i] = 0 if attracts else -self.signs[k, i]
            return
        which -= self.signs.size
        for k, on, _ in self.sliding:
            if which < 2 * len(on):
                self.signs[k, on[which % len(on)]] = -1 if which < len(on) else 1
                return
            which -= 2 * len(on)

    def _time(self, path, solver, which, before):
        if before <= _ARMED:  # it was on its kink, and this is the wrong way
            return solver.t_old
        return brentq(lambda t: self._margins(path(t))[which], solver.t_old, solver.t, xtol=1e-15)

    def run(self, *, loss_tol, t_end=np.inf, limit=300):
        """Integrate to a loss or a time; whether it got there within ``limit`` events."""
        self.loss_tol, t = loss_tol, 0.0
        self.direction = np.sign(self.state[: self.m])
        for _ in range(limit):
            self._choose_modes()
            margins = self._margins(self.state)
            if margins[0] <= 0:
                return True
            solver = DOP853(self._velocity, t, self.state, t_end, rtol=1e-10, atol=1e-13)
            while True:
                solver.step()
                before, margins = margins, self._margins(solver.y)
                passed = np.flatnonzero(np.where(before > _ARMED, margins <= 0, margins < -_ARMED))
                if len(passed) or solver.status != "running":
                    break
            t, self.state = solver.t, solver.y.copy()
            if not len(passed):
                return solver.status == "finished"
            path = solver.dense_output()
            t, first = min((self._time(path, solver, i, before[i]), i) for i in passed)
            self.state = path(t)
            if first == 0:
                return True
            self._happened(first)
            self.events += 1
        return False


@pytest.fixture(scope="session")
def one_neuron():
    return neuron_under_constant_forces


@pytest.fixture(scope="session")
def event_driven():
    return EventDriven
