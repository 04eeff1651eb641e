"""
A module watched in training
============================

Needs PyTorch: ``pip install 'phasetheory[torch]'``. ``nm.pytorch.Monitor`` in a training loop: how far every parameter moves, in
how many directions, and how the tangent kernel changes. The output weights outgrow their start here, the input weights hardly
move.
"""

import torch

import numerics as nm
from numerics.figures.monitor import plot_monitor

torch.manual_seed(0)
X, y = (torch.tensor(values, dtype=torch.float32) for values in nm.datasets.four_points())
model = torch.nn.Sequential(torch.nn.Linear(2, 200), torch.nn.ReLU(), torch.nn.Linear(200, 1))
monitor = nm.pytorch.Monitor(model, probe=X)
optimizer = torch.optim.Adam(model.parameters(), 1e-3)
for step in range(401):
    if step % 20 == 0:
        monitor.log(step)
    optimizer.zero_grad()
    ((model(X).squeeze(-1) - y) ** 2).mean().backward()
    optimizer.step()
plot_monitor(monitor.to_xarray())
