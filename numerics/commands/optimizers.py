"""The optimiser in the words of the command line."""

from typing import Annotated

import typer

from numerics.commands.completion import offer
from phasetheory.scaling.optimizers import OPTIMIZERS

__all__ = ["OptimizerName"]

OptimizerName = Annotated[
    str,
    typer.Option(
        "--optimizer",
        help="gradient-flow, or sign-descent, also called adam, which is what Adam does at a small rate.",
        autocompletion=offer(*OPTIMIZERS),
    ),
]
