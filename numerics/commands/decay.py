"""``phasetheory decay``: the walk of weight decay from the lazy to the rich regime."""

from pathlib import Path
from typing import Annotated

import typer

from numerics.commands.letters import Speaker, print_json
from numerics.commands.look import Look, read_look
from numerics.commands.options import takes
from numerics.commands.output import (
    Json,
    Seed,
    Width,
    check_picture,
    parse_numbers,
    plain_warnings,
)
from numerics.experiments.decay_walk import decay_walk
from numerics.reports.decay_walk import walk_dict, walk_lines, walk_table

__all__ = ["decay"]


@takes(look=read_look)
def decay(
    look: Look,
    capacities: Annotated[
        str, typer.Option(help="P = m β₁β₂/α at the start, numbers with commas; lazy if large.")
    ] = "30,300,3000",
    kappa_prime: Annotated[float, typer.Option(help="κ' = β₁/β₂.")] = 1.0,
    mu: Annotated[float, typer.Option(help="λ α, weight decay in the time t/α, of both layers.")] = 1e-3,
    width: Width = 1000,
    seed: Seed = 0,
    out: Annotated[Path | None, typer.Option(help="Picture of the walk: .png, .pdf or .svg.")] = None,
    json: Json = False,
) -> None:
    """Train lazy networks under weight decay: they fit early and learn late, when the capacity left makes them rich (grokking).

    16 samples in the plane of a teacher with one kink. From whatever capacity, all is one curve of P(t) = P exp(-2 mu tau).
    """
    starts = parse_numbers("--capacities", capacities)
    look.check(out is not None)
    if out is not None:
        check_picture(out)
    with plain_warnings():
        found = decay_walk(capacities=starts, kappa_prime=kappa_prime, mu=mu, width=width, seed=seed)
    console = Speaker(quiet=json)
    console.print(walk_table(found))
    for line in walk_lines(found):
        console.print(line, soft_wrap=True)
    if json:
        print_json(walk_dict(found))
    if out is not None:
        from numerics.figures.decay_walk import plot_decay_walk  # Matplotlib only when a picture is asked for
        from numerics.figures.style import save_as

        with look.figures():
            save_as(plot_decay_walk(found), out)
        console.print(f"Figure: {out}", soft_wrap=True)
