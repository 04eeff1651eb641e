"""What gradient flow conserves in a module: combinations of squared norms, from how often every path uses every parameter.

Biases count: the path of a bias begins where it is added. It holds for every loss, with relu and pooling.
"""

import copy

import torch
from torch import nn

import phasetheory as pt
from numerics.pytorch.trace import Fork, Normalised, Shift, Signal, read_module

__all__ = ["conserved_by"]


def conserved_by(module: nn.Module, inputs: torch.Tensor) -> tuple[dict[str, float], ...]:
    """Combinations q of |W|^2 by parameter that equal learning rates conserve; none where the module cannot be read whole.

    Examples
    --------
    >>> conserved_by(nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1, bias=False)), torch.ones(2, 3))
    ({'0.weight': 1.0, '0.bias': 1.0, '2.weight': -1.0},)
    """
    reading = read_module(copy.deepcopy(module), inputs)
    if reading.signal is None or reading.gains or any(isinstance(part, Normalised) for part in reading.signal):
        return ()
    paths = _series(reading.signal).spanning()
    # of what is held fixed nothing is known, and nothing is asked
    moving = [name for name, parameter in module.named_parameters() if parameter.requires_grad]
    used = [{name: uses for name, uses in path.items() if name in moving} for path in paths]
    names = [name for name in moving if any(name in path for path in used)]
    laws = pt.conserved_quantities(names, [path for path in used if path]) if names else ()
    return tuple({name: float(q) for name, q in law.coefficients.items()} for law in laws)


def _series(signal: Signal) -> pt.Series:
    """A signal without its factors, which change no balance."""
    parts: list[str | pt.Bias | pt.Parallel] = []
    for part in signal:
        if isinstance(part, str):
            parts.append(part)
        elif isinstance(part, Shift):
            parts.append(pt.Bias(part.bias))
        elif isinstance(part, Fork):
            parts.append(pt.Parallel(*map(_series, part.branches)))
    return pt.Series(*parts)
