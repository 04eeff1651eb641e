r"""One head of attention, which reads the last position.

    f = a relu(V sum_j p_j x_j)/alpha,    p = softmax of the logits c (Q x_T).(K x_j)

The path {V, a} knows only where the attention is, {V, a, Q, K} moves it. That one is capped twice: by the first, since p <=
1; and because a logit is a node of *fixed width*, which passes back the actual signal, random at first, f_0, or learned, of
the order alpha, and never one that is aligned over the width: by c max(alpha, f_0) Q K. This second cap is derived for
attention and was met by measurement there; it should hold for every narrow node and is not used for others. The derivative
passes the softmax in this form only while the logits differ by no more than a number of order one.
"""

from typing import Any

import sympy as sp

from phasetheory.networks.architectures.parts import check_not_zero, output_scale, rates_by_name, readout
from phasetheory.networks.graph import Architecture, Graph
from phasetheory.networks.layers import Cap, Layer, Path
from phasetheory.symbols.expressions import as_expression, as_scale, d, m

__all__ = ["attention"]


def attention(
    sigma_V: Any,
    sigma_Q: Any,
    sigma_K: Any,
    sigma_a: Any,
    *,
    multiplier: Any = 1,
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
    alpha, outputs, learning_rates, name
        As for :func:`~phasetheory.fully_connected`.

    Examples
    --------
    >>> attention(1, 1, 1, "1/m", multiplier="1/m").slopes()
    {'V': -2, 'Q': -2, 'K': -2, 'a': 0}
    """
    check_not_zero(sigma_V, "sigma_V")
    rates = rates_by_name(learning_rates, "VQKa")
    scale, logits = output_scale(alpha, outputs), as_scale(multiplier, name="multiplier")
    layers = {
        layer: Layer(sigma, d, m, rates[layer]) for layer, sigma in zip("VQK", (sigma_V, sigma_Q, sigma_K), strict=True)
    }
    layers["a"] = readout(sigma_a, rates["a"], outputs)
    whole = Path({"V": 1, "a": 1})
    random = as_expression(layers["V"].sigma * layers["a"].sigma * sp.sqrt(m), name="sigma_V, sigma_a")  # f_0
    passed = [logits * signal for signal in (scale, random) if signal != 0]
    narrow = tuple(Path({"Q": 1, "K": 1}, factor) for factor in passed)
    turned = Path({"V": 1, "Q": 1, "K": 1, "a": 1}, logits, caps=(Cap((whole,)), Cap(narrow)))
    made = Architecture("attention", {"multiplier": logits, "outputs": outputs})
    return Graph(layers, (whole, turned), scale, name=name, architecture=made)
