"""Where a run stops, and what it keeps."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from numerics.arrays import positive_number, real_number, truth, whole_number
from numerics.errors import InputError
from numerics.flow.solution import Progress

__all__ = ["Limits"]


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
        above = (self.loss_levels > self.loss_tol) & np.isfinite(self.loss_levels)
        if self.loss_levels.ndim != 1 or not np.all(above):
            raise InputError(
                f"loss_levels = {self.loss_levels}; give losses above loss_tol = {self.loss_tol:g}, such as (1e-2, 1e-4)"
            )
        if self.times.ndim != 1 or not np.all(np.diff(self.times, prepend=0.0) > 0):
            raise InputError(f"times = {self.times}; give increasing positive numbers")

    def _set(self, name: str, value: float) -> None:
        object.__setattr__(self, name, value)
