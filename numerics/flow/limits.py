"""Where a run stops, and what it keeps."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from numerics.arrays import positive_number, real_number, truth, whole_number
from numerics.errors import InputError
from numerics.flow.controller import PIController
from numerics.flow.fineness import Bounded
from numerics.flow.solution import Progress
from numerics.kernels.control import Rules

__all__ = ["Limits"]

_MATCH = 2.0  # in rtol
_COARSE = 1e-2  # rtol down to which the steps that a method allows by itself are short enough


@dataclass(frozen=True)
class Limits:
    """What the user asked for, checked; see :func:`numerics.gradient_flow`."""

    loss_tol: float
    rtol: float
    t_max: float
    grad_tol: float
    max_steps: int
    max_seconds: float
    loss_levels: np.ndarray
    times: np.ndarray
    keep_weights: bool
    callback: Callable[[Progress], bool | None] | None

    def __post_init__(self) -> None:
        for name in ("loss_tol", "rtol", "t_max", "max_seconds"):
            unlimited = name in ("t_max", "max_seconds")
            self._set(name, positive_number(getattr(self, name), name, infinite=unlimited))
        if self.rtol >= 1:
            raise InputError(f"rtol = {self.rtol}; give a relative accuracy below 1, such as 1e-2")
        self._set("grad_tol", real_number(self.grad_tol, "grad_tol"))
        if self.grad_tol < 0:
            raise InputError(f"grad_tol = {self.grad_tol}; give 0 to switch it off, or a positive number")
        self._set("max_steps", whole_number(self.max_steps, "max_steps", 1, "give a positive integer"))
        truth(self.keep_weights, "keep_weights")
        if self.callback is not None and not callable(self.callback):
            raise InputError(f"callback = {self.callback!r}; give a function of one Progress, or None")
        levels, times = self.loss_levels, self.times
        if levels.ndim != 1 or (levels.size and not np.all((levels > self.loss_tol) & np.isfinite(levels))):
            raise InputError(
                f"loss_levels = {self.loss_levels}; give losses above loss_tol = {self.loss_tol:g}, such as (1e-2, 1e-4)"
            )
        if times.ndim != 1 or (times.size and not np.all(np.diff(times, prepend=0.0) > 0)):
            raise InputError(f"times = {self.times}; give increasing positive numbers")

    @property
    def match(self) -> float:
        """|log(value/tolerance)| at which a stop on the loss or the gradient counts as located."""
        return _MATCH * min(self.rtol, 1e-2)

    @property
    def levels(self) -> list[float]:
        """Losses that a step ends on, the largest first, but for the last."""
        return sorted(self.loss_levels.tolist(), reverse=True)

    @property
    def only_fit(self) -> bool:
        """Whether nothing is asked for on the way to a loss."""
        return self.callback is None and self.times.size == 0 and self.grad_tol == 0 and self.t_max == np.inf

    def step_bounds(self, method: Bounded) -> tuple[float, float]:
        """Growth of a weight allowed in one step, as an exponent, and its error, for a method."""
        fine = min(1.0, max(self.rtol, method.fineness.down_to) / _COARSE)
        return method.growth * fine**method.fineness.growth, self.rtol * fine**method.fineness.error

    def rules(self, method: Bounded, steps: int) -> Rules:
        """What compiled steps of a method need to know, ``steps`` of them, from the start."""
        growth, tolerance = self.step_bounds(method)
        return Rules(
            levels=np.array([*self.levels, self.loss_tol]),
            match=self.match,
            milestone=self.t_max,
            gradient=self.grad_tol or -1.0,
            tolerance=tolerance,
            growth=growth,
            order=method.order,
            safety=PIController.safety,
            smallest=PIController.smallest,
            largest=PIController.largest,
            steps=steps,
            tries=self.max_steps,
        )

    def _set(self, name: str, value: float) -> None:
        object.__setattr__(self, name, value)
