"""The options on data, and the line that says what was read from a file."""

import sys
from typing import Annotated

import typer

from numerics.datasets import Samples, load_samples

__all__ = ["read_samples", "say_samples"]


def read_samples(
    data: Annotated[
        str,
        typer.Option(
            help="four-points, curve, curve:N, mnist:N, or a file: .csv (also ; or tabs; .tsv, .txt) with one sample a line, "
            "the target in the column y, target or label, or the last, such as the lines 'x1,x2,y' '0.5,1,2' '0.7,3,-1'; "
            ".npy (n, k+1); .npz with x and y."
        ),
    ] = "four-points",
    target: Annotated[
        str | None,
        typer.Option(help="Column of the file that is the target: its name; without names its number, from 1."),
    ] = None,
) -> Samples:
    """Data to train on."""
    return load_samples(data, target)


def say_samples(samples: Samples) -> None:
    """What was taken from a file as what, as one line on stderr: stdout is for results."""
    if samples.notes:
        print(f"phasetheory: data {samples}", file=sys.stderr)
