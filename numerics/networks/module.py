r"""A network known by its forward pass: a PyTorch module, its named parameters its layers.

    f(x) = g(x; scales_1 V_1, ..., scales_L V_L) - f_0(x),    dV_l/dt = -dR/dV_l

g is the module, W_l = scales_l V_l its parameters as it holds them, scales_l = sqrt(eta_l) for a learning rate eta_l,
f_0 the output at the start, if it is centred. A parameter that is used in several places is one layer. PyTorch is imported
when a module is asked for something, never before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from numerics.arrays import listed, plain_text, positive_number, real_array, real_number, truth
from numerics.errors import InputError, shown
from numerics.networks.norms import layer_sizes

if TYPE_CHECKING:
    from numerics.networks.automatic import Forward, Jacobian

__all__ = ["Module", "sample_array"]

_ONE_EACH = "give a mapping from some of the layers to a positive number each, such as {'W1': 0.5}"


@dataclass(frozen=True, eq=False)
class Module:
    """A differentiable network with its weights, for :func:`numerics.gradient_flow`.

    Attributes
    ----------
    function : torch.nn.Module
        g, in float64; the parameters that it holds are not used.
    layers : tuple of str
        Names of the parameters, in the order of the module.
    weights : tuple of float64 arrays
        V_1 ... V_L, shaped as the parameters.
    scales : tuple of float
        W_l = scales_l V_l.
    centre : tuple of arrays or None
        Weights whose output is subtracted: those of the start, if it is centred.
    conserved : tuple of dict
        Numbers q by layer, such that sum_l q_l |V_l|^2 stays as it is under the flow.
    seed : str
        Where the random numbers came from, for the record.
    """

    function: Any = field(repr=False)
    layers: tuple[str, ...]
    weights: tuple[np.ndarray, ...] = field(repr=False)
    scales: tuple[float, ...]
    centre: tuple[np.ndarray, ...] | None = field(default=None, repr=False)
    conserved: tuple[Mapping[str, float], ...] = ()
    seed: str = ""

    @classmethod
    def of(
        cls,
        module: Any,
        *,
        centred: bool = True,
        learning_rates: Mapping[str, Any] | None = None,
        conserved: Sequence[Mapping[str, Any]] = (),
        seed: str = "given weights",
    ) -> "Module":
        """The network of a PyTorch module with its present parameters.

        Parameters
        ----------
        module : torch.nn.Module
            It takes a batch of n samples and gives (n,) or (n, k) numbers. It is copied, in float64, in the mode it is in: batch
            normalisation in training mode uses the statistics of all n samples, without a memory of others; dropout that draws
            is refused. Parameters that ask for no gradient are held fixed.
        centred : bool
            Subtract the output at the start.
        learning_rates : mapping, optional
            eta of some layers; 1 by default.
        conserved : sequence of mappings
            q by layer, such that sum_l q_l |W_l|^2/eta_l is conserved: it bounds the error of every step, and
            :attr:`numerics.Solution.conserved_drift` adds it up. What is not conserved in truth makes steps tiny.
        seed : str
            Where its weights came from, for the record.

        Raises
        ------
        MissingPackageError
            Without PyTorch.
        """
        from numerics.networks.automatic import prepared

        function, parameters = prepared(module)
        layers = tuple(parameters)
        scales = tuple(root for root in _roots(learning_rates, layers))
        weights = tuple(w / scale for w, scale in zip(parameters.values(), scales, strict=True))
        centre = weights if truth(centred, "centred") else None
        return cls(function, layers, weights, scales, centre, _quantities(conserved, layers), plain_text(seed, "seed"))

    @property
    def size(self) -> int:
        """Number of weights."""
        return sum(w.size for w in self.weights)

    @property
    def sizes(self) -> tuple[float, ...]:
        """What RD of every layer is relative to (:func:`numerics.networks.norms.layer_sizes`)."""
        return layer_sizes(self.weights, self.scales)

    @property
    def shape(self) -> str:
        """What it is in a few characters."""
        return f"{type(self.function).__name__} of {self.size} weights"

    @property
    def relative_units(self) -> tuple[float, ...]:
        """The uniform over the unnormalised weights, layer by layer."""
        return tuple(1 / scale for scale in self.scales)

    def attributes(self) -> dict[str, int | float | str]:
        """What it is, for the attributes of a dataset."""
        return {"shape": self.shape, "weights": self.size}

    def original_weights(self) -> tuple[np.ndarray, ...]:
        """W_l = scales_l V_l, as the module holds them."""
        return tuple(scale * w for scale, w in zip(self.scales, self.weights, strict=True))

    def __call__(self, X: ArrayLike) -> np.ndarray:
        """Output f at samples X (n, ...); shape (n,) or (n, k), as the module has it."""
        forward = self.forward(X)
        found = forward.output(self.weights)
        return found if self.centre is None else found - forward.output(self.centre)

    def jacobian(self, X: ArrayLike) -> "Jacobian":
        """df/dV at samples X, outputs one after the other: products J v and J^T c, tangent kernel of every layer.

        Memory: 8 bytes times outputs times weights.
        """
        return self.forward(X).jacobian(self.weights)

    def forward(self, X: ArrayLike) -> "Forward":
        """The module's output at samples X as a function of the weights V."""
        from numerics.networks.automatic import Forward

        return Forward(self.function, self.layers, self.scales, self.weights, sample_array(X))


def sample_array(X: ArrayLike) -> np.ndarray:
    """Samples of any shape (n, ...): integers, such as token ids, stay integers, all else is float64."""
    array = real_array(X, "X", copy=True, finite=True)
    if array.ndim < 1 or array.size == 0:
        raise InputError(f"X has shape {array.shape}; give at least one sample, (n, ...)")
    return array.astype(np.int64) if np.asarray(X).dtype.kind in "iu" else array


def _roots(rates: Mapping[str, Any] | None, layers: tuple[str, ...]) -> list[float]:
    """sqrt(eta_l) of every layer."""
    given = {} if rates is None else _of_layers(rates, "learning_rates", layers, _ONE_EACH)
    numbers = {layer: positive_number(rate, f"the learning rate of {layer}") for layer, rate in given.items()}
    return [float(np.sqrt(numbers.get(layer, 1.0))) for layer in layers]


def _quantities(conserved: Sequence[Mapping[str, Any]], layers: tuple[str, ...]) -> tuple[Mapping[str, float], ...]:
    wanted = "give mappings from layers to numbers q, such as ({'U': 1, 'a': -1},)"
    found = [_of_layers(q, "conserved", layers, wanted) for q in listed(conserved, "conserved", wanted)]
    return tuple({layer: real_number(value, f"conserved[{layer!r}]") for layer, value in q.items()} for q in found)


def _of_layers(given: Any, name: str, layers: tuple[str, ...], wanted: str) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise InputError(f"{name} = {shown(given)}; {wanted}")
    unknown = [layer for layer in given if layer not in layers]
    if unknown:
        raise InputError(f"{name} names {shown(unknown[0])}, which is no layer; the layers are {', '.join(layers)}")
    return given
