r"""Sampled two-layer networks in uniform coordinates.

In the paper's normalised weights the flow has mobilities 1/kappa' for abar and kappa' for wbar. The coordinates

    u = sqrt(kappa') abar,    v = wbar / sqrt(kappa')

make it the plain gradient flow of the loss in normalised time, with f = kappa sum_k u_k sigma(v_k.x), u ~ N(0, kappa'),
v ~ N(0, I/kappa'), and u_k^2 - |v_k|^2 conserved for every neuron.
"""

from dataclasses import dataclass, field
from typing import SupportsFloat

import numpy as np
from numpy.typing import ArrayLike

from numerics.arrays import plain_text, positive_number, real_array, real_number, truth, whole_number
from numerics.errors import InputError
from numerics.kernels import stages
from numerics.networks.activation import PointwiseActivation, is_homogeneous, pointwise
from numerics.networks.memory import check_memory
from numerics.networks.quadrature import Nodes, nodes_for, refuse_missing_constant, seen_directions
from numerics.networks.seeds import describe, generator

__all__ = ["WIDEST", "TwoLayer", "checked_inputs"]

WIDEST = 1_000_000_000  # neurons: more are a slip of the pen

_IN_RANGE = "choose gamma within the float range"


@dataclass(frozen=True)
class TwoLayer:
    """A two-layer network with its weights, in uniform coordinates.

    Attributes
    ----------
    u : float64 (m,)
        Output weights.
    v : float64 (m, d)
        Input weights.
    kappa, kappa_prime : float
        Energetic and dynamical scale.
    negative_slope : float
        The activation: z for z > 0, negative_slope * z otherwise (0 relu, 1 linear).
    seed : str
        Where the random numbers came from, for the record.
    """

    u: np.ndarray = field(repr=False)
    v: np.ndarray = field(repr=False)
    kappa: float
    kappa_prime: float
    negative_slope: float = 0.0
    seed: str = ""

    def __post_init__(self) -> None:
        u, v = real_array(self.u, "u"), real_array(self.v, "v")
        if u.ndim != 1 or v.ndim != 2 or len(u) != len(v) or v.size == 0:
            raise InputError(f"weights have shapes {u.shape} and {v.shape}; give (m,) and (m, d)")
        if not (np.all(np.isfinite(u)) and np.all(np.isfinite(v))):
            raise InputError("weights contain NaN or infinite values; sample the network again")
        for name in ("kappa", "kappa_prime"):
            object.__setattr__(self, name, positive_number(getattr(self, name), name, _IN_RANGE))
        object.__setattr__(self, "negative_slope", real_number(self.negative_slope, "negative_slope"))
        object.__setattr__(self, "seed", plain_text(self.seed, "seed"))
        object.__setattr__(self, "u", u)
        object.__setattr__(self, "v", v)

    @classmethod
    def sample(
        cls,
        width: int,
        gamma: SupportsFloat,
        gamma_prime: SupportsFloat,
        inputs: ArrayLike,
        *,
        rng: int | np.random.SeedSequence | np.random.Generator = 0,
        antisymmetric: bool = True,
        activation: str | float = "relu",
    ) -> "TwoLayer":
        """Draw a network at a point of the phase diagram: kappa = m^-gamma, kappa' = m^-gamma'.

        Parameters
        ----------
        width : int
            Number of neurons m, at least 2; even for an antisymmetric start.
        gamma, gamma_prime : number
            Anything that has a float value: a Fraction or an exact SymPy number too.
        inputs : array (n, d)
            Only d is used.
        rng : int, SeedSequence or Generator
        antisymmetric : bool
            The second half copies the first with opposite output weights, so f = 0 at the start ([L21], needed for
            gamma <= 1/2).
        activation : 'relu', 'linear' or float
            A number is the slope of leaky relu for z < 0.

        Examples
        --------
        >>> net = TwoLayer.sample(width=10, gamma=1, gamma_prime=0, inputs=[[0.5, 1.0]])
        >>> float(net([[0.5, 1.0]])[0])
        0.0
        """
        exponents = [real_number(gamma, "gamma"), real_number(gamma_prime, "gamma_prime")]
        width = _checked_width(width)
        with np.errstate(over="ignore", under="ignore"):
            kappa, kappa_prime = (float(np.power(float(width), -g)) for g in exponents)
        X = real_array(inputs, "inputs")
        if X.ndim not in (1, 2) or X.shape[-1] == 0:
            raise InputError(f"inputs have shape {X.shape}; give one row per sample, (n, d)")
        return cls.draw(
            width, kappa, kappa_prime, X.shape[-1], rng=rng, antisymmetric=antisymmetric, activation=activation
        )

    @classmethod
    def draw(
        cls,
        width: int,
        kappa: float,
        kappa_prime: float,
        inputs: int,
        *,
        rng: int | np.random.SeedSequence | np.random.Generator = 0,
        antisymmetric: bool = True,
        activation: str | float | PointwiseActivation = "relu",
    ) -> "TwoLayer":
        """Draw a network of given scales; ``inputs`` is the number of inputs d, the rest as for :meth:`sample`."""
        width = _checked_width(width)
        if truth(antisymmetric, "antisymmetric") and width % 2:
            raise InputError(f"width = {width} is odd; an antisymmetric start pairs neurons, use an even width")
        kappa = positive_number(kappa, "kappa", _IN_RANGE)
        kappa_prime = positive_number(kappa_prime, "kappa_prime", _IN_RANGE)
        inputs = checked_inputs(inputs)
        slope = _negative_slope(activation)
        check_memory(width * (inputs + 1), f"{inputs} inputs and {width} neurons")
        random = generator(rng)
        drawn = width // 2 if antisymmetric else width
        a, w = random.standard_normal(drawn), random.standard_normal((drawn, inputs))
        if antisymmetric:
            a, w = np.concatenate([a, -a]), np.concatenate([w, w])
        scale = np.sqrt(kappa_prime)
        return cls(scale * a, w / scale, kappa, kappa_prime, slope, describe(rng))

    @classmethod
    def from_weights(
        cls, a: ArrayLike, w: ArrayLike, *, alpha: float, beta1: float, beta2: float, activation: str | float = "relu"
    ) -> "TwoLayer":
        """A network from the paper's coordinates, f = (1/alpha) sum_k a_k sigma(w_k.x).

        Parameters
        ----------
        a : array (m,); w : array (m, d)
        alpha, beta1, beta2 : float
            Scales; beta1 belongs to the OUTPUT weights a. They fix kappa, kappa' and the time unit beta1 beta2.
        """
        alpha, beta1, beta2 = (
            positive_number(value, name) for name, value in (("alpha", alpha), ("beta1", beta1), ("beta2", beta2))
        )
        kappa_prime = beta1 / beta2
        scale = np.sqrt(kappa_prime)
        u, v = scale * real_array(a, "a") / beta1, real_array(w, "w") / (beta2 * scale)
        return cls(u, v, beta1 * beta2 / alpha, kappa_prime, _negative_slope(activation), "given weights")

    @classmethod
    def mean_field(
        cls,
        *,
        capacity: float,
        kappa_prime: float,
        inputs: ArrayLike,
        nodes: int = 4000,
        rng: int | np.random.SeedSequence | np.random.Generator = 0,
        activation: str | float = "relu",
    ) -> "TwoLayer":
        """The infinitely wide network of a capacity, as a quadrature of ``nodes`` neurons with kappa = P/nodes.

        In the time tau = t/alpha its flow is that of every network of the same capacity P = m kappa and the same kappa', as the
        width goes to infinity; that of m neurons differs by O(1/sqrt(m)). f = 0 at the start.

        Parameters
        ----------
        capacity : float
            P = m kappa = m beta1 beta2/alpha of the networks it stands for.
        kappa_prime : float
            beta1/beta2.
        inputs : array (n, d)
            The samples it will be trained on: the nodes lie in the directions that these span, and the rest of every input
            weight, which never moves, has its mean square.
        nodes : int
            Even, at least 16. What rule they are of says ``seed``: :mod:`numerics.networks.quadrature`.
        rng : int, SeedSequence or Generator
            Used where the samples span more than two directions.
        activation : 'relu', 'linear' or float
            As for :meth:`sample`.

        Accuracy
        --------
        Of RD_w after training on four points with 4000 nodes: 1e-4 where 0.01 <= kappa' <= 1, 1e-3 at kappa' = 8; at kappa' > 100
        and P < 0.1 a few rare neurons decide, and 32 000 nodes are still off by 2 to 4 per cent.

        Examples
        --------
        >>> net = TwoLayer.mean_field(capacity=1, kappa_prime=1, inputs=[[0.5, 1.0], [-0.5, 1.0]])
        >>> net.shape, net.seed
        ('m = 4000', 'mean field, Fibonacci lattice on the sphere')
        """
        capacity, kappa_prime = positive_number(capacity, "capacity"), positive_number(kappa_prime, "kappa_prime")
        if whole_number(nodes, "nodes", 16, f"give an even integer >= 16 and <= {WIDEST:_}", most=WIDEST) % 2:
            raise InputError(f"nodes = {nodes} is odd; give an even integer: nodes are paired")
        X = real_array(inputs, "inputs", finite=True)
        if X.ndim != 2 or not np.any(X):
            raise InputError(f"inputs have shape {X.shape}; give one row per sample, (n, d), not all of them zero")
        refuse_missing_constant(X)
        rule = nodes_for(X, nodes, generator(rng))
        return cls.of_nodes(rule, capacity, kappa_prime, X, activation)

    @classmethod
    def of_nodes(
        cls, rule: Nodes, capacity: float, kappa_prime: float, inputs: np.ndarray, activation: str | float = "relu"
    ) -> "TwoLayer":
        """:meth:`mean_field` on given nodes."""
        seen, rest = seen_directions(inputs)
        points, scale = rule.points, np.sqrt(kappa_prime)
        unseen = np.sqrt(np.tile(rule.weights, 2))[:, None] * rest
        return cls(
            scale * points[:, 0],
            (points[:, 1:] @ seen + unseen) / scale,
            capacity / rule.count,
            kappa_prime,
            _negative_slope(activation),
            f"mean field, {rule.rule}",
        )

    @property
    def width(self) -> int:
        """Number of neurons m."""
        return len(self.u)

    @property
    def inputs(self) -> int:
        """Number of inputs d, the constant included."""
        return self.v.shape[1]

    @property
    def shape(self) -> str:
        """Its size in a few characters."""
        return f"m = {self.width}"

    @property
    def relative_units(self) -> tuple[float, float]:
        """The uniform over the normalised weights, layer by layer (w, a), up to a common factor."""
        return 1.0, self.kappa_prime

    def attributes(self) -> dict[str, int | float]:
        """What it is, for the attributes of a dataset."""
        return {"width": self.width, "kappa": self.kappa, "kappa_prime": self.kappa_prime}

    def moved_to(self, u: np.ndarray, v: np.ndarray) -> "TwoLayer":
        """The same network with other weights, float64 (m,) and (m, d), C-contiguous and finite: they are taken as they are."""
        other = object.__new__(TwoLayer)
        other.__dict__.update(self.__dict__, u=u, v=v)
        return other

    def output_weights(self, beta1: float = 1.0) -> np.ndarray:
        """Output weights a (m,) of standard deviation ``beta1`` (normalised weights by default)."""
        return positive_number(beta1, "beta1") * self.u / np.sqrt(self.kappa_prime)

    def input_weights(self, beta2: float = 1.0) -> np.ndarray:
        """Input weights w (m, d) of standard deviation ``beta2`` (normalised weights by default)."""
        return positive_number(beta2, "beta2") * self.v * np.sqrt(self.kappa_prime)

    def __call__(self, X: ArrayLike) -> np.ndarray:
        """Output f at the rows of X (n, d), constant included; shape (n,)."""
        X = real_array(X, "X", finite=True)
        if X.ndim != 2 or X.shape[1] != self.v.shape[1]:
            raise InputError(f"X has shape {X.shape}; give (n, {self.v.shape[1]}), the constant input included")
        f = np.empty(len(X))
        stages.forward(self.u, np.ascontiguousarray(self.v.T), X, self.kappa, self.negative_slope, f)
        return f


def checked_inputs(inputs: int) -> int:
    """The number of inputs as an integer >= 1."""
    return whole_number(
        inputs, "inputs", 1, f"give the number of inputs, an integer >= 1 and <= {WIDEST:_}", most=WIDEST
    )


def _checked_width(width: int) -> int:
    return whole_number(width, "width", 2, f"give an integer >= 2 and <= {WIDEST:_}", most=WIDEST)


def _negative_slope(activation: str | float | PointwiseActivation) -> float:
    if not is_homogeneous(activation):
        raise InputError(
            f"activation = {activation!r} has no kink to be exact at; use a DeepNetwork, which takes any of them"
        )
    return pointwise(activation).negative_slope
