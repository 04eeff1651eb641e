r"""Sampled networks of any depth in uniform coordinates.

    f(x) = (1/alpha) W_L sigma(W_{L-1} ... sigma(W_1 x)),    (W_l)_ij ~ N(0, sigma_l^2),   dW_l/dt = -eta_l dR/dW_l

With c the geometric mean of the sigma_l/sqrt(eta_l), the coordinates W_l = c sqrt(eta_l) V_l and the time t/c^2 make it the
plain gradient flow of the loss, with one metric in all layers, and f = kappa V_L sigma(V_{L-1} ... sigma(V_1 x)) with
kappa = prod_l sigma_l/alpha. At depth 2 and equal learning rates V is (v, u) of :class:`numerics.TwoLayer`. An activation
that is not homogeneous keeps its scales: c = 1, and layer l works with the gain sqrt(eta_l).

**Biases**, in every layer if wanted, are the weights of a constant unit beside the inputs of the layer, with its learning rate
and its scale: b_l = c sqrt(eta_l) B_l, and the unit is 1/prod_{j<l} (c sqrt(eta_j)) in these coordinates (1 in the first
layer, and in all for an activation that is not homogeneous). At depth 2 the bias of the first layer *is* the constant input of
a :class:`numerics.TwoLayer`. **Outputs** are as many as the last layer has rows.

f starts at zero in one of two ways. *Centred*: f - f_0 is trained, f_0 the output at the start. *Antisymmetric*: two full copies
of the network, the second with opposite output weights, are trained side by side; the layers have twice the neurons given.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import SupportsFloat

import numpy as np
from numpy.typing import ArrayLike

from numerics.arrays import listed, positive_number, real_array, real_number, truth
from numerics.errors import InputError, check_choice
from numerics.networks.activation import PointwiseActivation, pointwise
from numerics.networks.jacobian import Chain, Jacobian
from numerics.networks.memory import check_memory
from numerics.networks.norms import layer_sizes
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
        V_1 ... V_L, input to output; two copies for an antisymmetric start, else one. After the V_l of a layer with a bias its
        B_l, (copies, fan_out, 1): one array for every name in ``layers``.
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
        Standard deviations by which the layers are normalised; 1 if not given, 0 for a bias that starts at zero.
    centre : tuple of arrays or None
        Weights whose output is subtracted: those of the start, if it is centred.
    seed : str
        Where the random numbers came from, for the record.
    constants : tuple of float or None
        For every W_l the value of the constant unit that its bias weighs; None without one.
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
    constants: tuple[float | None, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "constants", self.constants or (None,) * len(self.gains))
        object.__setattr__(self, "weights", tuple(real_array(w, "weights") for w in self.weights))
        for name in ("kappa", "time_unit"):
            object.__setattr__(self, name, positive_number(getattr(self, name), name, _IN_RANGE))
        if not all(np.all(np.isfinite(w)) for w in self.weights):
            raise InputError(f"weights contain NaN or infinite values; {_IN_RANGE}")
        object.__setattr__(self, "sigmas", self.sigmas or (1.0,) * len(self.weights))
        if len(self.sigmas) != len(self.weights):
            raise InputError(
                f"sigmas = {self.sigmas}; give {len(self.weights)} numbers, one for each of {', '.join(self.layers)}"
            )

    def moved_to(self, weights: tuple[np.ndarray, ...]) -> "DeepNetwork":
        """The same network with other weights, float64, C-contiguous and finite: they are taken as they are."""
        other = object.__new__(DeepNetwork)
        other.__dict__.update(self.__dict__, weights=weights)
        return other

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
        biases: Sequence[SupportsFloat | None] | None = None,
        bias_law: str = "normal",
    ) -> "DeepNetwork":
        """Draw a network.

        Parameters
        ----------
        widths : (d, m_1, ..., m_{L-1}, k)
            Inputs, neurons of every hidden layer, outputs. A constant among the inputs is the bias of the first layer; with
            ``biases`` in that layer leave it out.
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
        biases : L numbers or None, optional
            Standard deviations of the biases, input to output: 0 for one that starts at zero (Keras, Flax), None for a layer
            without; by default there are none. They learn at the rate of their layer.
        bias_law : 'normal' or 'uniform'
            How they are drawn: normal, or uniform on (-sqrt(3), sqrt(3)) standard deviations (PyTorch). The weights of a seed are
            the same with and without biases.

        Memory: 8 bytes a weight, held about five times during a run by the exponential method and eight times by the Chebyshev
        one: measured 0.8 and 1.2 GB in all for a width of 4000 at depth 3.

        Examples
        --------
        >>> net = DeepNetwork.sample((2, 8, 8, 1), sigmas=(1, 0.5, 0.5), alpha=4)
        >>> net.layers, float(net([[0.5, 1.0]])[0])
        (('W1', 'W2', 'a'), 0.0)
        >>> DeepNetwork.sample((1, 8, 8, 3), sigmas=(1, 0.5, 0.5), biases=(1, 0, None)).layers
        ('W1', 'b1', 'W2', 'b2', 'a')
        """
        sizes = _sizes(widths)
        copies = 2 if truth(antisymmetric, "antisymmetric") else 1
        truth(centred, "centred")
        deviations = _positive("sigmas", sigmas, len(sizes) - 1)
        coordinates = _Coordinates.of(deviations, alpha, learning_rates, pointwise(activation))
        spreads = _spreads(biases, len(deviations))
        check_choice(bias_law, "bias_law", _LAWS)
        if bias_law != "normal" and not any(spreads):
            raise InputError(
                f"bias_law = {bias_law!r} draws no bias; give biases with a standard deviation, or leave it out"
            )
        check_memory(copies * sum(a * b for a, b in pairwise(sizes)), f"layers {'-'.join(map(str, sizes))}")
        random = generator(rng)
        weights = []
        for sigma, scale, fan_in, fan_out in zip(deviations, coordinates.scales, sizes[:-1], sizes[1:], strict=True):
            drawn = random.standard_normal((fan_out, fan_in))
            drawn *= sigma / scale
            weights.append(np.repeat(drawn[None], copies, axis=0))
        added: list[np.ndarray | None] = [None] * len(weights)
        for layer, (spread, scale, fan_out) in enumerate(zip(spreads, coordinates.scales, sizes[1:], strict=True)):
            if spread is not None:
                drawn = spread / scale * _LAWS[bias_law](random, (fan_out, 1)) if spread else np.zeros((fan_out, 1))
                added[layer] = np.repeat(drawn[None], copies, axis=0)
        if antisymmetric:
            for last in (weights[-1], added[-1]):
                if last is not None:
                    last[1] *= -1
        return coordinates.network(weights, added, spreads, centred and not antisymmetric, describe(rng))

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
        biases: Sequence[ArrayLike | None] | None = None,
    ) -> "DeepNetwork":
        """A network from given weights W_1 ... W_L, shaped (fan_out, fan_in), of the unnormalised flow.

        ``biases``: b_1 ... b_L, (fan_out,) each, or None for a layer without; by default there are none. ``sigmas`` are what
        weights are normalised by and fix the unit of time, prod_l (sigma_l^2/eta_l)^(1/L); 1 by default, the unit of the
        unnormalised flow.
        """
        truth(centred, "centred")
        matrices = listed(weights, "weights", "give a list of matrices, (fan_out, fan_in) each")
        given = [np.atleast_2d(real_array(w, f"W_{layer}", copy=True)) for layer, w in enumerate(matrices, start=1)]
        if len(given) < 2 or any(w.ndim != 2 or w.size == 0 for w in given):
            raise InputError(
                f"weights have shapes {[w.shape for w in given]}; give at least two, (fan_out, fan_in) each"
            )
        fits = all(above.shape[1] == below.shape[0] for below, above in pairwise(given))
        if not fits:
            raise InputError(f"weights have shapes {[w.shape for w in given]}; fan_out of each is fan_in of the next")
        deviations = _positive("sigmas", sigmas if sigmas is not None else (1.0,) * len(given), len(given))
        coordinates = _Coordinates.of(deviations, alpha, learning_rates, pointwise(activation))
        scaled = [w[None] / scale for w, scale in zip(given, coordinates.scales, strict=True)]
        added = _given_biases(biases, [len(w) for w in given])
        spreads = [None if b is None else float(np.any(b)) for b in added]
        apart = [b if b is None else b / scale for b, scale in zip(added, coordinates.scales, strict=True)]
        return coordinates.network(scaled, apart, spreads, centred, "given weights")

    @property
    def depth(self) -> int:
        """Number of weight layers L."""
        return len(self.gains)

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the weights, input to output: ('w', 'a') at depth 2, else ('W1', ..., 'a'); each with its bias after it."""
        names = ("w", "a") if self.depth == 2 else (*(f"W{layer}" for layer in range(1, self.depth)), "a")
        biased = zip(names, self.constants, strict=True)
        found = [(name,) if unit is None else (name, f"b{layer}") for layer, (name, unit) in enumerate(biased, start=1)]
        return tuple(name for pair in found for name in pair)

    @property
    def through(self) -> tuple[int, ...]:
        """Which of the ``layers`` the signal goes through, input to output: all but the biases."""
        return tuple(layer + sum(self.chain.biased[:layer]) for layer in range(self.depth))

    @property
    def widths(self) -> tuple[int, ...]:
        """(d, m_1, ..., k) of one copy."""
        return (self.inputs, *(self.weights[layer].shape[1] for layer in self.through))

    @property
    def width(self) -> int:
        """Neurons of the widest hidden layer, of all copies."""
        return max(self.widths[1:-1]) * self.weights[0].shape[0]

    @property
    def inputs(self) -> int:
        """Number of inputs d; a constant counts if it is one of them, not if it is the unit of a bias."""
        return self.weights[0].shape[2]

    @property
    def outputs(self) -> int:
        """Number of outputs k."""
        return self.weights[-1].shape[1]

    @property
    def shape(self) -> str:
        """Its size in a few characters."""
        biased = "" if all(constant is None for constant in self.constants) else " with biases"
        return ("2 x " if self.weights[0].shape[0] == 2 else "") + "-".join(map(str, self.widths)) + biased

    @property
    def chain(self) -> Chain:
        """The network as a function of its matrices."""
        return Chain(self.activation, self.gains, self.kappa, self.constants)

    @property
    def matrices(self) -> tuple[np.ndarray, ...]:
        """(copies, fan_out, fan_in): V_l, where there is a bias with B_l as one more column."""
        return self.chain.join(self.weights)

    @property
    def sizes(self) -> tuple[float, ...]:
        """What RD of every layer is relative to (:func:`numerics.networks.norms.layer_sizes`)."""
        return layer_sizes(self.weights, self.scales)

    @property
    def relative_units(self) -> tuple[float, ...]:
        """The uniform over the normalised weights W_l/sigma_l, layer by layer; infinite for biases that start at zero."""
        pairs = zip(self.sigmas, self.scales, strict=True)
        return tuple(sigma / scale if sigma > 0 else math.inf for sigma, scale in pairs)

    def attributes(self) -> dict[str, int | float | str]:
        """What it is, for the attributes of a dataset."""
        return {"width": self.width, "shape": self.shape, "kappa": self.kappa, "time_unit": self.time_unit}

    def original_weights(self) -> tuple[np.ndarray, ...]:
        """W_l = scales_l V_l of the unnormalised flow, (copies, fan_out, fan_in)."""
        return tuple(scale * w for scale, w in zip(self.scales, self.weights, strict=True))

    def offset(self, X: np.ndarray) -> np.ndarray | float:
        """What is subtracted from the output of the weights at the rows of X."""
        return (
            0.0 if self.centre is None else self.by_sample(self.chain.forward(self.chain.join(self.centre), X).output)
        )

    def __call__(self, X: ArrayLike) -> np.ndarray:
        """Output f at the rows of X (n, d); shape (n,), with several outputs (n, k)."""
        X = self._checked(X)
        return self.by_sample(self.chain.forward(self.matrices, X).output) - self.offset(X)

    def by_sample(self, flat: np.ndarray) -> np.ndarray:
        """Numbers (n k,) of samples and outputs in the shape of f: (n,), with several outputs (n, k)."""
        return flat if self.outputs == 1 else flat.reshape(-1, self.outputs)

    def jacobian(self, X: ArrayLike) -> Jacobian:
        """df/dV at the rows of X, as factors: products J v and J^T c, tangent kernel of every layer, (n k, n k).

        Examples
        --------
        >>> net = DeepNetwork.sample((2, 8, 8, 1), sigmas=(1, 0.5, 0.5))
        >>> [kernel.shape for kernel in net.jacobian([[0.5, 1.0], [-0.5, 1.0]]).kernels()]
        [(2, 2), (2, 2), (2, 2)]
        """
        return self.chain.jacobian(self.matrices, self._checked(X))

    def _checked(self, X: ArrayLike) -> np.ndarray:
        X = real_array(X, "X", finite=True)
        if X.ndim != 2 or X.shape[1] != self.inputs:
            constant = "the constant input included" if self.constants[0] is None else "without the constant of b1"
            raise InputError(f"X has shape {X.shape}; give (n, {self.inputs}), {constant}")
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

    def network(
        self,
        weights: Sequence[np.ndarray],
        biases: Sequence[np.ndarray | None],
        spreads: Sequence[float | None],
        centred: bool,
        seed: str,
    ) -> DeepNetwork:
        """The network of weights and biases in these coordinates; ``spreads``: by what the biases are normalised."""
        both, sigmas, scales = [], [], []
        for w, b, sigma, spread, scale in zip(weights, biases, self.sigmas, spreads, self.scales, strict=True):
            both += [w] if b is None else [w, b]
            sigmas += [sigma] if spread is None else [sigma, spread]
            scales += [scale] * (1 if b is None else 2)
        # homogeneous: z_l is in units of the product of the scales up to it, and so is what is added to it
        units = np.cumprod([1.0, *(1.0 / scale for scale in self.scales[:-1])]) if self.activation.homogeneous else None
        constants = [
            None if b is None else positive_number(1.0 if units is None else units[layer], "constant unit", _IN_RANGE)
            for layer, b in enumerate(biases)
        ]
        return DeepNetwork(
            *(tuple(both), self.kappa, self.activation, self.gains, tuple(scales), self.time_unit, tuple(sigmas)),
            centre=tuple(both) if centred else None,
            seed=seed,
            constants=tuple(constants),
        )


def _sizes(widths: Sequence[int]) -> tuple[int, ...]:
    sizes = tuple(widths) if isinstance(widths, Sequence) and not isinstance(widths, str) else ()
    whole = all(isinstance(w, (int, np.integer)) and not isinstance(w, bool) and w >= 1 for w in sizes)
    if len(sizes) < 3 or not whole:
        raise InputError(
            f"widths = {widths!r}; give positive integers (inputs, neurons of each hidden layer, ..., outputs)"
        )
    return tuple(map(int, sizes))


def _spreads(biases: Sequence[SupportsFloat | None] | None, depth: int) -> list[float | None]:
    """Standard deviations of the biases of every layer."""
    if biases is None:
        return [None] * depth
    wanted = f"give {depth} standard deviations, 0 for a bias that starts at zero, None for a layer without"
    given = listed(biases, "biases", wanted)
    try:
        found = [None if spread is None else real_number(spread, "biases") for spread in given]
    except InputError as error:
        raise InputError(f"biases = {biases!r}; {wanted}") from error
    if len(found) != depth or any(spread is not None and spread < 0 for spread in found):
        raise InputError(f"biases = {biases!r}; {wanted}")
    return found


def _given_biases(biases: Sequence[ArrayLike | None] | None, widths: Sequence[int]) -> list[np.ndarray | None]:
    """Biases b_l (1, fan_out, 1) of every layer, from given numbers."""
    if biases is None:
        return [None] * len(widths)
    wanted = f"give {len(widths)} arrays of {', '.join(map(str, widths))} numbers, None for a layer without"
    given = listed(biases, "biases", wanted)
    found = [None if b is None else real_array(b, f"b_{k}", copy=True) for k, b in enumerate(given, start=1)]
    if len(found) != len(widths) or any(
        b is not None and b.shape != (width,) for b, width in zip(found, widths, strict=False)
    ):
        raise InputError(f"biases have shapes {[None if b is None else b.shape for b in found]}; {wanted}")
    return [None if b is None else b[None, :, None] for b in found]


#: Draws of a law with standard deviation 1.
_LAWS: Mapping[str, Callable[[np.random.Generator, tuple[int, int]], np.ndarray]] = {
    "normal": lambda random, shape: random.standard_normal(shape),
    "uniform": lambda random, shape: random.uniform(-math.sqrt(3), math.sqrt(3), shape),
}


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
