"""The derivatives of a module by PyTorch's automatic differentiation (``torch.func``); numbers in and out are NumPy's, float64.

Weights share their memory with NumPy: a pullback is good until they are written again.
"""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from numerics.errors import InputError, missing_torch, shown

try:
    import torch
    from torch.func import functional_call, jvp, replace_all_batch_norm_modules_
except ImportError as error:
    raise missing_torch("a network given as a module") from error

__all__ = ["Forward", "Jacobian", "Pullback", "prepared"]

_DROPOUT = torch.nn.modules.dropout._DropoutNd


def prepared(module: Any) -> tuple[torch.nn.Module, dict[str, np.ndarray]]:
    """A copy of a module in float64, and its parameters by name, each once."""
    if not isinstance(module, torch.nn.Module):
        raise InputError(f"module is of type {type(module).__name__}; give a torch.nn.Module")
    drawing = [name for name, part in module.named_modules() if isinstance(part, _DROPOUT) and part.training and part.p]
    if drawing:
        raise InputError(
            f"{drawing[0] or 'the module'} is dropout in training mode, whose output is random; call module.eval() first"
        )
    function = copy.deepcopy(module).to(device="cpu", dtype=torch.float64)
    if function.training:
        replace_all_batch_norm_modules_(function)  # no memory of other batches
    trained = {name: p.detach().numpy().copy() for name, p in function.named_parameters() if p.requires_grad}
    if not trained:
        raise InputError("the module has no parameters that ask for a gradient; give one with layers to train")
    for name, values in trained.items():
        if not np.all(np.isfinite(values)):
            raise InputError(f"parameter {name} contains NaN or infinite values; give finite ones")
    return function.requires_grad_(False), trained


@dataclass(frozen=True)
class Jacobian:
    """df/dV at the samples.

    Attributes
    ----------
    rows : float64 (N, P)
        Outputs of the samples, one after the other, by all weights, flat, layer by layer.
    shapes : tuple of shapes
        Of the layers.
    """

    rows: np.ndarray
    shapes: tuple[tuple[int, ...], ...]

    def layers(self, flat: np.ndarray) -> tuple[np.ndarray, ...]:
        """The parts (..., P_l) of an array (..., P)."""
        ends = np.cumsum([int(np.prod(shape)) for shape in self.shapes])
        return tuple(np.split(flat, ends[:-1], axis=-1))

    def product(self, direction: Sequence[np.ndarray]) -> np.ndarray:
        """J v (N,), for a direction v shaped like the weights."""
        return self.rows @ np.concatenate([np.ravel(v) for v in direction])

    def transposed_product(self, c: np.ndarray) -> tuple[np.ndarray, ...]:
        """J^T c, shaped like the weights, for N numbers c."""
        return tuple(p.reshape(s) for p, s in zip(self.layers(c @ self.rows), self.shapes, strict=True))

    def kernels(self) -> tuple[np.ndarray, ...]:
        """Tangent kernel G_l = J_l J_l^T (N, N) of every layer."""
        return tuple(part @ part.T for part in self.layers(self.rows))


class Pullback:
    """J^T c at the weights of one forward pass, as long as these are not written."""

    def __init__(self, of: Callable[[torch.Tensor], tuple[torch.Tensor, ...]], outputs: int) -> None:
        self._of, self._outputs = of, outputs

    def __call__(self, c: np.ndarray) -> np.ndarray:
        """J^T c (P,), flat."""
        return torch.cat([part.reshape(-1) for part in self._of(torch.from_numpy(c))]).numpy()

    def rows(self) -> np.ndarray:
        """J (N, P), one output after the other: ``vmap`` is no quicker for few."""
        return np.stack([self(c) for c in np.eye(self._outputs)])


class Forward:
    """f at given samples as a function of the weights V, without the offset.

    Parameters
    ----------
    function : torch.nn.Module
    names : tuple of str
        Of its parameters.
    scales : tuple of float
        The parameters are these times V.
    weights : tuple of arrays
        Some V, to see what the function makes of X.
    X : array (n, ...)

    Attributes
    ----------
    shape : tuple of int
        Of the output, (n,) or (n, k).
    """

    def __init__(
        self,
        function: torch.nn.Module,
        names: tuple[str, ...],
        scales: tuple[float, ...],
        weights: Sequence[np.ndarray],
        X: np.ndarray,
    ) -> None:
        self._function, self._names, self._scales = function, names, scales
        self._inputs = torch.from_numpy(X)
        self.shape: tuple[int, ...] = ()
        try:
            found = self._raw(*_tensors(weights))
        except (RuntimeError, ValueError, TypeError, IndexError, NotImplementedError) as error:
            kind = type(function).__name__
            raise InputError(
                f"{kind} does not take X of shape {X.shape} and type {X.dtype}: {shown(str(error))}"
            ) from error
        if not isinstance(found, torch.Tensor) or found.ndim not in (1, 2) or len(found) != len(X):
            what = f"shape {tuple(found.shape)}" if isinstance(found, torch.Tensor) else f"type {type(found).__name__}"
            raise InputError(
                f"the module's output for {len(X)} samples has {what}; let it give ({len(X)},) or ({len(X)}, k)"
            )
        self.shape = tuple(found.shape)

    def output(self, weights: Sequence[np.ndarray]) -> np.ndarray:
        """The output (n,) or (n, k)."""
        return self._raw(*_tensors(weights)).numpy()

    def pull(self, weights: Sequence[np.ndarray]) -> tuple[np.ndarray, Pullback]:
        """The output, flat (N,), and its pullback."""
        leaves = _leaves(weights)
        found = self._flat(*leaves)
        return found.detach().numpy().copy(), Pullback(partial(_pulled, found, leaves), found.numel())

    def push(self, weights: Sequence[np.ndarray], direction: Sequence[np.ndarray]) -> np.ndarray:
        """J v (N,), for a direction v shaped like the weights."""
        return jvp(self._flat, _tensors(weights), _tensors(direction))[1].numpy()

    def jacobian(self, weights: Sequence[np.ndarray]) -> Jacobian:
        """J as a matrix."""
        return Jacobian(self.pull(weights)[1].rows(), tuple(w.shape for w in weights))

    def curvature(self, weights: Sequence[np.ndarray], c: np.ndarray) -> Callable[[Sequence[np.ndarray]], np.ndarray]:
        """The products v -> sum_i c_i (d^2 f_i/dV dV) v (P,), flat, as long as the weights are not written."""
        leaves = _leaves(weights)
        # the matrix is symmetric: twice in reverse, which more operations know than forward over reverse
        slope = torch.cat(
            [part.reshape(-1) for part in _pulled(self._flat(*leaves), leaves, torch.from_numpy(c), True)]
        )

        def product(v: Sequence[np.ndarray]) -> np.ndarray:
            direction = torch.cat([part.reshape(-1) for part in _tensors(v)])
            if not slope.requires_grad:  # f is linear in the weights
                return np.zeros(len(slope))
            return torch.cat([part.reshape(-1) for part in _pulled(slope, leaves, direction)]).numpy()

        return product

    def _raw(self, *weights: torch.Tensor) -> Any:
        pairs = zip(self._names, weights, self._scales, strict=True)
        named = {name: w if scale == 1.0 else scale * w for name, w, scale in pairs}
        return functional_call(self._function, named, (self._inputs,))

    def _flat(self, *weights: torch.Tensor) -> torch.Tensor:
        return self._raw(*weights).reshape(-1)


def _leaves(arrays: Sequence[np.ndarray]) -> tuple[torch.Tensor, ...]:
    return tuple(w.requires_grad_() for w in _tensors(arrays))


def _pulled(
    found: torch.Tensor, leaves: tuple[torch.Tensor, ...], c: torch.Tensor, again: bool = False
) -> tuple[torch.Tensor, ...]:
    """C^T d(found)/d(leaves), differentiable where it is needed ``again``; ``torch.func`` takes a third longer for the same."""
    return torch.autograd.grad(found, leaves, c, retain_graph=True, create_graph=again, materialize_grads=True)


def _tensors(arrays: Sequence[np.ndarray]) -> tuple[torch.Tensor, ...]:
    return tuple(map(torch.from_numpy, arrays))
