r"""Chains: fully connected and convolutional networks, with biases, several outputs, an embedding, or normalised layers.

* Convolution: channels for the width. Kernel size, positions, stride, and whether the last layer is flattened or averaged change
  constants only.
* Bias b_l: one more path, b_l W_(l+1) .. a. Constants and what varies with the input are two kinds of targets,
  ``'constant'`` and ``'input'``: the paths of biases express constants; what varies with the input they serve only through
  kinks, as far as the input itself comes that far. The bias of the output passes none and serves constants only.
* m^kappa outputs with targets of order one: alpha grows by m^(kappa/2). Of half as many as neurons, or more, hidden layers cannot
  fit all, and the readout moves as far as the rest takes (:func:`phasetheory.networks.architectures.parts.shares_of_outputs`).
* Embedding: a first layer that sees only the rows of the inputs.
* LayerNorm or BatchNorm (no epsilon, no gains) after every hidden layer: W_l has degree 0, |W_l| is conserved (proved) and
  it can turn but not grow; the readout sees features of the norm sqrt(m), whatever comes before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp

from phasetheory.dynamics.gradient_flow import check_depth
from phasetheory.errors import TheoryError, check_choice, shown
from phasetheory.networks.architectures.parts import (
    assembled,
    bias_layers,
    check_count,
    check_not_zero,
    readout,
    shares_of_outputs,
    target_kinds,
)
from phasetheory.networks.graph import Architecture, Graph
from phasetheory.networks.layers import Bias, Layer, Series, Share
from phasetheory.networks.network import layer_names
from phasetheory.symbols.expressions import Fans, as_scale, d, listed_or_none, m

__all__ = ["convolutional", "fully_connected"]

_POOLINGS = ("flatten", "average")


def fully_connected(
    sigmas: Sequence[Any],
    *,
    biases: Sequence[Any] | None = None,
    targets: Sequence[str] | None = None,
    outputs: Any = 1,
    layer_norm: bool = False,
    embedding: Any = None,
    alpha: Any = 1,
    learning_rates: Any = None,
    name: str = "",
) -> Graph:
    """A fully connected network of width m, with more to it than a :class:`~phasetheory.Network`.

    Parameters
    ----------
    sigmas : sequence of scales, length L >= 2
        Standard deviations of the weights, input to output.
    biases : sequence of scales, length L or L - 1, optional
        Standard deviations of the biases, in the ``fan_in`` of their weights; 0 for biases that start at zero, None for a layer
        without; without the last, the output has none. Of normalised layers the output alone may have one.
    targets : sequence of str, optional
        With biases: what is to be learned, ``'input'`` and ``'constant'`` (both by default).
    outputs : scale
        Their number, 1, 3 or a power of m, of the order of m at most.
    layer_norm : bool
        A normalisation after every hidden layer, before its relu.
    embedding : scale, optional
        The size of a vocabulary: the first layer has a row for every word.
    alpha : scale
    learning_rates : mapping of str to scale, optional
        By names of layers.
    name : str

    Examples
    --------
    >>> fully_connected(("1/m", "m^(-3/4)", "m^(-3/4)"), embedding="m").slopes()
    {'W1': 0, 'W2': -1/4, 'a': 1/4}
    """
    given = _listed(sigmas)
    middle = [(m, m)] * (len(given) - 2)
    told = {"outputs": outputs, "layer_norm": layer_norm, "embedding": embedding}
    first = (d, m) if embedding is None else (as_scale(embedding, name="embedding"), m)
    chain = _Chain("chain", told, given, [first, *middle], biases, targets)
    return chain.graph(alpha=alpha, learning_rates=learning_rates, name=name)


def convolutional(
    sigmas: Sequence[Any],
    *,
    kernel: int = 3,
    stride: int = 1,
    pooling: str = "flatten",
    biases: Sequence[Any] | None = None,
    targets: Sequence[str] | None = None,
    outputs: Any = 1,
    layer_norm: bool = False,
    alpha: Any = 1,
    learning_rates: Any = None,
    name: str = "",
) -> Graph:
    """A convolutional network of m channels: convolutions, each followed by a relu, and a linear layer.

    Parameters
    ----------
    sigmas : sequence of scales, length L >= 2
        Standard deviations of the kernels from the input on, and of the linear layer; ``fan_in`` counts the entries
        of a kernel.
    kernel : int
        Entries of a kernel, per pair of channels.
    stride : int
    pooling : str
        ``'flatten'``, or ``'average'`` over the positions, before the linear layer.
    biases, targets, outputs, layer_norm, alpha, learning_rates, name
        As for :func:`fully_connected`.

    Examples
    --------
    >>> convolutional(("1/m", "m^(-3/4)", "m^(-3/4)")).slopes()
    {'W1': 1/2, 'W2': -1/4, 'a': 1/4}
    """
    given = _listed(sigmas)
    entries = check_count(kernel, "kernel")
    check_choice(pooling, "pooling", _POOLINGS)
    fans = [(entries * inputs, entries * m) for inputs in [d, *[m] * (len(given) - 2)]]
    told = {"kernel": entries, "stride": check_count(stride, "stride"), "pooling": pooling}
    told |= {"outputs": outputs, "layer_norm": layer_norm}
    chain = _Chain("convolutional", told, given, fans, biases, targets)
    return chain.graph(alpha=alpha, learning_rates=learning_rates, name=name)


def _listed(sigmas: Any) -> list[Any]:
    given = listed_or_none(sigmas)
    if given is None or len(given) < 2:
        raise TheoryError(f"sigmas = {shown(sigmas)}; give one scale per layer, at least two layers")
    check_depth(len(given))
    for number, sigma in enumerate(given[:-1], start=1):
        check_not_zero(sigma, f"sigma_{number}")
    return given


@dataclass(frozen=True)
class _Chain:
    """Layers one after the other; ``fans`` are those of all but the last."""

    kind: str
    told: Mapping[str, Any]
    sigmas: Sequence[Any]
    fans: Sequence[Fans]
    biases: Any
    targets: Any

    def graph(self, **options: Any) -> Graph:
        names, shifts = layer_names(len(self.sigmas)), self._shifts()
        layers: dict[str, Layer] = {}
        parts: list[str | Bias] = []
        for number, (layer, weights) in enumerate(zip(names, self._weights(), strict=True), start=1):
            layers[layer] = weights
            parts.append(layer)
            if (bias := f"b{number}") in shifts:
                layers[bias] = shifts[bias]
                parts.append(Bias(bias, relu=number < len(names)))
        whole = Series(*parts, multiplier=sp.sqrt(m) if self._normalised else 1)
        made = Architecture(self.kind, {"depth": len(names), "biases": tuple(shifts), **self.told})
        kinds = target_kinds(self.targets, bool(shifts))
        return assembled(made, layers, whole, targets=kinds, shares=self._shares(names, shifts), **options)

    def _shares(self, names: Sequence[str], shifts: Mapping[str, Layer]) -> tuple[Share, ...]:
        """Of so many outputs; the open neurons of several positions of a convolution are not counted."""
        if self.kind != "chain":
            return ()
        places = [[layer, *({f"b{number}"} & shifts.keys())] for number, layer in enumerate(names, start=1)]
        return shares_of_outputs(self.told["outputs"], places)

    @property
    def _normalised(self) -> bool:
        given: bool = self.told["layer_norm"]
        if not isinstance(given, bool):
            raise TheoryError(f"layer_norm = {shown(given)}; give True or False")
        return given

    def _weights(self) -> list[Layer]:
        degree = 0 if self._normalised else 1
        outer = ["fan_in", *[None] * (len(self.fans) - 1)]
        hidden = zip(self.sigmas[:-1], self.fans, outer, strict=True)
        return [
            *(Layer(sigma, *fans, outer=own, degree=degree) for sigma, fans, own in hidden),
            readout(self.sigmas[-1], self.told["outputs"]),
        ]

    def _shifts(self) -> dict[str, Layer]:
        outputs = self.told["outputs"]
        fans = {f"b{number}": own for number, own in enumerate([*self.fans, (m, outputs)], start=1)}
        found = bias_layers(self.biases, fans, outputs, "one scale per hidden layer, None for one without")
        if hidden := [bias for bias in found if self._normalised and bias != f"b{len(self.sigmas)}"]:
            raise TheoryError(
                f"layer_norm, biases: {hidden[0]} comes before a normalisation, which is of no degree in it alone (and batch "
                "normalisation takes it out again); give None for hidden layers, so that the output alone has a bias"
            )
        return found
