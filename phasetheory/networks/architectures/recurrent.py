r"""Recurrent networks: one matrix on many edges.

    h_t = relu(W h_{t-1} + U x_t + b),    h_0 = 0,    f = (a h_T + ba)/alpha

The path of lag k, from x_{T-k} to the output, uses U and a once and W k times. With equal strengths s of U and a, and w of
W, its value is 2 s + k w: the memory counts as often as it is used, and phase boundaries have slopes that count the uses.

The bias b is one parameter on T paths, added at step T - k and then k times in W. They express constants; what varies with
the input they serve through kinks only. Every one of them passes the last relu, where the input arrives over all lags: that is
the bound. The output's bias ba passes none.

A path counts only if its relus are open: give every input a positive constant coordinate (measured: without one W may get
no gradient).
"""

from collections.abc import Sequence
from dataclasses import replace
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
    shares_of_outputs,
    target_kinds,
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
    biases: Sequence[Any] | None = None,
    targets: Sequence[str] | None = None,
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
    biases : sequence of scales, length 1 or 2, optional
        Standard deviation of the bias b of the hidden units, in the ``fan_in`` of W, and of the output's, ba, which has none
        without it; 0 for one that starts at zero, None for none.
    targets : sequence of str, optional
        As for :func:`~phasetheory.fully_connected`.
    outputs, embedding, alpha, learning_rates, name
        As for :func:`~phasetheory.fully_connected`.

    Examples
    --------
    >>> recurrent("m^(-3/2)", 1, "m^(-3/2)", steps=3).slopes()
    {'U': 1/2, 'W': -5/2, 'a': 1/2}

    A bias that starts at zero has no relative distance:

    >>> recurrent("1/m", "m^(-5/4)", "m^(-5/4)", steps=3, biases=[0]).slopes()
    {'U': 1/2, 'W': 1/4, 'b': oo, 'a': 3/4}
    """
    length = check_count(steps, "steps")
    given = tuple(range(length)) if lags is None else _lags(lags, "lags", range(length))
    told = given if informed is None else _lags(informed, "informed", given)
    check_not_zero(sigma_U, "sigma_U")
    shifts = bias_layers(biases, {"b": (m, m), "ba": (m, outputs)}, outputs, "the scale of the hidden units'")
    layers = {"U": first_layer(sigma_U, embedding), "W": Layer(sigma_W, m, m)}
    layers |= {name: own for name, own in shifts.items() if name == "b"}
    layers = beside(layers | {"a": readout(sigma_a, outputs)}, shifts)
    if not any(given) and "b" not in shifts:
        raise TheoryError(
            "steps, lags: the input enters at the last step alone, so W is on no path; give a lag above 0"
        )
    entering = {lag: _path("U", lag) for lag in given}
    bound = (Cap(tuple(entering[lag] for lag in told), ("input",) if shifts else None),)
    paths = [path if lag in told else replace(path, caps=bound) for lag, path in entering.items()]
    if "b" in shifts:  # added at every step, whether an input enters there or not
        paths += [replace(_path("b", lag), caps=bound) for lag in range(length)]
    if "ba" in shifts:
        paths.append(Path({"ba": 1}, targets=("constant",)))
    known = {"steps": length, "lags": given, "informed": told, "outputs": outputs, "embedding": embedding}
    made = Architecture("recurrent", known | {"biases": tuple(shifts)})
    kinds = target_kinds(targets, bool(shifts))
    hidden = [["U", "W"]] if 0 in told else [["U"], ["W"]]  # what reaches the last state directly
    hidden[-1] += [bias for bias in shifts if bias == "b"]
    last = [layer for layer in layers if layer in ("a", "ba")]
    return assembled(
        made,
        layers,
        paths,
        alpha=alpha,
        learning_rates=learning_rates,
        name=name,
        targets=kinds,
        shares=shares_of_outputs(outputs, [*hidden, last]),
    )


def _path(source: str, lag: int) -> Path:
    return Path({source: 1, **({"W": lag} if lag else {}), "a": 1})


def _lags(values: Any, name: str, allowed: Sequence[int]) -> tuple[int, ...]:
    found = listed_or_none(values)
    if not found or not all(is_whole(lag) and lag in allowed for lag in found):
        raise TheoryError(f"{name} = {shown(values)}; give some of the lags {', '.join(map(str, allowed))}")
    return tuple(sorted(set(map(int, found))))
