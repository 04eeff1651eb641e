r"""The rate of an optimiser where none is asked for: from the scales of the network, lowered as the run shows.

Sign descent moves every weight of layer l by u c with c its speed, the layer as a whole by u c_l, c_l = c sqrt(fan_in fan_out).
With s_l the strength of a layer, P = kappa prod_l s_l / |y| its capacity and |y| the root mean square of the targets, the fit
takes

    u = 1/(P max_l c_l/s_l) for P >= 1,    prod_l max(s_l, u c_l) = |y|/kappa below:

a few hundred steps make a path of it. Gradient descent is stable below 2/lambda, lambda the largest eigenvalue of the tangent
kernel over n, at the start or once the layers have grown until kappa prod_l max(s_l, sqrt(Delta)) = |y|.
"""

from math import prod

import numpy as np

from numerics.flow.descent.rule import UpdateRule
from numerics.flow.descent.state import State

__all__ = ["derived_rate"]

_STEPS = 200  # in which sign descent moves the weights by what the fit takes
_STABLE = 0.5  # times 1/lambda: a quarter of what is stable


def derived_rate(state: State, optimizer: UpdateRule, kappa: float, largest_eigenvalue: float) -> float:
    """The rate to begin with; ``largest_eigenvalue`` is that of the tangent kernel at the start, over n."""
    strengths = [state.sizes[layer] / np.sqrt(min(state.fans[layer])) for layer in state.through]
    target = float(np.sqrt(np.mean(state.targets**2))) or 1.0
    capacity = kappa * prod(strengths) / target
    if optimizer.adaptive:
        speeds = [state.speeds[layer] * np.sqrt(prod(state.fans[layer])) for layer in state.through]
        if capacity >= 1:
            path = 1.0 / (capacity * max(c / s for c, s in zip(speeds, strengths, strict=True)))
        else:
            path = _grown(strengths, speeds, target / kappa)
        return path / _STEPS
    squares = [s**2 for s in strengths]
    added = min(squares) / capacity if capacity >= 1 else _grown(strengths, [1.0] * len(strengths), target / kappa) ** 2
    grown = (target * max(capacity, 1.0)) ** 2 / min(max(square, added) for square in squares)
    return _STABLE / max(largest_eigenvalue, grown) / optimizer.speed


def _grown(strengths: list[float], speeds: list[float], wanted: float) -> float:
    """Where prod_l max(s_l, u c_l) is ``wanted``, as u: a power of it between the values at which a layer begins to grow."""
    order = sorted((s / c, c) for s, c in zip(strengths, speeds, strict=True))
    logs = np.log(strengths).sum()
    power = 0
    for number, (begins, _) in enumerate(order, start=1):
        following = order[number][0] if number < len(order) else np.inf
        power = number
        if (np.log(wanted) - logs) / power <= np.log(following / begins):
            return float(begins * np.exp((np.log(wanted) - logs) / power))
        logs += power * np.log(following / begins)
    raise AssertionError("the last stretch has no end")
