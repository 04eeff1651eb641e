r"""What the tangent kernels at the start say of a module: how far every parameter moves until the targets are met.

The tangent model of a module under gradient flow fits y with the smallest change of the weights,

    dW_l = eta_l J_l^T G^-1 (y - f_0),    G = sum_l eta_l J_l J_l^T,

so RD_l is known with its constant. Under sign descent, dW_l/dt = -eta_l sign(J_l^T e), it is followed until a tenth of what was
missing is left: signs never rest. Its error is computed, not bounded: the module itself, moved by dW, is so much of what it
had to learn away from where the tangent model is.

A step of gradient descent makes up for eta lambda/n of what is missing along an eigenvector of G, R = (1/2n) sum |f - y|^2.
Below 1 it ends where the flow does; beyond 1 it overshoots, beyond 2 it diverges. A step of signs, which does not shrink, has to
be held against the tenth that is left at the end.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from torch import nn

from numerics.errors import InputError
from numerics.networks.module import Module
from numerics.networks.norms import norm, spectral_norm
from phasetheory.scaling.optimizers import GRADIENT_FLOW, Optimizer

__all__ = ["FAR", "TangentPrediction", "norms_of", "predict_by_tangent"]

FAR = 0.3  #: error of the tangent model beyond which a module is far from it
_MOST = 200_000_000  # entries of a Jacobian: 1.6 GB
_LEFT = 0.1  # of what was missing, where signs end
_SHARE = 0.2  # of the step that would bring a sign step nearest to the targets
_LONGEST = 2000  # steps of signs


@dataclass(frozen=True)
class TangentPrediction:
    """RD of every parameter as the tangent kernels have it.

    Attributes
    ----------
    relative_distance : mapping of str to (float, float)
        In Frobenius and in spectral norm; nan for a parameter that starts at zero.
    error : float
        |f(W + dW) - f_0 - J dW|/|f_0 - y|: 0 where the module is its tangent model. Beyond about 0.3 it is far from it, and RD is
        another.
    step : float
        What a step of the optimiser makes up for, over what is missing: at most, along the leading eigenvector of the tangent
        kernel; of signs, over what is left at the end. Beyond 1 steps overshoot.
    strength : mapping of str to float
        Spectral norm at the start.
    start : float
        Size of the output at the start over that of the targets.
    still : tuple of str
        Parameters that do not move the output at first.
    """

    relative_distance: Mapping[str, tuple[float, float]]
    error: float
    step: float
    strength: Mapping[str, float]
    start: float
    still: tuple[str, ...] = field(default=())


def predict_by_tangent(
    module: nn.Module,
    X: np.ndarray,
    y: np.ndarray,
    rates: Mapping[str, float] | None = None,
    optimizer: Optimizer = GRADIENT_FLOW,
) -> TangentPrediction:
    """Prediction for one module.

    Parameters
    ----------
    module : torch.nn.Module
        Without dropout that draws.
    X : array (n, ...)
    y : float64, of the shape of the output
    rates : mapping, optional
        Learning rates; a parameter without one is held.
    optimizer : Optimizer
        Gradient flow or sign descent.
    """
    for name, parameter in module.named_parameters():
        parameter.requires_grad_(parameter.requires_grad and (rates is None or name in rates))
    network = Module.of(module, centred=False, learning_rates=None if rates is None else dict(rates))
    forward = network.forward(X)
    missing = y.ravel() - forward.output(network.weights).ravel()
    if not np.all(np.isfinite(missing)):
        raise InputError("the output of the module at X has NaN or infinite values; let it be finite")
    if not missing.any():
        raise InputError(
            "y is what the module gives at the start, so that there is nothing to learn; give other targets"
        )
    if missing.size * network.size > _MOST:
        raise InputError(
            f"X has {len(X)} samples for {network.size} weights: their derivatives do not fit; give at most "
            f"{max(1, _MOST * len(X) // (missing.size * network.size))} samples, or smaller widths"
        )
    jacobian = forward.jacobian(network.weights)
    if optimizer.degree:
        kernel = jacobian.rows @ jacobian.rows.T
        # of all changes that fit, the smallest; singular where samples coincide
        flat = np.linalg.lstsq(kernel, missing, rcond=1e-12)[0] @ jacobian.rows
        step = float(np.linalg.eigvalsh(kernel)[-1]) / len(X)
    else:
        speeds = [np.full(w.size, root) for w, root in zip(network.weights, network.scales, strict=True)]
        flat, step = _by_signs(jacobian.rows, missing, np.concatenate(speeds))
    changes = [part.reshape(w.shape) for part, w in zip(jacobian.layers(flat), network.weights, strict=True)]
    moved = forward.output([w + change for w, change in zip(network.weights, changes, strict=True)]).ravel()
    distances, strengths = {}, {}
    for name, w, change, root in zip(network.layers, network.weights, changes, network.scales, strict=True):
        sizes, moves = norms_of(w), norms_of(change)
        distances[name] = tuple(a / b if b > 0 else float("nan") for a, b in zip(moves, sizes, strict=True))
        strengths[name] = root * sizes[1]
    kernels = zip(network.layers, jacobian.layers(jacobian.rows), strict=True)
    still = tuple(name for name, part in kernels if not part.any())
    tangent = y.ravel() - missing + jacobian.rows @ flat
    error = float(np.linalg.norm(moved - tangent) / np.linalg.norm(missing))
    start = float(np.linalg.norm(y.ravel() - missing) / (np.linalg.norm(y) or 1.0))
    return TangentPrediction(distances, error, step, strengths, start, still)  # type: ignore[arg-type]  # two norms


def _by_signs(rows: np.ndarray, missing: np.ndarray, speeds: np.ndarray) -> tuple[np.ndarray, float]:
    """The change of the weights under sign descent, and what a step at the learning rates makes up for."""
    left, change, first = missing, np.zeros(rows.shape[1]), 0.0
    for _ in range(_LONGEST):
        if np.linalg.norm(left) <= _LEFT * np.linalg.norm(missing):
            break
        direction = np.sign(left @ rows) * speeds
        gain = rows @ direction
        first = first or float(np.linalg.norm(gain) / np.linalg.norm(missing)) / _LEFT
        length = _SHARE * (left @ gain) / (gain @ gain)
        change, left = change + length * direction, left - length * gain
    return change, first


def norms_of(w: np.ndarray) -> tuple[float, float]:
    """Frobenius and spectral norm of a parameter as a matrix (outputs, inputs)."""
    matrix = np.ascontiguousarray(w.reshape(len(w) if w.ndim else 1, -1))
    return norm(matrix), spectral_norm(matrix, tolerance=1e-3)
