"""One module, trained: by an optimiser of PyTorch or in the gradient flow, and how far every parameter had moved on the way."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from numerics.flow import gradient_flow
from numerics.networks.module import Module
from numerics.pytorch.laws import MakeOptimizer
from numerics.pytorch.prediction import norms_of
from numerics.pytorch.targets import Targets
from numerics.scans import CellStatus

__all__ = ["Trained", "train"]

_DIVERGED = 1e50  # a loss beyond which distances are none


@dataclass(frozen=True)
class Trained:
    """What became of a module.

    Attributes
    ----------
    relative_distance : float64 (steps + 1, parameters, norms)
        At the steps asked for, nan for those after the end, and last at the end; nan for a parameter that starts at zero.
    loss, end : float
        Loss at the end, and the number of steps, or the time of the flow.
    status : CellStatus
        DONE at the loss that ends a run, or at rest.
    """

    relative_distance: np.ndarray
    loss: float
    end: float
    status: CellStatus


def train(
    module: nn.Module,
    samples: np.ndarray,
    targets: Targets,
    optimizer: MakeOptimizer | None,
    steps: Sequence[int],
    loss_tol: float,
    max_seconds: float,
) -> Trained:
    """Train a module with all samples in every step, or in the gradient flow if there is no optimiser; it is changed."""
    if optimizer is None:
        return _in_the_flow(module, samples, targets, steps, loss_tol, max_seconds)
    return _by_steps(module, samples, targets, optimizer(module), steps, loss_tol, max_seconds)


def _in_the_flow(
    module: nn.Module, samples: np.ndarray, targets: Targets, times: Sequence[int], loss_tol: float, max_seconds: float
) -> Trained:
    start = Module.of(module, centred=False)
    run = gradient_flow(
        start,
        samples,
        targets.values,
        loss=targets.loss,
        loss_tol=loss_tol,
        times=times,
        keep_weights=True,
        max_seconds=max_seconds,
        throw=False,
    )
    states = [network.weights for network in run.snapshots.networks]
    rows = [_moved(start.weights, weights) for weights in states]
    rows += [np.full((len(start.weights), 2), np.nan)] * (len(times) - len(rows))
    rows.append(_moved(start.weights, run.network.weights))
    done = run.converged or run.at_rest
    return Trained(np.array(rows), run.loss, run.t, CellStatus.DONE if done else CellStatus.STOPPED_SHORT)


def _by_steps(
    module: nn.Module,
    samples: np.ndarray,
    targets: Targets,
    optimizer: torch.optim.Optimizer,
    steps: Sequence[int],
    loss_tol: float,
    max_seconds: float,
) -> Trained:
    parameters = [p for p in module.parameters() if p.requires_grad]
    start = _weights(parameters)
    rows = np.full((len(steps) + 1, len(start), 2), np.nan)
    places = {step: place for place, step in enumerate(steps)}
    inputs, ends = torch.from_numpy(samples), time.monotonic() + max_seconds
    for step in range(steps[-1] + 1):
        optimizer.zero_grad()
        loss = targets.value(module(inputs))
        reached = float(loss.detach())
        if not reached < _DIVERGED:
            break
        if step in places:
            rows[places[step]] = _moved(start, _weights(parameters))
        if reached <= loss_tol or step == steps[-1] or time.monotonic() > ends:
            rows[-1] = _moved(start, _weights(parameters))
            break
        loss.backward()
        optimizer.step()
    done = reached <= loss_tol
    return Trained(rows, reached, float(step), CellStatus.DONE if done else CellStatus.STOPPED_SHORT)


def _weights(parameters: Sequence[nn.Parameter]) -> list[np.ndarray]:
    return [p.detach().numpy().copy() for p in parameters]


def _moved(start: Sequence[np.ndarray], now: Sequence[np.ndarray]) -> np.ndarray:
    """RD (parameters, norms)."""
    sizes = np.array([norms_of(w) for w in start])
    moves = np.array([norms_of(w - w0) for w, w0 in zip(now, start, strict=True)])
    return np.divide(moves, sizes, out=np.full_like(moves, np.nan), where=sizes > 0)
