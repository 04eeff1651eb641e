"""``phasetheory locate``: one network of one width."""

from pathlib import Path
from typing import Annotated

import typer

from numerics.commands.data import read_data_option, say_taken
from numerics.commands.letters import Speaker, print_json
from numerics.commands.look import Look, read_look
from numerics.commands.networks import Asked, no_network, read_network
from numerics.commands.options import takes
from numerics.commands.output import Json, check_picture
from numerics.datasets import Dataset
from numerics.errors import InputError
from numerics.experiments.location import locate
from numerics.experiments.location_plane import plane_around
from numerics.experiments.stopping import LOSS, usual_loss_tol
from numerics.reports.location import location_dict, trained_table

__all__ = ["locate_command"]

_NETWORKS = 4


@takes(asked=read_network, data=read_data_option, look=read_look)
def locate_command(
    asked: Asked,
    data: Dataset,
    look: Look,
    width: Annotated[int | None, typer.Option(help="Number of neurons m.")] = None,
    train: Annotated[
        bool, typer.Option("--train", help=f"Also train {_NETWORKS} networks of this width, f = 0 at the start.")
    ] = False,
    seed: Annotated[int | None, typer.Option(min=0, help="Number of the first network trained; 0 by default.")] = None,
    out: Annotated[Path | None, typer.Option(help="Picture of where the network sits: .png, .pdf or .svg.")] = None,
    json: Json = False,
) -> None:
    """Predict how far each layer of one two-layer network moves, at its own width, and say which regime it is in and why.

    The network is given as to classify.
    """
    if asked.network is None:
        raise no_network("no network given")
    if width is None:
        raise InputError("--width is missing; give the number of neurons, such as 1000")
    look.check(out is not None)
    if out is not None:
        check_picture(out)
    if seed is not None and not train:
        raise InputError(f"--seed {seed} is that of the networks trained; add --train, or leave it out")
    stop = usual_loss_tol(LOSS, data.y, data.name)
    found = locate(asked.network, data.X, data.y, width=width, loss_tol=stop)
    first = seed or 0
    trained = found.train(_NETWORKS, seed=first) if train else None
    say_taken(data, stop)
    console = Speaker(quiet=json)
    console.print(repr(found), markup=False, soft_wrap=True)
    if trained is not None:
        console.print(trained_table(found, trained, first))
    if json:
        print_json(location_dict(found, trained))
    if out is not None:
        from numerics.figures.location import plot_locations  # Matplotlib only when a picture is asked for
        from numerics.figures.style import save_as

        with look.figures():
            save_as(plot_locations(found, [plane_around(found, layer.layer) for layer in found.layers]), out)
        console.print(f"Figure: {out}", soft_wrap=True)
