r"""Kink-exact neuron flow: every neuron solved in closed form through all its kinks, given the mean residual of a step.

**One neuron.** In uniform coordinates a neuron (u, v) of f = kappa sum_k u_k sigma(v_k.x) moves by

    u' = g.v,    v' = u g,    g = -(kappa/n) sum_i e_i sigma'(v.x_i) x_i,

and knows of the others only through the n residuals e_i. With e constant and v between the hyperplanes v.x_i = 0, g is constant.
With G = |g| and w = g.v the path is a hyperbolic rotation,

    u(t) = u cosh(Gt) + w sinh(Gt)/G,    v(t) = v + phi(t) g,    phi(t) = u sinh(Gt)/G + w (cosh(Gt) - 1)/G^2,

along which u^2 - |v|^2 is constant. All pre-activations move with the one number phi, z_i(t) = z_i + phi(t) g.x_i, and phi' = u:
phi is monotone until u passes zero, which it does once at most. So

* if no z_i and not u has another sign at the end, nothing happened in between, and the end is exact: one pass, vectorised;
* else the next kink is the one with the smallest phi_i = -z_i/(g.x_i) in the direction of u, reached if phi gets that far.
  There u_i^2 = u^2 + phi_i (2w + G^2 phi_i), and the time follows from one logarithm.

**At a kink** the force is g plus a share theta in [0, 1] of the jump c n, where n is the sample and c = -(kappa/n) e_i. Where
u c > 0 the kink repels and is passed. Where u c < 0 it attracts: u times the force is then minus the gradient of a convex
function of v, whose unique flow (Filippov's, and the limit of a smoothed relu) takes the shares that make g shortest, a
least-squares problem with bounds over the kinks the neuron is on. A share inside (0, 1) means that v slides along the kink,
g.n = 0; at 0 or 1 it leaves to that side, and where that is the dead side the neuron died at the kink.

Two things the equation leaves open, and relu'(0) = 0 decides: when e_i or u changes sign an attracting kink repels, and the
neurons on it go to the negative side; a neuron that slides into v = 0 stays there. Gradient descent, however small its rate,
tosses either way what the second does not decide.

Samples on one hyperplane share its kink (:mod:`numerics.flow.two_layer.hyperplanes`).

**The residual** obeys e' = -K e exactly, K = J J^T/n the tangent kernel. A neuron that slides has neither the row of its kink in
J nor the direction of its normal. A step holds K: the mean of exp(-K s) e over it drives the neurons, and the residual they
leave, less exp(-K h) e, is the error estimate. The local error is of third order (K changes; forces at different times do not
commute), so the method is of second; kinks cost neither order nor steps, and growth out of the saddle is exact. Negative
eigenvalues of K, rounding on close points, count as zero.

A fourth order (commutator-free Magnus, two exponentials a step, K extrapolated) does not pay: without kinks it is measured, but
every crossing jumps K by O(1/m) and comes O(h^2) off its time, and with them it falls to the second. To an RD within 1e-6 at a
loss of 1e-6 it took 0.9 to 2.5 times the passes of this method, at five points and a thousand neurons.

Related: Filippov, *Differential Equations with Discontinuous Righthand Sides* (1988); exponential integrators, Hochbruck and
Ostermann, Acta Numerica 19 (2010). The neurons' closed form is this project's.
"""

import math

import numpy as np

from numerics.flow.fineness import Fineness
from numerics.flow.two_layer.dropout import DropoutPenalty
from numerics.flow.two_layer.hyperplanes import Hyperplanes
from numerics.flow.two_layer.state import TwoLayerFlow, TwoLayerPoint
from numerics.flow.two_layer.tangent_kernel import TangentKernelMethod
from numerics.kernels import kink_exact as kernels
from numerics.kernels.decay import step_forces
from numerics.kernels.one_neuron import ON, Workspace
from numerics.kernels.tangent import mean_forces, modes_of

__all__ = ["KinkExact", "MeanForces"]


class MeanForces(TangentKernelMethod):
    """What the method has in any dimension: the mean forces of a step, from the residual that the tangent kernel predicts."""

    name = "kink-exact"
    growth = 3.0
    fineness = Fineness(growth=0.75, error=2.0 / 3.0, down_to=1e-4)

    def __init__(self, flow: TwoLayerFlow) -> None:
        super().__init__(flow)
        self._forces = np.zeros(len(flow.targets))

    def find_forces(self, point: TwoLayerPoint, h: float) -> np.ndarray:
        """Forces of the samples (n,) over a step h; valid until the next step."""
        kappa, room = self.flow.kappa, (self._forces, self._predicted)
        if self.penalty is not None:
            driven = self.drive(point, h)
            self._predicted[:] = driven.end
            np.multiply(driven.mean, -kappa * h / len(driven.mean), out=self._forces)
            return self._forces
        if not self.flow.decay:
            mean_forces(modes_of(point.kernel, point.residual), h, kappa, *room)
            return self._forces
        decay = self.flow.decay
        given = point.kernel, point.residual, self.flow.targets, *point.before, h
        self._size = step_forces(*given, decay.total, kappa, decay.fit_rotation(h), *room)
        return self._forces


class KinkExact(MeanForces):
    """Exact flow of every neuron under the mean residual that the tangent kernel of the step's start predicts."""

    def __init__(self, flow: TwoLayerFlow) -> None:
        super().__init__(flow)
        (n, d), chunks, planes = flow.X.shape, flow.chunks, Hyperplanes.of(flow.X)
        self._factors, self._kinks = planes.factors, planes.kinks()
        self._outputs, self._kernels = chunks.partial(n), chunks.partial(n, n)
        self._lanes = [kernels.lanes(n, d) for _ in range(chunks.threads)]
        self._work = [Workspace.of(len(planes.first), d, n) for _ in range(chunks.threads)]
        self._owner = np.full(n, -1)
        self._owner[planes.first] = np.arange(len(planes.first))
        self._gram = flow.X @ flow.X.T
        straight = flow.slope == 1.0
        self._narrow = np.zeros(n) if straight else ON**2 * np.einsum("ij,ij->i", flow.X, flow.X)
        self._own = [(planes.factors, planes.kinks(), np.zeros(n)) for _ in range(chunks.threads)]
        if flow.ratio:
            given = flow.X, flow.kappa, flow.slope, flow.ratio, chunks, self._owner, self._narrow
            self.penalty = DropoutPenalty(*given)

    def find_kernel(self, point: TwoLayerPoint) -> None:
        """Tangent kernel and gradient of a point with its residual."""
        flow, parts = self.flow, self._kernels
        state = point.u, point.v, flow.X, self._gram, self._owner, self._narrow, flow.kappa, flow.slope
        self.chunks.run(lambda part, *ends: kernels.sliding_kernel(*ends, *state, *self._room(part), parts[part]))
        self.keep_kernel(point, parts)

    def move(self, point: TwoLayerPoint, h: float, out: TwoLayerPoint) -> None:
        """Advance ``point`` by ``h`` into ``out``."""
        flow, start, kinks, outputs, moved = self.flow, self.start, self._kinks, self._outputs, self._moved
        forces = self.find_forces(point, h)
        kernels.kink_forces(forces, flow.slope, self._factors, kinks)
        weights = point.u, point.v, start.u, start.v
        state = *weights, flow.X, forces, self._owner, self._narrow, flow.kappa, flow.slope, kinks
        strength = -flow.ratio * flow.kappa**2 * h / len(forces)
        self.chunks.run(
            lambda part, *ends: kernels.step(
                *(*ends, *state, kernels.Own(strength, *self._own[part]), *self._room(part)),
                *(out.u, out.v, outputs[part], moved[part]),
            )
        )
        if flow.decay:
            outputs *= math.prod(self.decay(out, h))
        flow.set_outputs(out, outputs)

    def _room(self, part: int) -> tuple[Workspace, np.ndarray]:
        return self._work[part], self._lanes[part]
