"""Runge-Kutta-Chebyshev on a module: what is conserved bounds the error of a step besides its own estimate."""

from numerics.flow.modules.state import ModuleFlow, ModulePoint
from numerics.flow.problem import Step
from numerics.flow.rkc import RungeKuttaChebyshev

__all__ = ["ModuleChebyshev"]


class ModuleChebyshev(RungeKuttaChebyshev[ModulePoint]):
    """RKC2 for a flow that says how far a step is off what is conserved."""

    def __init__(self, flow: ModuleFlow) -> None:
        super().__init__(flow)
        self.module_flow = flow

    def attempt(self, point: ModulePoint, h: float, out: ModulePoint) -> Step:
        """Step from ``point`` into ``out``, and the larger of the two errors."""
        step = super().attempt(point, h, out)
        self.module_flow.weigh_step(point, out)
        return step._replace(error=max(step.error, out.imbalance))
