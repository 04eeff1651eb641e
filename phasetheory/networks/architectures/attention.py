r"""One head of attention, which reads the last position.

    f = a relu(V sum_j p_j x_j)/alpha,    p = softmax of the logits c (Q x_T).(K x_j)

The path {V, a} knows only where the attention is, {V, a, Q, K} moves it. That one is capped twice: by the first, since p <=
1; and because a logit is a node of *fixed width*, which passes back the actual signal, random at first, f_0, or learned, of
the order alpha, and never one that is aligned over the width: by c max(alpha, f_0) Q K. This second cap is derived for
attention and was met by measurement there; it should hold for every narrow node and is not used for others. The derivative
passes the softmax in this form only while the logits differ by no more than a number of order one.
"""

from collections.abc import Sequence
from typing import Any

import sympy as sp

from phasetheory.networks.architectures.parts import (
    assembled,
    beside,
    bias_layers,
    check_not_zero,
    first_layer,
    output_scale,
    readout,
    target_kinds,
)
from phasetheory.networks.graph import Architecture, Graph
from phasetheory.networks.layers import Cap, Path
from phasetheory.symbols.expressions import as_expression, as_scale, d, m

__all__ = ["attention"]


def attention(
    sigma_V: Any,
    sigma_Q: Any,
    sigma_K: Any,
    sigma_a: Any,
    *,
    multiplier: Any = 1,
    biases: Sequence[Any] | None = None,
    targets: Sequence[str] | None = None,
    alpha: Any = 1,
    outputs: Any = 1,
    learning_rates: Any = None,
    name: str = "",
) -> Graph:
    """One head of attention, m values and m keys, on a sequence of fixed length and its last position as the query.

    Parameters
    ----------
    sigma_V, sigma_Q, sigma_K, sigma_a : scales
        Of values, queries, keys and the output.
    multiplier : scale
        c of the logits, ``'1/sqrt(m)'`` in the usual convention.
    biases : sequence of scales, length 2 or 3, optional
        Standard deviations of the biases of values and queries, and of the output, which has none without it; 0 for one that
        starts at zero, None for none. The keys have none: it moves all logits alike, which a softmax does not see.
    targets : sequence of str, optional
    alpha, outputs, learning_rates, name
        As for :func:`~phasetheory.fully_connected`.

    Examples
    --------
    >>> attention(1, 1, 1, "1/m", multiplier="1/m").slopes()
    {'V': -2, 'Q': -2, 'K': -2, 'a': 0}
    """
    check_not_zero(sigma_V, "sigma_V")
    scale, logits = output_scale(alpha, outputs), as_scale(multiplier, name="multiplier")
    shifts = bias_layers(biases, {"bV": (d, m), "bQ": (d, m), "ba": (m, outputs)}, outputs, "the scales of bV and bQ")
    layers = {layer: first_layer(sigma) for layer, sigma in zip("VQK", (sigma_V, sigma_Q, sigma_K), strict=True)}
    layers = beside(layers | {"a": readout(sigma_a, outputs)}, shifts)
    whole = Path({"V": 1, "a": 1})
    random = as_expression(layers["V"].sigma * layers["a"].sigma * sp.sqrt(m), name="sigma_V, sigma_a")  # f_0
    passed = [logits * signal for signal in (scale, random) if signal != 0]
    paths = [whole]
    for query in ("Q", "bQ"):
        if query in layers:
            narrow = Cap(tuple(Path({query: 1, "K": 1}, factor) for factor in passed))
            paths.append(Path({"V": 1, query: 1, "K": 1, "a": 1}, logits, caps=(Cap((whole,)), narrow)))
    if "bV" in shifts:
        paths.append(Path({"bV": 1, "a": 1}, caps=(Cap((whole,), ("input",)),)))
    if "ba" in shifts:
        paths.append(Path({"ba": 1}, targets=("constant",)))
    made = Architecture("attention", {"multiplier": logits, "biases": tuple(shifts), "outputs": outputs})
    kinds = target_kinds(targets, bool(shifts))
    return assembled(made, layers, paths, alpha=alpha, learning_rates=learning_rates, name=name, targets=kinds)
