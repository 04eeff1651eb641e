"""The data of a command: a name or a file, and what was taken for what in it."""

import sys
from typing import Annotated

import numpy as np
import typer

from numerics.commands.completion import offer
from numerics.datasets import Dataset, load_dataset
from numerics.experiments.stopping import left_of_the_spread

__all__ = ["or_usual", "read_any_data", "read_data_option", "say_taken"]

_MOST_LEFT = 0.01
_USUAL = "four-points"
_HELP = (
    "four-points, curve, curve:N, mnist:N, or a file: .csv, .tsv, .txt with a sample a row, such as 'x1,x2,y' and below it "
    "'0.5,-1,0.3'; .npy with the target in the last column; .npz with arrays x and y."
)

Target = Annotated[
    str | None,
    typer.Option(
        help="Column of the file that is the target, by its name, or by its number from 1 if it has none; by default y, "
        "target or label, else the last."
    ),
]


def read_data_option(
    data: Annotated[
        str, typer.Option(help=_HELP, autocompletion=offer("four-points", "curve", "curve:", "mnist:"))
    ] = _USUAL,
    target: Target = None,
) -> Dataset:
    """Load the data."""
    return load_dataset(data, target=target)


def read_any_data(
    data: Annotated[
        str | None,
        typer.Option(
            help=f"{_HELP} four-points by default; with --architecture random samples of its shape.",
            autocompletion=offer("four-points", "curve", "curve:", "mnist:"),
        ),
    ] = None,
    target: Target = None,
) -> Dataset | None:
    """Load the data that were asked for; None if none were."""
    return None if data is None and target is None else load_dataset(data or _USUAL, target=target)


def or_usual(data: Dataset | None) -> Dataset:
    """The data of fully connected networks, where none were asked for."""
    return load_dataset(_USUAL) if data is None else data


def say_taken(data: Dataset, stop: float) -> None:
    """Say, on stderr, what of a file was taken for what and at which loss runs end; once nothing else is wrong with a call."""
    if not data.notes:
        return
    notes = [*data.notes, f"runs end at loss {stop:.2g}"]
    if (left := left_of_the_spread(stop, data.y)) > _MOST_LEFT:
        notes.append(
            f"that may leave {left:.0%} of what the targets differ by from their mean; subtract it, {np.mean(data.y):.3g}"
        )
    print(f"phasetheory: {data.name}: {'; '.join(notes)}", file=sys.stderr)
