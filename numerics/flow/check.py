"""How accurate a run is: another at a smaller tolerance says, whatever limits the accuracy."""

import warnings
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from numerics.errors import InputError
from numerics.flow.limits import Limits
from numerics.flow.solution import Solution

__all__ = ["run_twice"]

_FINER = 4.0  # factor between the tolerances of the two runs: two or three times the steps, a quarter of the error
_ALLOWED = 3.0  # in rtol: how far apart they may be without a warning


def run_twice(solve: Callable[[Limits], Solution], limits: Limits) -> Solution:
    """The finer of two runs, with their difference as ``error``; a warning if that is more than a few rtol."""
    if limits.callback is not None:
        raise InputError("check = True with a callback, which two runs would call; leave one of them out")
    coarse, fine = solve(limits), solve(replace(limits, rtol=limits.rtol / _FINER))
    error = {layer: _apart(coarse, fine, layer) for layer in fine.relative_distance}
    worst = max(error, key=error.__getitem__)
    if not error[worst] <= _ALLOWED * limits.rtol:
        warnings.warn(
            f"RD of {worst} is known to {error[worst]:.1g} only, not to rtol = {limits.rtol:g}: that far apart are two runs, "
            f"at it ({coarse.status.name}) and a quarter of it ({fine.status.name}); see the page on the integrator",
            UserWarning,
            stacklevel=3,
        )
    return replace(fine, error=error)


def _apart(coarse: Solution, fine: Solution, layer: str) -> float:
    """Largest relative difference of RD at the end and at the requested times that both got to."""
    ends = [run.relative_distance[layer] for run in (coarse, fine)]
    reports = [run.snapshots.relative_distance[layer].tolist() for run in (coarse, fine)]
    return max(_difference(*pair) for pair in [tuple(ends), *zip(*reports, strict=False)])


def _difference(given: float, exact: float) -> float:
    if given == exact:
        return 0.0
    return abs(given / exact - 1.0) if exact else np.inf
