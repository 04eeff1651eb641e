"""What a run needs to know about a network on its data: one implementation a kind of network."""

from typing import Any, Protocol

import numpy as np

__all__ = ["Problem", "RunPoint", "Step"]


class RunPoint(Protocol):
    """A state with its residual.

    Attributes
    ----------
    residual : float64 (n,)
        f - y.
    kernel : float64 (n, n) or None
        Tangent kernel, if the integrator uses it, once it has prepared the point.
    gradient_squared : float or None
        |grad R|^2, once the integrator has prepared the point.
    loss : float
        R = (1/2n) sum_i e_i^2.
    """

    residual: np.ndarray
    kernel: np.ndarray | None
    gradient_squared: float | None

    @property
    def loss(self) -> float:
        """R."""


class Step(Protocol):
    """A step that was tried; its error is to be compared with rtol. What else it holds, the problem reads."""

    @property
    def error(self) -> float:
        """Relative error of the distances."""


class Problem(Protocol):
    """A network, its data and an integrator.

    Attributes
    ----------
    layers : tuple of str
        Names of the weights, input to output.
    sizes : tuple of float
        Frobenius norms of the weights at the start, layer by layer.
    point, trial : RunPoint
        Room for a state each; ``point`` is at the start, with its residual.
    targets : float64 (n,)
    integrator
        ``name``, ``order`` and ``growth`` (of weights allowed in one step, as an exponent), ``prepare(point)``,
        ``spectral_radius(point)`` and ``attempt(point, h, out)``; see :class:`numerics.flow.two_layer.Integrator`.
    evaluations, kernel_evaluations : int
        Cost until now; see :class:`numerics.flow.solution.Statistics`.
    """

    layers: tuple[str, ...]
    sizes: tuple[float, ...]
    point: Any
    trial: Any
    targets: np.ndarray
    integrator: Any

    @property
    def evaluations(self) -> int:
        """Passes over the weights."""

    @property
    def kernel_evaluations(self) -> int:
        """Tangent kernels found."""

    def distances(self, step: Any) -> tuple[float, ...]:
        """|W(t) - W(0)| of every layer after a step."""

    def accepted(self) -> None:
        """Called after every accepted step."""

    def growth_bound(self, point: Any) -> float:
        """No weight grows faster than exp(bound * t); cheap."""

    def largest_growth_rate(self, point: Any) -> float:
        """The same, as sharp as can be found: asked only where nothing seems to move."""

    def network_at(self, point: Any) -> Any:
        """The network with the weights of a point."""

    def conserved_drift(self, final: Any) -> float:
        """What the method changed the conserved quantities by, relative to their parts in the final network."""

    def close(self) -> None:
        """Let threads go."""
