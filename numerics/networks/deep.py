r"""Sampled networks of any depth in uniform coordinates.

    f(x) = (1/alpha) W_L sigma(W_{L-1} ... sigma(W_1 x)),    (W_l)_ij ~ N(0, sigma_l^2),   dW_l/dt = -eta_l dR/dW_l

With c the geometric mean of the sigma_l/sqrt(eta_l), the coordinates W_l = c sqrt(eta_l) V_l and the time t/c^2 make it the
plain gradient flow of the loss, with one metric in all layers, and f = kappa V_L sigma(V_{L-1} ... sigma(V_1 x)) with
kappa = prod_l sigma_l/alpha. At depth 2 and equal learning rates V is (v, u) of :class:`numerics.TwoLayer`. An activation
that is not homogeneous keeps its scales: c = 1, and layer l works with the gain sqrt(eta_l).

f starts at zero in one of two ways. *Centred*: f - f_0 is trained, f_0 the output at the start. *Antisymmetric*: two full copies
of the network, the second with opposite output weights, are trained side by side; the layers have twice the neurons given.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import SupportsFloat

import numpy as np
from numpy.typing import ArrayLike

from numerics.arrays import listed, positive_number, real_array, truth
from numerics.errors import InputError
from numerics.networks.activation import PointwiseActivation, pointwise
from numerics.networks.jacobian import Chain, Jacobian
from numerics.networks.memory import check_memory
from numerics.networks.seeds import describe, generator

__all__ = ["DeepNetwork"]

_IN_RANGE = "choose scales within the float range"
_LARGEST_LOG = 709.0


@dataclass(frozen=True)
class DeepNetwork:
    """A fully connected network with its weights, in uniform coordinates.

    Attributes
    ----------
    weights : tuple of float64 (copies, fan_out, fan_in)
        V_1 ... V_L, input to output; two copies for an antisymmetric start, else one.
    kappa : float
        Output scale.
    activation : PointwiseActivation
    gains : tuple of float
        Factors of the layers: 1 for a homogeneous activation.
    scales : tuple of float
        W_l = scales_l V_l.
    time_unit : float
        Time of the unnormalised flow in one unit of normalised time.
    sigmas : tuple of float
        Standard deviations by which W_l are normalised; 1 if not given.
    centre : tuple of arrays or None
        Weights whose output is subtracted: those of the start, if it is centred.
    seed : str
        Where the random numbers came from, for the record.
    """

    weights: tuple[np.ndarray, ...] = field(repr=False)
    kappa: float
    activation: PointwiseActivation
    gains: tuple[float, ...]
    scales: tuple[float, ...]
    time_unit: float
    sigmas: tuple[float, ...] = ()
    centre: tuple[np.ndarray, ...] | None = field(default=None, repr=False)
    seed: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "weights", tuple(real_array(w, "weights") for w in self.weights))
        for name in ("kappa", "time_unit"):
            object.__setattr__(self, name, positive_number(getattr(self, name), name, _IN_RANGE))
        if not all(np.all(np.isfinite(w)) for w in self.weights):
            raise InputError(f"weights contain NaN or infinite values; {_IN_RANGE}")
        object.__setattr__(self, "sigmas", _positive("sigmas", self.sigmas or (1.0,) * self.depth, self.depth))

    @classmethod
    def sample(
        cls,
        widths: Sequence[int],
        sigmas: Sequence[SupportsFloat],
        *,
        alpha: SupportsFloat = 1.0,
        learning_rates: Sequence[SupportsFloat] | None = None,
        rng: int | np.random.SeedSequence | np.random.Generator = 0,
        centred: bool = True,
        antisymmetric: bool = False,
        activation: str | float | PointwiseActivation = "relu",
    ) -> "DeepNetwork":
        """Draw a network.

        Parameters
        ----------
        widths : (d, m_1, ..., m_{L-1}, 1)
            Inputs, the constant included, neurons of every hidden layer, one output.
        sigmas : L numbers
            Standard deviations of the weights, input to output; anything that has a float value.
        alpha : number
            The output is divided by it.
        learning_rates : L numbers, optional
            Layer-wise, input to output; 1 by default.
        rng : int, SeedSequence or Generator
        centred : bool
            Subtract the output at the start. Pairing the output neurons alone, as two layers may, would leave W_1 without a first
            gradient.
        antisymmetric : bool
            Two full copies instead; then there is nothing to subtract.
        activation : 'relu', 'linear', 'tanh' or float
            A number is the slope of leaky relu for z < 0.

        Memory: 8 bytes a weight, held about five times during a run by the exponential method and eight times by the Chebyshev
        one: measured 0.8 and 1.2 GB in all for a width of 4000 at depth 3.

        Examples
        --------
        >>> net = DeepNetwork.sample((2, 8, 8, 1), sigmas=(1, 0.5, 0.5), alpha=4)
        >>> net.layers, float(net([[0.5, 1.0]])[0])
        (('W1', 'W2', 'a'), 0.0)
        """
        sizes = _sizes(widths)
        copies = 2 if truth(antisymmetric, "antisymmetric") else 1
        truth(centred, "centred")
        deviations = _positive("sigmas", sigmas, len(sizes) - 1)
        coordinates = _Coordinates.of(deviations, alpha, learning_rates, pointwise(activation))
        check_memory(copies * sum(a * b for a, b in pairwise(sizes)), f"layers {'-'.join(map(str, sizes))}")
        random = generator(rng)
        weights = []
        for sigma, scale, fan_in, fan_out in zip(deviations, coordinates.scales, sizes[:-1], sizes[1:], strict=True):
            drawn = random.standard_normal((fan_out, fan_in))
            drawn *= sigma / scale
            weights.append(np.repeat(drawn[None], copies, axis=0))
        if antisymmetric:
            weights[-1][1] *= -1
        return coordinates.network(tuple(weights), centred and not antisymmetric, describe(rng))

    @classmethod
    def from_weights(
        cls,
        weights: Sequence[ArrayLike],
        *,
        alpha: SupportsFloat = 1.0,
        sigmas: Sequence[SupportsFloat] | None = None,
        learning_rates: Sequence[SupportsFloat] | None = None,
        centred: bool = False,
        activation: str | float | PointwiseActivation = "relu",
    ) -> "DeepNetwork":
        """A network from given weights W_1 ... W_L, shaped (fan_out, fan_in), of the unnormalised flow.

        ``sigmas`` are what weights are normalised by and fix the unit of time, prod_l (sigma_l^2/eta_l)^(1/L); 1 by default, the
        unit of the unnormalised flow.
        """
        truth(centred, "centred")
        matrices = listed(weights, "weights", "give a list of matrices, (fan_out, fan_in) each")
        given = [np.atleast_2d(real_array(w, f"W_{layer}", copy=True)) for layer, w in enumerate(matrices, start=1)]
        if len(given) < 2 or any(w.ndim != 2 or w.size == 0 for w in given):
            raise InputError(
                f"weights have shapes {[w.shape for w in given]}; give at least two, (fan_out, fan_in) each"
            )
        fits = all(above.shape[1] == below.shape[0] for below, above in pairwise(given))
        if not fits or given[-1].shape[0] != 1:
            raise InputError(
                f"weights have shapes {[w.shape for w in given]}; fan_out of each is fan_in of the next, 1 at the end"
            )
        deviations = _positive("sigmas", sigmas if sigmas is not None else (1.0,) * len(given), len(given))
        coordinates = _Coordinates.of(deviations, alpha, learning_rates, pointwise(activation))
        scaled = tuple(w[None] / scale for w, scale in zip(given, coordinates.scales, strict=True))
        return coordinates.network(scaled, centred, "given weights")

    @property
    def depth(self) -> int:
        """Number of weight layers L."""
        return len(self.weights)

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the weights, input to output: ('w', 'a') at depth 2, else ('W1', ..., 'a')."""
        return ("w", "a") if self.depth == 2 else (*(f"W{layer}" for layer in range(1, self.depth)), "a")

    @property
    def widths(self) -> tuple[int, ...]:
        """(d, m_1, ..., 1) of one copy."""
        return (self.inputs, *(w.shape[1] for w in self.weights))

    @property
    def width(self) -> int:
        """Neurons of the widest hidden layer, of all copies."""
        return max(self.widths[1:-1]) * self.weights[0].shape[0]

    @property
    def inputs(self) -> int:
        """Number of inputs d, the constant included."""
        return self.weights[0].shape[2]

    @property
    def shape(self) -> str:
        """Its size in a few characters."""
        return ("2 x " if self.weights[0].shape[0] == 2 else "") + "-".join(map(str, self.widths))

    @property
    def chain(self) -> Chain:
        """The network as a function of its weights."""
        return Chain(self.activation, self.gains, self.kappa)

    @property
    def relative_units(self) -> tuple[float, ...]:
        """The uniform over the normalised weights W_l/sigma_l, layer by layer."""
        return tuple(sigma / scale for sigma, scale in zip(self.sigmas, self.scales, strict=True))

    def attributes(self) -> dict[str, int | float | str]:
        """What it is, for the attributes of a dataset."""
        return {"width": self.width, "shape": self.shape, "kappa": self.kappa, "time_unit": self.time_unit}

    def original_weights(self) -> tuple[np.ndarray, ...]:
        """W_l = scales_l V_l of the unnormalised flow, (copies, fan_out, fan_in)."""
        return tuple(scale * w for scale, w in zip(self.scales, self.weights, strict=True))

    def offset(self, X: np.ndarray) -> np.ndarray | float:
        """What is subtracted from the output of the weights at the rows of X."""
        return 0.0 if self.centre is None else self.chain.forward(self.centre, X).output

    def __call__(self, X: ArrayLike) -> np.ndarray:
        """Output f at the rows of X (n, d), constant included; shape (n,)."""
        X = self._checked(X)
        return self.chain.forward(self.weights, X).output - self.offset(X)

    def jacobian(self, X: ArrayLike) -> Jacobian:
        """df/dV at the rows of X, as factors: products J v and J^T c, tangent kernel of every layer.

        Examples
        --------
        >>> net = DeepNetwork.sample((2, 8, 8, 1), sigmas=(1, 0.5, 0.5))
        >>> [kernel.shape for kernel in net.jacobian([[0.5, 1.0], [-0.5, 1.0]]).kernels()]
        [(2, 2), (2, 2), (2, 2)]
        """
        return self.chain.jacobian(self.weights, self._checked(X))

    def _checked(self, X: ArrayLike) -> np.ndarray:
        X = real_array(X, "X", finite=True)
        if X.ndim != 2 or X.shape[1] != self.inputs:
            raise InputError(f"X has shape {X.shape}; give (n, {self.inputs}), the constant input included")
        return X


@dataclass(frozen=True)
class _Coordinates:
    """Uniform coordinates of given scales."""

    activation: PointwiseActivation
    sigmas: tuple[float, ...]
    kappa: float
    gains: tuple[float, ...]
    scales: tuple[float, ...]
    time_unit: float

    @classmethod
    def of(
        cls,
        sigmas: tuple[float, ...],
        alpha: SupportsFloat,
        learning_rates: Sequence[SupportsFloat] | None,
        activation: PointwiseActivation,
    ) -> "_Coordinates":
        depth = len(sigmas)
        (divisor,) = _positive("alpha", (alpha,), 1)
        rates = _positive("learning_rates", learning_rates if learning_rates is not None else (1.0,) * depth, depth)
        roots = tuple(map(math.sqrt, rates))
        if not activation.homogeneous:
            return cls(activation, sigmas, 1.0 / divisor, roots, roots, 1.0)
        logs = [math.log(sigma / root) for sigma, root in zip(sigmas, roots, strict=True)]
        mean = sum(logs) / depth
        kappa = _exp(sum(map(math.log, sigmas)) - math.log(divisor))
        scales = tuple(root * _exp(mean) for root in roots)
        return cls(activation, sigmas, kappa, (1.0,) * depth, scales, _exp(2 * mean))

    def network(self, weights: tuple[np.ndarray, ...], centred: bool, seed: str) -> DeepNetwork:
        centre = weights if centred else None
        return DeepNetwork(
            weights, self.kappa, self.activation, self.gains, self.scales, self.time_unit, self.sigmas, centre, seed
        )


def _sizes(widths: Sequence[int]) -> tuple[int, ...]:
    sizes = tuple(widths) if isinstance(widths, Sequence) and not isinstance(widths, str) else ()
    whole = all(isinstance(w, (int, np.integer)) and not isinstance(w, bool) and w >= 1 for w in sizes)
    if len(sizes) < 3 or not whole or sizes[-1] != 1:
        raise InputError(f"widths = {widths!r}; give positive integers (inputs, neurons of each hidden layer, ..., 1)")
    return tuple(map(int, sizes))


def _positive(name: str, values: Sequence[SupportsFloat], number: int) -> tuple[float, ...]:
    wanted = f"give {number} positive number{'s, one a layer' if number > 1 else ''}"
    try:
        numbers = tuple(positive_number(value, name) for value in listed(values, name, wanted))
    except InputError as error:
        raise InputError(f"{name} = {values!r}; {wanted}") from error
    if len(numbers) != number:
        raise InputError(f"{name} = {values!r}; {wanted}")
    return numbers


def _exp(value: float) -> float:
    """The exponential, infinite where it is beyond the floats; what becomes of that is refused by the network."""
    return math.exp(value) if value < _LARGEST_LOG else math.inf
