r"""The tangent model f_lin: the network with its Jacobian frozen at the start, and its gradient flow in closed form.

    f_lin(x; theta) = f(x; theta_0) + J(x) (theta - theta_0)

is linear in the weights, so gradient flow on the loss (1/2n) sum e_i^2 is a linear equation on the n residuals. With
G = J J^T = Q diag(lam) Q^T at the samples,

    e(t) = exp(-G t/n) e(0),
    theta(t) = theta_0 - J^T c(t),    c(t) = (1/n) int_0^t e ds = Q diag((1 - exp(-lam t/n))/lam) Q^T e(0),
    f_lin(x, t) = f(x; theta_0) - G(x, X) c(t),

for any t, infinity included. f stays close to f_lin where the weights hardly move: in the linear regime. (Jacot, Gabriel, Hongler
2018; Lee et al. 2019.)
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from numerics.arrays import real_array
from numerics.datasets.builtin import check_data
from numerics.errors import InputError
from numerics.networks.deep import DeepNetwork
from numerics.networks.two_layer import TwoLayer
from numerics.observe.distances import norm
from numerics.observe.tangent_kernel import chosen_layers, layer_kernels, layer_names, tangent_kernel

__all__ = ["LinearizedFlow", "TangentModel", "linearize"]


def linearize(network: TwoLayer | DeepNetwork, *, layers: Sequence[str] | None = None) -> "TangentModel":
    """The tangent model of a network at its present weights.

    Parameters
    ----------
    network : TwoLayer or DeepNetwork
    layers : sequence of str, optional
        Parameter groups that may move; all by default. ``('a',)``: only the output weights, which makes the random-feature
        model; ``('w',)``: only the input weights; in a deeper network any of 'W1', 'W2', ..., 'a'.

    Examples
    --------
    >>> from numerics import datasets
    >>> X, y = datasets.four_points()
    >>> f_lin = linearize(TwoLayer.sample(1000, 0.5, 0, X)).flow(X, y)
    >>> f_lin(np.inf).round(3)
    array([ 0.7, -0.5,  0.2, -0.6])
    """
    return TangentModel(network, chosen_layers(layer_names(network), layers))


@dataclass(frozen=True)
class TangentModel:
    """A network made linear in its weights.

    Attributes
    ----------
    network : TwoLayer or DeepNetwork
        Where the Jacobian is taken.
    layers : tuple of str
        Parameter groups that may move.
    """

    network: TwoLayer | DeepNetwork
    layers: tuple[str, ...]

    def kernel(self, X: ArrayLike) -> np.ndarray:
        """Tangent kernel J J^T (n, n) at the rows of X, of the groups that may move."""
        return tangent_kernel(self.network, X, layers=self.layers)

    def flow(self, X: ArrayLike, y: ArrayLike) -> "LinearizedFlow":
        """Gradient flow of the tangent model on data X (n, d), y (n,), with several outputs (n, k)."""
        outputs = self.network.outputs if isinstance(self.network, DeepNetwork) else 1
        return LinearizedFlow(self.network, self.layers, *check_data(X, y, outputs))


@dataclass(frozen=True, eq=False)
class LinearizedFlow:
    """f_lin as a function of time: call it.

    Attributes
    ----------
    network : TwoLayer or DeepNetwork
        The start.
    layers : tuple of str
        Parameter groups that move.
    X : float64 (n, d); y : float64 (n,), with k outputs (n, k)

    Accuracy
    --------
    That of the eigenvalues of G. Modes below rounding, n eps times the largest eigenvalue, are taken to have the eigenvalue 0:
    they move for ever, at a constant rate, and not at all at t = inf.
    """

    network: TwoLayer | DeepNetwork
    layers: tuple[str, ...]
    X: np.ndarray = field(repr=False)
    y: np.ndarray = field(repr=False)

    def __call__(self, t: ArrayLike, inputs: ArrayLike | None = None) -> np.ndarray:
        """f_lin at normalised time t, at the samples or at other inputs.

        Parameters
        ----------
        t : float or array (k,)
            Not negative; ``numpy.inf`` is the end of training.
        inputs : array (p, d), optional
            The samples by default.

        Returns
        -------
        float64 (n,) or (p,), with several outputs (n, k) or (p, k), and a leading axis for several times
        """
        c = self._coefficients(t)
        if inputs is None:
            return self._initial - (c @ self._kernel).reshape(*c.shape[:-1], *self.y.shape)
        inputs = real_array(inputs, "inputs")
        start = self.network(inputs)  # says what is wrong with the shape
        both = tangent_kernel(self.network, np.vstack([self.X, inputs]), layers=self.layers)
        moved = c @ both[: self.y.size, self.y.size :]
        return start - moved.reshape(*c.shape[:-1], *start.shape)

    def loss(self, t: ArrayLike) -> np.ndarray:
        """R = (1/2n) sum e_i^2 at the times t."""
        squares = (self(t) - self.y) ** 2
        return np.sum(squares, axis=tuple(range(-self.y.ndim, 0))) / (2 * len(self.y))

    @property
    def rates(self) -> np.ndarray:
        """Rates at which the n modes, with k outputs n k, of the residual decay, eigenvalues of G/n, ascending."""
        return self._spectrum[0] / len(self.y)

    def loss_bound(self, t: ArrayLike) -> np.ndarray:
        """R(0) exp(-2 lam_min t/n), the decay that the smallest eigenvalue of G guarantees; lam_min = m kappa^2 lambda."""
        return self.loss(0.0) * np.exp(-2 * self.rates[0] * _times(t))

    def relative_distance(self, t: float) -> dict[str, float]:
        """RD of each layer at one time; 0 for a group that may not move."""
        c = self._coefficients(float(t))
        kernels = layer_kernels(self.network, self.X)
        moved = {layer: float(np.sqrt(max(0.0, c @ kernels[layer] @ c))) for layer in self.layers}
        return {layer: moved.get(layer, 0.0) / size for layer, size in _sizes(self.network).items()}

    def weights(self, t: float) -> TwoLayer | DeepNetwork:
        """The weights theta(t) of the tangent model, as a network; f_lin is *not* its output but its tangent at the start."""
        c = self._coefficients(float(t))
        start, X = self.network, self.X
        if isinstance(start, DeepNetwork):
            steps = zip(start.layers, start.weights, start.jacobian(X).transposed_product(c), strict=True)
            return replace(start, weights=tuple(w - step if layer in self.layers else w for layer, w, step in steps))
        z = start.v @ X.T
        slope = np.where(z > 0, 1.0, start.negative_slope)
        u = start.u - start.kappa * (slope * z) @ c if "a" in self.layers else start.u
        v = start.v - start.kappa * start.u[:, None] * ((slope * c) @ X) if "w" in self.layers else start.v
        return replace(start, u=u, v=v)

    @cached_property
    def _initial(self) -> np.ndarray:
        return self.network(self.X)

    @cached_property
    def _kernel(self) -> np.ndarray:
        return tangent_kernel(self.network, self.X, layers=self.layers)

    @cached_property
    def _spectrum(self) -> tuple[np.ndarray, np.ndarray]:
        """Eigenvalues, those that are only rounding set to 0, and eigenvectors."""
        values, vectors = np.linalg.eigh(self._kernel)
        floor = len(values) * np.finfo(float).eps * max(values[-1], 0.0)
        return np.where(values > floor, values, 0.0), vectors

    def _coefficients(self, t: ArrayLike) -> np.ndarray:
        """c(t) = (1/n) int_0^t e ds, flat like the residual, with a leading axis for several times."""
        times = _times(t)[..., None] / len(self.y)
        values, vectors = self._spectrum
        moving = values > 0
        rates = np.where(moving, values, 1.0)
        with np.errstate(invalid="ignore"):
            still = np.where(np.isinf(times), 0.0, times)
        integral = np.where(moving, -np.expm1(-rates * times) / rates, still)
        return (integral * (vectors.T @ (self._initial - self.y).ravel())) @ vectors.T


def _sizes(network: TwoLayer | DeepNetwork) -> dict[str, float]:
    """What RD of every layer is relative to."""
    sizes = network.sizes if isinstance(network, DeepNetwork) else (norm(network.v), norm(network.u))
    return dict(zip(layer_names(network), sizes, strict=True))


def _times(t: ArrayLike) -> np.ndarray:
    times = real_array(t, "t")
    if times.ndim > 1 or np.any(np.isnan(times)) or np.any(times < 0):
        raise InputError(f"t = {t!r}; give times >= 0 (numpy.inf for the end of training)")
    return times
