r"""Residual networks: branches beside a skip.

    h_0 = relu(U x),    h_l = h_{l-1} + c relu(W_l h_{l-1})    or    h_{l-1} + c V_l relu(W_l h_{l-1}),    f = a h_B/alpha

Every set of blocks is a path, with one multiplier c per block in it: 2^B paths, which are not listed. Every layer may have a
bias; that of V_l, and that of a, meets no relu before it is added.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from phasetheory.errors import TheoryError, shown
from phasetheory.networks.architectures.parts import (
    assembled,
    beside,
    bias_layers,
    check_count,
    check_not_zero,
    first_layer,
    readout,
    target_kinds,
)
from phasetheory.networks.graph import Architecture, Graph
from phasetheory.networks.layers import Bias, Layer, Parallel, Series
from phasetheory.symbols.expressions import as_scale, d, listed_or_none, m

__all__ = ["residual"]


def residual(
    sigma_U: Any,
    sigma_W: Any,
    sigma_a: Any,
    *,
    blocks: int,
    sigma_V: Any = None,
    multiplier: Any = 1,
    biases: Sequence[Any] | None = None,
    targets: Sequence[str] | None = None,
    outputs: Any = 1,
    embedding: Any = None,
    alpha: Any = 1,
    learning_rates: Any = None,
    name: str = "",
) -> Graph:
    """A residual network of width m.

    Parameters
    ----------
    sigma_U, sigma_W, sigma_a : scales
        Of the input, of the branches (one for all, or one per block), and of the output.
    blocks : int
        B, at least 1.
    sigma_V : scale or sequence of scales, optional
        A second matrix in every branch; 0 starts the branches at zero (Fixup).
    multiplier : scale
        c, of every branch with its biases.
    biases : sequence, optional
        Standard deviations of the biases of U, the W_l and, if there are, the V_l (one for all blocks, or one per block), and of
        the output, which has none without it; 0 for one that starts at zero, None for none.
    targets : sequence of str, optional
        As for :func:`~phasetheory.fully_connected`.
    outputs, embedding, alpha, learning_rates, name
        As for :func:`~phasetheory.fully_connected`.

    Examples
    --------
    >>> residual("1/m", "m^(-3/4)", "1/m", blocks=2, alpha="sqrt(m)").slopes()
    {'U': 5/8, 'W1': -1/8, 'W2': -1/8, 'a': 5/8}
    """
    count = check_count(blocks, "blocks")
    factor = as_scale(multiplier, name="multiplier")
    branches = [_scales(sigma_W, "sigma_W", count)]
    check_not_zero(sigma_U, "sigma_U")
    for sigma in branches[0]:
        check_not_zero(sigma, "sigma_W")
    if sigma_V is not None:
        branches.append(_scales(sigma_V, "sigma_V", count))
    letters = "WV"[: len(branches)]
    shifts = _shifts(biases, letters, count, outputs)
    layers = {"U": first_layer(sigma_U, embedding)}
    skips: list[Parallel] = []
    behind = Series(multiplier=factor)  # of the biases too
    for block, scales in enumerate(zip(*branches, strict=True), start=1):
        names = [f"{letter}{block}" for letter in letters]
        layers |= {layer: Layer(sigma, m, m) for layer, sigma in zip(names, scales, strict=True)}
        branch = [part for layer in names for part in _with_bias(layer, shifts, relu=layer.startswith("W"))]
        skips.append(Parallel(Series(), Series(*branch, behind)))
    layers["a"] = readout(sigma_a, outputs)
    whole = Series(*_with_bias("U", shifts), *skips, *_with_bias("a", shifts, relu=False))
    told = {
        "blocks": count,
        "multiplier": factor,
        "matrices": len(branches),
        "biases": tuple(shifts),
        "outputs": outputs,
        "embedding": embedding,
    }
    return assembled(
        Architecture("residual", told),
        beside(layers, shifts),
        whole,
        alpha=alpha,
        learning_rates=learning_rates,
        name=name,
        targets=target_kinds(targets, bool(shifts)),
    )


def _shifts(values: Any, letters: str, count: int, outputs: Any) -> dict[str, Layer]:
    """The biases by name, of every layer its own."""
    groups = {"U": ["bU"], **{letter: [f"b{letter}{block}" for block in range(1, count + 1)] for letter in letters}}
    given = listed_or_none(values)
    words = f"the scales of {', '.join(f'b{group}' for group in groups)}"
    if given is not None:  # one for all blocks stands for one each
        rows = zip(groups.values(), given, strict=False)
        spread = [own for names, value in rows for own in _scales(value, "biases", len(names))]
        short = len(given) < len(groups)
        values = given if short else [*spread, *given[len(groups) :]]
    fans = {name: (d if name == "bU" else m, m) for names in groups.values() for name in names}
    return bias_layers(values, fans | {"ba": (m, outputs)}, outputs, words)


def _with_bias(layer: str, shifts: Mapping[str, Layer], relu: bool = True) -> list[str | Bias]:
    return [layer, Bias(f"b{layer}", relu)] if f"b{layer}" in shifts else [layer]


def _scales(value: Any, name: str, count: int) -> list[Any]:
    """One for all blocks, or one for each."""
    listed = listed_or_none(value)
    if listed is not None and len(listed) != count:
        raise TheoryError(f"{name} = {shown(value)}; give one scale for all blocks, or one per block, {count} in all")
    return [value] * count if listed is None else listed
