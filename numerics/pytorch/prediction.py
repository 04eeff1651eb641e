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

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import brentq
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
_SINGULAR = 1e-12  # of the largest eigenvalue of a kernel
_NONE = (
    1e-12  # of the Jacobian, that of a parameter which is zero but for rounding: a bias before a normalisation, of keys
)
_EARLY, _LATE = 1e-6, 1e16  # times, in the unit of the quickest, between which a loss is looked for


@dataclass(frozen=True)
class TangentPrediction:
    """RD of every parameter as the tangent kernels have it.

    Attributes
    ----------
    relative_distance : mapping of str to float64 (2,)
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
    on_the_way : mapping of str to float64 (times + 1, 2)
        RD after the times that were asked for, and at the end, where the loss has come down to the level.
    errors : float64 (times + 1,)
        The error there.
    """

    relative_distance: Mapping[str, np.ndarray]
    error: float
    step: float
    strength: Mapping[str, float]
    start: float
    still: tuple[str, ...] = field(default=())
    on_the_way: Mapping[str, np.ndarray] = field(default_factory=dict, repr=False)
    errors: np.ndarray = field(default_factory=lambda: np.zeros(0), repr=False)


def predict_by_tangent(
    module: nn.Module,
    X: np.ndarray,
    y: np.ndarray,
    rates: Mapping[str, float] | None = None,
    optimizer: Optimizer = GRADIENT_FLOW,
    times: Sequence[float] = (),
    level: float = 0.0,
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
    times : sequence of float
        At which the distances on the way are wanted, ascending: numbers of steps at the learning rates.
    level : float
        Loss R = (1/2n) sum |f - y|^2 at which they end.
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
    kernels = dict(zip(network.layers, jacobian.layers(jacobian.rows), strict=True))
    least = _NONE * np.linalg.norm(jacobian.rows)
    still = tuple(name for name, part in kernels.items() if np.linalg.norm(part) <= least)
    for name in still:
        kernels[name][...] = 0.0
    left = np.sqrt(2 * len(X) * level)  # |f - y| at the level
    if optimizer.degree:
        flats, step = _by_flow(jacobian.rows, missing, len(X), times, left, by_steps=rates is not None)
    else:
        speeds = [np.full(w.size, root) for w, root in zip(network.weights, network.scales, strict=True)]
        flats, step = _by_signs(jacobian.rows, missing, np.concatenate(speeds), times, left)

    def error_of(flat: np.ndarray) -> float:
        moved = [w + part.reshape(w.shape) for w, part in zip(network.weights, jacobian.layers(flat), strict=True)]
        tangent = y.ravel() - missing + jacobian.rows @ flat
        return float(np.linalg.norm(forward.output(moved).ravel() - tangent) / np.linalg.norm(missing))

    *errors, error = map(error_of, flats)
    *path, distances = (_distances(network.weights, jacobian.layers(flat)) for flat in flats)
    strengths = {
        name: root * norms_of(w)[1]
        for name, w, root in zip(network.layers, network.weights, network.scales, strict=True)
    }
    start = float(np.linalg.norm(y.ravel() - missing) / (np.linalg.norm(y) or 1.0))
    return TangentPrediction(
        dict(zip(network.layers, distances, strict=True)),
        error,
        step,
        strengths,
        start,
        still,
        {name: np.array(rows) for name, rows in zip(network.layers, zip(*path, strict=True), strict=True)},
        np.array(errors),
    )


def _distances(weights: Sequence[np.ndarray], parts: Sequence[np.ndarray]) -> list[np.ndarray]:
    """RD of every layer in both norms, from its flat change."""
    found = []
    for w, part in zip(weights, parts, strict=True):
        moved, start = np.array(norms_of(part.reshape(w.shape))), np.array(norms_of(w))
        found.append(np.divide(moved, start, out=np.full(2, np.nan), where=start > 0))
    return found


def _by_flow(
    rows: np.ndarray, missing: np.ndarray, samples: int, times: Sequence[float], left: float, by_steps: bool
) -> tuple[list[np.ndarray], float]:
    """Changes of the weights at the times, where so much is left, and at the fit; what a step makes up for.

    A step leaves 1 - r of what was missing along an eigenvector, the flow exp(-r) in a time of 1.
    """
    values, vectors = np.linalg.eigh(rows @ rows.T)
    values = np.where(values > _SINGULAR * values[-1], values, 0.0)  # 0 where samples coincide
    along, step = vectors.T @ missing, float(values[-1]) / samples
    if step == 0:
        return [np.zeros(rows.shape[1])] * (len(times) + 2), step
    rates = -np.log1p(-values / samples) if by_steps and step < 1 else values / samples
    early, late = _EARLY / rates[-1], _LATE / rates[-1]

    def excess(log_time: float) -> float:
        return float(np.linalg.norm(along * np.exp(-rates * np.exp(log_time)))) - left

    def change(time: float) -> np.ndarray:
        done = -np.expm1(-np.multiply(rates, time, out=np.zeros_like(rates), where=values > 0))  # at any time, inf too
        shares = np.divide(done, values, out=np.zeros_like(values), where=values > 0)
        return np.asarray((vectors @ (shares * along)) @ rows)

    end = 0.0 if excess(np.log(early)) <= 0 else late
    if end and excess(np.log(late)) < 0:
        end = float(np.exp(brentq(excess, np.log(early), np.log(late))))
    return [change(time) for time in (*times, end, late)], step


def _by_signs(
    rows: np.ndarray, missing: np.ndarray, speeds: np.ndarray, times: Sequence[float], end: float
) -> tuple[list[np.ndarray], float]:
    """The same under sign descent, where the fit is where a tenth is left; a step is held against that."""
    left, change, path, found = missing, np.zeros(rows.shape[1]), 0.0, []
    waiting, size = list(times), float(np.linalg.norm(missing))
    step = float(np.linalg.norm(rows @ (np.sign(missing @ rows) * speeds))) / (_LEFT * size)
    at_end = None
    for _ in range(_LONGEST):
        away = np.linalg.norm(left)
        at_end = change if at_end is None and away <= max(end, _LEFT * size) else at_end
        if away <= _LEFT * size:
            break
        direction = np.sign(left @ rows) * speeds
        gain = rows @ direction
        length = _SHARE * (left @ gain) / (gain @ gain)
        while waiting and waiting[0] <= path + length:
            found.append(change + (waiting.pop(0) - path) * direction)
        change, left, path = change + length * direction, left - length * gain, path + length
    return [*found, *[change] * len(waiting), change if at_end is None else at_end, change], step


def norms_of(w: np.ndarray) -> tuple[float, float]:
    """Frobenius and spectral norm of a parameter as a matrix (outputs, inputs)."""
    matrix = np.ascontiguousarray(w.reshape(len(w) if w.ndim else 1, -1))
    return norm(matrix), spectral_norm(matrix, tolerance=1e-3)
