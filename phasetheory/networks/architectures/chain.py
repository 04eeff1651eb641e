r"""Chains: fully connected and convolutional networks, with biases, several outputs, an embedding, or normalised layers.

* Convolution: channels for the width. Kernel size, positions, stride, and whether the last layer is flattened or averaged change
  constants only.
* Bias b_l: one more path, b_l W_(l+1) .. a. Constants and what varies with the input are two kinds of targets,
  ``'constant'`` and ``'input'``: the paths of biases express constants; what varies with the input they serve only through
  their kinks, as far as the input itself comes that far, which is the cap.
* m^kappa outputs with targets of order one: alpha grows by m^(kappa/2).
* Embedding: a first layer that sees only the rows of the inputs.
* LayerNorm or BatchNorm (no epsilon, no gains) after every hidden layer: W_l has degree 0, |W_l| is conserved (proved) and
  it can turn but not grow; the readout sees features of the norm sqrt(m), whatever comes before.
"""

from collections.abc import Sequence
from typing import Any

import sympy as sp

from phasetheory.dynamics.gradient_flow import check_depth
from phasetheory.errors import TheoryError, check_choice, shown
from phasetheory.networks.architectures.parts import check_count, check_not_zero, output_scale, rates_by_name, readout
from phasetheory.networks.graph import Architecture, Graph
from phasetheory.networks.layers import Cap, Layer, Path
from phasetheory.networks.network import layer_names
from phasetheory.symbols.expressions import Fans, as_expression, as_scale, d, listed_or_none, m

__all__ = ["convolutional", "fully_connected"]

_POOLINGS = ("flatten", "average")
_TARGETS = ("input", "constant")


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
        Standard deviations of the biases, in the ``fan_in`` of their weights; 0 for biases that start at zero; without the last,
        the output has none.
    targets : sequence of str, optional
        With biases: what is to be learned, ``'input'`` and ``'constant'`` (both by default).
    outputs : scale
        Their number, 1, 3 or a power of m.
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
    return _chain(Architecture("chain", told), given, [first, *middle], biases, targets, alpha, learning_rates, name)


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
    return _chain(Architecture("convolutional", told), given, fans, biases, targets, alpha, learning_rates, name)


def _listed(sigmas: Any) -> list[Any]:
    given = listed_or_none(sigmas)
    if given is None or len(given) < 2:
        raise TheoryError(f"sigmas = {shown(sigmas)}; give one scale per layer, at least two layers")
    check_depth(len(given))
    for number, sigma in enumerate(given[:-1], start=1):
        check_not_zero(sigma, f"sigma_{number}")
    return given


def _chain(
    made: Architecture,
    sigmas: Sequence[Any],
    fans: Sequence[Fans],
    biases: Any,
    targets: Any,
    alpha: Any,
    learning_rates: Any,
    name: str,
) -> Graph:
    """The graph of a chain; ``fans`` are those of all layers but the last."""
    names = layer_names(len(sigmas))
    outputs, normalised = made.parameters["outputs"], made.parameters["layer_norm"]
    if not isinstance(normalised, bool):
        raise TheoryError(f"layer_norm = {shown(normalised)}; give True or False")
    if normalised and biases is not None:
        raise TheoryError("layer_norm, biases: the bias of a normalised layer is not worked out; leave out one of them")
    shifts = {} if biases is None else _biases(biases, sigmas, [*fans, (m, outputs)])
    rates = rates_by_name(learning_rates, [*names, *shifts])
    layers: dict[str, Layer] = {}
    for number, (layer, sigma) in enumerate(zip(names, sigmas, strict=True), start=1):
        if number == len(sigmas):
            layers[layer] = readout(sigma, rates[layer], outputs)
        else:
            outer = "fan_in" if number == 1 else None
            layers[layer] = Layer(sigma, *fans[number - 1], rates[layer], outer, 0 if normalised else 1)
        if (bias := f"b{number}") in shifts:
            width = {"fan_out": outputs, "outer": "fan_out"} if number == len(sigmas) else {"fan_out": m}
            layers[bias] = Layer(shifts[bias], 1, learning_rate=rates[bias], **width)
    whole = Path(dict.fromkeys(names, 1), sp.sqrt(m) if normalised else 1)
    cap = Cap((whole,), ("input",))
    shifted = [Path({bias: 1, **dict.fromkeys(names[int(bias[1:]) :], 1)}, caps=(cap,)) for bias in shifts]
    made = Architecture(made.kind, {"depth": len(sigmas), "biases": tuple(shifts), **made.parameters})
    kinds = _kinds(targets) if shifts else ("all",)
    if targets is not None and not shifts:
        raise TheoryError(f"targets = {shown(targets)}: without biases there is one kind of target; leave it out")
    return Graph(layers, (whole, *shifted), output_scale(alpha, outputs), kinds, name, made)


def _biases(values: Any, sigmas: Sequence[Any], fans: Sequence[Fans]) -> dict[str, sp.Expr]:
    """The scales of the biases by name."""
    given = listed_or_none(values)
    if given is None or len(given) not in (len(sigmas) - 1, len(sigmas)):
        raise TheoryError(
            f"biases = {shown(values)}; give one scale per hidden layer, and another one if the output has a bias"
        )
    return {
        f"b{i}": as_expression(value, name="biases", fans=fan)
        for i, (value, fan) in enumerate(zip(given, fans, strict=False), 1)
    }


def _kinds(targets: Any) -> tuple[str, ...]:
    if targets is None:
        return _TARGETS
    given = listed_or_none(targets)
    if not given or not set(given) <= set(_TARGETS):
        raise TheoryError(f"targets = {shown(targets)}; give 'input', 'constant' or both")
    return tuple(given)
