"""Runge-Kutta-Chebyshev at any depth: the method, coefficients and error control of :mod:`numerics.flow.two_layer.rkc`.

A stage combines three states and the first velocity, element by element, and adds its own velocity as a product of signals: one
pass forward and one back over the weights, and one that writes them.
"""

import numpy as np

from numerics.flow.deep.state import DeepFlow, DeepPoint, DeepStep
from numerics.flow.two_layer.embedded import LOSS_TOLERANCE, STEP_TOLERANCE, distance_error, loss_defect
from numerics.flow.two_layer.rkc import SAFETY, chebyshev_coefficients
from numerics.flow.two_layer.state import LayerError
from numerics.kernels.layers import combine
from numerics.kernels.stages import chebyshev_estimate, dot

__all__ = ["DeepChebyshev"]


class DeepChebyshev:
    """RKC2 with the number of stages chosen from the spectral radius."""

    name = "rkc"
    order = 3
    growth = 0.5

    def __init__(self, flow: DeepFlow) -> None:
        self.flow = flow
        self._stages = flow.new_point(), flow.new_point()
        self._radius = 0.0

    def prepare(self, point: DeepPoint) -> None:
        """Kernel, gradient and velocity of a point with its residual."""
        self.flow.find_kernel(point)
        if point.velocity is None:
            point.velocity = np.empty_like(point.y)
        if not point.velocity_known:
            point.velocity[:] = 0.0
            self._add_velocity(point, 1.0, point.views(point.velocity))
            point.velocity_known = True

    def spectral_radius(self, point: DeepPoint) -> float:
        """Largest eigenvalue of the kernel, and the fastest growth."""
        return self.flow.largest_eigenvalue(point) + self.flow.growth_bound(point)

    def attempt(self, point: DeepPoint, h: float, out: DeepPoint) -> DeepStep:
        """Step from ``point`` into ``out``, and the error of the distances."""
        flow = self.flow
        stages = max(2, 1 + int(np.sqrt(1.54 * h * SAFETY * self.spectral_radius(point) + 1.0)))
        first, rows = chebyshev_coefficients(stages)
        ring = [*self._stages]
        ring.insert((stages - 1) % 3, out)  # so that the last stage is written to it
        before, last = point, ring[0]
        combine(1.0, point.y, 0.0, point.y, 0.0, point.y, first * h, point.velocity, last.y)
        flow.update_residual(last)
        for j, (mu, nu, mu_tilde, gamma_tilde) in enumerate(rows, start=1):
            new = ring[j % 3]
            combine(1.0 - mu - nu, point.y, mu, last.y, nu, before.y, gamma_tilde * h, point.velocity, new.y)
            self._add_velocity(last, mu_tilde * h, new.weights)
            flow.update_residual(new)
            before, last = last, new
        flow.settle(out)
        self.prepare(out)
        x = self._stages[0].y  # free between steps
        chebyshev_estimate(out.y, point.y, out.velocity, point.velocity, h, x)
        parts = self._layer_errors(point.views(x), point, out)
        error = max(map(distance_error, parts)) / STEP_TOLERANCE
        error = max(error, loss_defect(point, out, h) / LOSS_TOLERANCE)
        return DeepStep(error, out.moved)

    def _add_velocity(self, point: DeepPoint, factor: float, weights: tuple[np.ndarray, ...]) -> None:
        """Add factor times -grad R at ``point`` to ``weights``."""
        gradient = self.flow.differentiate(point).transposed_product(factor / len(point.residual) * point.residual)
        for w, part in zip(weights, gradient, strict=True):
            w -= part

    def _layer_errors(self, x: tuple[np.ndarray, ...], point: DeepPoint, out: DeepPoint) -> list[LayerError]:
        """Sums for every layer, neuron by neuron: those that stayed on the same side of every sample, and those that did not."""
        assert point.signals is not None
        assert out.signals is not None
        pairs = zip(point.signals.preactivations, out.signals.preactivations, strict=True)
        stayed = [np.all((then > 0) == (now > 0), axis=1) for then, now in pairs]
        found = []
        for layer, (error, w, start) in enumerate(zip(x, out.weights, self.flow.start, strict=True)):
            displacement = w - start
            rows = layer < len(stayed)  # the neurons of the output layer are those it reads
            sums = "coi,coi->co" if rows else "coi,coi->ci"
            same = stayed[layer] if rows else stayed[-1]
            along, squares = np.einsum(sums, error, displacement), np.einsum(sums, error, error)
            moved = float(dot(displacement.ravel(), displacement.ravel()))
            found.append(
                LayerError(
                    float(along[same].sum()), float(squares[same].sum()), float(np.sum(along[~same] ** 2)), moved
                )
            )
        return found
