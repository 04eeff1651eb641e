r"""Recurrent networks: one matrix on many edges.

    h_t = relu(W h_{t-1} + U x_t),    h_0 = 0,    f = a h_T/alpha

The path of lag k, from x_{T-k} to the output, uses U and a once and W k times. With equal strengths s of U and a, and w of
W, its value is 2 s + k w: the memory counts as often as it is used, and phase boundaries have slopes that count the uses.

A path counts only if its relus are open: give every input a positive constant coordinate (measured: without one W may get
no gradient).
"""

from collections.abc import Sequence
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
from phasetheory.networks.layers import Cap, Layer, Path
from phasetheory.symbols.expressions import listed_or_none, m
from phasetheory.symbols.rationals import is_whole

__all__ = ["recurrent"]


def recurrent(
    sigma_U: Any,
    sigma_W: Any,
    sigma_a: Any,
    *,
    steps: int,
    lags: Sequence[int] | None = None,
    informed: Sequence[int] | None = None,
    outputs: Any = 1,
    embedding: Any = None,
    alpha: Any = 1,
    learning_rates: Any = None,
    name: str = "",
) -> Graph:
    """A recurrent network of m units, read after its last step.

    Parameters
    ----------
    sigma_U, sigma_W, sigma_a : scales
        Of the input, the memory and the output.
    steps : int
        T, at least 1.
    lags : sequence of int, optional
        Lags, 0 to T - 1, at which the input is not zero; all by default. ``[T - 1]`` is an impulse at the first step.
    informed : sequence of int, optional
        Those of ``lags`` that the target depends on, the other inputs being constants; all by default.
    outputs, embedding, alpha, learning_rates, name
        As for :func:`~phasetheory.fully_connected`.

    Examples
    --------
    >>> recurrent("m^(-3/2)", 1, "m^(-3/2)", steps=3).slopes()
    {'U': 1/2, 'W': -5/2, 'a': 1/2}
    """
    length = check_count(steps, "steps")
    given = tuple(range(length)) if lags is None else _lags(lags, "lags", range(length))
    told = given if informed is None else _lags(informed, "informed", given)
    check_not_zero(sigma_U, "sigma_U")
    rates = rates_by_name(learning_rates, "UWa")
    layers = {
        "U": first_layer(sigma_U, rates["U"], embedding),
        "W": Layer(sigma_W, m, m, rates["W"]),
        "a": readout(sigma_a, rates["a"], outputs),
    }
    if not any(given):
        raise TheoryError(
            "steps, lags: the input enters at the last step alone, so W is on no path; give a lag above 0"
        )
    paths = {lag: Path({"U": 1, **({"W": lag} if lag else {}), "a": 1}) for lag in given}
    bound = Cap(tuple(paths[lag] for lag in told))
    found = tuple(path if lag in told else Path(path.uses, caps=(bound,)) for lag, path in paths.items())
    told_of = {"steps": length, "lags": given, "informed": told, "outputs": outputs, "embedding": embedding}
    made = Architecture("recurrent", told_of)
    return Graph(layers, found, output_scale(alpha, outputs), name=name, architecture=made)


def _lags(values: Any, name: str, allowed: Sequence[int]) -> tuple[int, ...]:
    found = listed_or_none(values)
    if not found or not all(is_whole(lag) and lag in allowed for lag in found):
        raise TheoryError(f"{name} = {shown(values)}; give some of the lags {', '.join(map(str, allowed))}")
    return tuple(sorted(set(map(int, found))))
