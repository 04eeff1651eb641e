"""
The regimes of a PyTorch module
===============================

Needs PyTorch: ``pip install 'phasetheory[torch]'``. A function that builds the module at a width, and a few samples, are all
that is asked: the regime of every parameter is derived from the module, and trained modules of each width are held against it.
Dashed: predicted slopes. ``phasetheory inspect model.py:factory --train`` does the same.
"""

import numpy as np
import torch

import numerics as nm


def factory(width):
    """A module of PyTorch, as it comes."""
    hidden = torch.nn.Linear(10, width), torch.nn.ReLU(), torch.nn.Linear(width, width), torch.nn.ReLU()
    return torch.nn.Sequential(*hidden, torch.nn.Linear(width, 1))


rng = np.random.default_rng(0)
check = nm.pytorch.scaling_check(
    factory,
    rng.standard_normal((8, 10)),
    rng.standard_normal(8),
    widths=(64, 128, 256),
    seeds=2,
    steps=(10, 1000),
    optimizer=lambda model: torch.optim.SGD(model.parameters(), 0.02),
)
print(check.inspection.sentence)
check.plot()
