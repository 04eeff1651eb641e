"""The gradient flow of a deep network on its data: states, residuals, norms; and a count of evaluations."""

from itertools import accumulate, pairwise
from typing import NamedTuple

import numpy as np
from scipy.linalg import eigh

from numerics.flow.deep.balance import Balance
from numerics.networks.deep import DeepNetwork
from numerics.networks.jacobian import Jacobian, Moved, Signals
from numerics.networks.norms import spectral_norm

__all__ = ["DeepFlow", "DeepPoint", "DeepStep", "advance"]

_BLOCK = 2**16  # numbers of a block of rows that is worked on while it is in the second-level cache


class DeepPoint:
    """A state with its residual; the weights are views into one flat array."""

    def __init__(self, shapes: list[tuple[int, ...]], samples: int) -> None:
        ends = list(accumulate((int(np.prod(shape)) for shape in shapes), initial=0))
        self.shapes, self.edges = shapes, list(pairwise(ends))
        self.y = np.zeros(ends[-1])
        self.weights = self.views(self.y)
        self.residual = np.zeros(samples)
        self.signals: Signals | None = None  # of the forward pass that found the residual
        self.jacobian: Jacobian | None = None
        self.kernel: np.ndarray | None = None  # tangent kernel J J^T/n
        self.gradient_squared: float | None = None  # |grad R|^2
        self.moved: tuple[float, ...] = (0.0,) * len(shapes)  # |W - W(0)| of every layer
        self.velocity: np.ndarray | None = None  # flat, for the methods that use it
        self.velocity_known = False

    def views(self, flat: np.ndarray) -> tuple[np.ndarray, ...]:
        """The layers of a flat array laid out like the state."""
        return tuple(
            flat[first:last].reshape(shape) for (first, last), shape in zip(self.edges, self.shapes, strict=True)
        )

    @property
    def loss(self) -> float:
        """R = (1/2n) sum_i e_i^2."""
        return float(self.residual @ self.residual) / (2 * self.residual.size)


class DeepStep(NamedTuple):
    """A step that was tried: its error, to be compared with rtol, and |W - W(0)| of every layer at its end."""

    error: float
    moved: tuple[float, ...]


class DeepFlow:
    """The flow of one network on one data set."""

    def __init__(self, network: DeepNetwork, X: np.ndarray, y: np.ndarray) -> None:
        self.chain, self.start, self.X = network.chain, network.weights, X
        self.shapes = [w.shape for w in network.weights]
        self.zero = y + network.offset(X)  # the output of the weights at which the residual vanishes
        self.strengths = tuple(max(spectral_norm(v, tolerance=0.1) for v in w) for w in network.weights)
        self.evaluations = 0
        self.kernel_evaluations = 0
        self.balance = Balance(network.weights) if network.activation.homogeneous else None
        self._lengths = np.linalg.norm(X, axis=1)

    def new_point(self) -> DeepPoint:
        """Room for a state."""
        return DeepPoint(self.shapes, len(self.zero))

    def update_residual(self, point: DeepPoint) -> None:
        """Residual of a point from its weights."""
        self.set_signals(point, self.chain.forward(point.weights, self.X))

    def set_signals(self, point: DeepPoint, signals: Signals) -> None:
        """Take the forward pass of a point from elsewhere."""
        point.signals, point.jacobian, point.kernel, point.gradient_squared = signals, None, None, None
        point.velocity_known = False
        np.subtract(signals.output, self.zero, out=point.residual)
        self.evaluations += 1

    def settle(self, point: DeepPoint) -> None:
        """End a step at a point with its signals: back on the balance law, and the distances from the start."""
        assert point.signals is not None, "find the residual first"
        if self.balance is not None:
            point.moved = self.balance.restore(point.weights, point.signals)
        else:
            pairs = zip(point.weights, self.start, strict=True)
            point.moved = tuple(float(np.linalg.norm(w - start)) for w, start in pairs)

    def differentiate(self, point: DeepPoint) -> Jacobian:
        """Jacobian of a point with its residual."""
        if point.jacobian is None:
            assert point.signals is not None, "find the residual first"
            point.jacobian = self.chain.backward(point.weights, point.signals)
        return point.jacobian

    def find_kernel(self, point: DeepPoint) -> None:
        """Tangent kernel and gradient of a point with its residual."""
        if point.kernel is not None:
            return
        n = len(self.zero)
        kernel = np.sum(self.differentiate(point).kernels(), axis=0) / n
        self.kernel_evaluations += 1
        square = float(point.residual @ kernel @ point.residual) / n
        point.kernel = kernel
        point.gradient_squared = max(square, 0.0)  # rounding can take it below

    def largest_eigenvalue(self, point: DeepPoint) -> float:
        """That of the tangent kernel, which has been found."""
        assert point.kernel is not None, "prepare the point first"
        last = len(point.kernel) - 1
        return float(eigh(point.kernel, eigvals_only=True, subset_by_index=[last, last])[0])

    def moved(self, point: DeepPoint, c: np.ndarray) -> Jacobian:
        """The Jacobian at the weights of a point minus J^T c."""
        self.evaluations += 1
        return self.chain.jacobian(point.weights, self.X, Moved(self.differentiate(point), c))

    def growth_bound(self, point: DeepPoint) -> float:
        """Bound on the growth rate of any weight, from the spectral norms of the layers.

        The part of the flow's Jacobian that is not the kernel is -sum_i e_i d^2f_i/n. Its block of layers j and k is at most
        (kappa/n) sum_i |e_i| |x_i| times the norms of all other layers (activations with slopes up to 1), so the norm of the
        L-by-L matrix of these bounds bounds it. The norm of a layer is at most that of its start and what it moved by.
        """
        norms = [s + moved for s, moved in zip(self.strengths, point.moved, strict=True)]
        norms = [gain * norm for gain, norm in zip(self.chain.gains, norms, strict=True)]
        depth = len(norms)
        blocks = np.zeros((depth, depth))
        for j in range(depth):
            for k in range(j):
                others = [norm for layer, norm in enumerate(norms) if layer not in (j, k)]
                blocks[j, k] = blocks[k, j] = self.chain.gains[j] * self.chain.gains[k] * float(np.prod(others))
        signal = self.chain.kappa * float(np.abs(point.residual) @ self._lengths) / len(self.zero)
        return signal * float(np.linalg.eigvalsh(blocks)[-1])


def advance(w: np.ndarray, left: np.ndarray, right: np.ndarray, h: np.ndarray, out: np.ndarray, z: np.ndarray) -> None:
    """One layer of a step: out = w - left^T right and z = h out^T, in blocks of rows that stay in the cache.

    Parameters
    ----------
    w, out : float64 (copies, fan_out, fan_in)
    left : float64 (copies, k, fan_out); right : float64 (copies or 1, k, fan_in)
    h : float64 (copies or 1, n, fan_in); z : float64 (copies, n, fan_out)
    """
    copies, fan_out, fan_in = w.shape
    rows = max(1, _BLOCK // fan_in)
    for copy in range(copies):
        r, hidden = right[copy % len(right)], h[copy % len(h)]
        for low in range(0, fan_out, rows):
            block = slice(low, min(low + rows, fan_out))
            new = out[copy, block]
            np.matmul(left[copy, :, block].T, r, out=new)
            np.subtract(w[copy, block], new, out=new)
            np.matmul(hidden, new.T, out=z[copy, :, block])
