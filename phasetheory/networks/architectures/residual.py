r"""Residual networks: branches beside a skip.

    h_0 = relu(U x),    h_l = h_{l-1} + c relu(W_l h_{l-1})    or    h_{l-1} + c V_l relu(W_l h_{l-1}),    f = a h_B/alpha

Every set of blocks is a path, with one multiplier c per block in it: 2^B paths, which are not listed.
"""

from typing import Any

from phasetheory.errors import TheoryError, shown
from phasetheory.networks.architectures.parts import (
    check_count,
    check_not_zero,
    first_layer,
    output_scale,
    rates_by_name,
    readout,
)
from phasetheory.networks.graph import Architecture, Graph
from phasetheory.networks.layers import Layer, Parallel, Series
from phasetheory.symbols.expressions import as_scale, listed_or_none, m

__all__ = ["residual"]


def residual(
    sigma_U: Any,
    sigma_W: Any,
    sigma_a: Any,
    *,
    blocks: int,
    sigma_V: Any = None,
    multiplier: Any = 1,
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
        c, in front of every branch.
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
    inner = {
        f"{letter}{block}": sigma
        for block, scales in enumerate(zip(*branches, strict=True), start=1)
        for letter, sigma in zip(letters, scales, strict=True)
    }
    rates = rates_by_name(learning_rates, ["U", *inner, "a"])
    layers = {"U": first_layer(sigma_U, rates["U"], embedding)}
    layers |= {layer: Layer(sigma, m, m, rates[layer]) for layer, sigma in inner.items()}
    layers["a"] = readout(sigma_a, rates["a"], outputs)
    skips = [
        Parallel(Series(), Series(*(f"{letter}{block}" for letter in letters), multiplier=factor))
        for block in range(1, count + 1)
    ]
    told = {
        "blocks": count,
        "multiplier": factor,
        "matrices": len(branches),
        "outputs": outputs,
        "embedding": embedding,
    }
    return Graph(
        layers,
        Series("U", *skips, "a"),
        output_scale(alpha, outputs),
        name=name,
        architecture=Architecture("residual", told),
    )


def _scales(value: Any, name: str, count: int) -> list[Any]:
    """One for all blocks, or one for each."""
    listed = listed_or_none(value)
    if listed is not None and len(listed) != count:
        raise TheoryError(f"{name} = {shown(value)}; give one scale for all blocks, or one per block, {count} in all")
    return [value] * count if listed is None else listed
