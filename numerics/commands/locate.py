"""``phasetheory locate``: one network of one width."""

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from numerics.commands.data import read_data_option, say_taken
from numerics.commands.letters import Speaker, print_json
from numerics.commands.options import takes
from numerics.commands.output import Json, Seed
from numerics.commands.theory import Asked, no_network, read_network
from numerics.datasets import Dataset
from numerics.errors import InputError
from numerics.experiments.location import LayerLocation, Location, locate
from numerics.experiments.location_plane import plane_around
from numerics.experiments.stopping import LOSS, usual_loss_tol
from numerics.reports.tables import ResultTable

__all__ = ["locate_command"]

_NETWORKS = 4
_ENDINGS = (".png", ".pdf", ".svg")


@takes(asked=read_network, data=read_data_option)
def locate_command(
    asked: Asked,
    data: Dataset,
    width: Annotated[int | None, typer.Option(help="Number of neurons m.")] = None,
    train: Annotated[
        bool, typer.Option("--train", help=f"Also train {_NETWORKS} networks of this width, f = 0 at the start.")
    ] = False,
    seed: Seed = 0,
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
    if out is not None and out.suffix.lower() not in _ENDINGS:
        raise InputError(f"--out {out}: a figure is written as {', '.join(_ENDINGS)}")
    if seed and not train:
        raise InputError(f"--seed {seed} is that of the networks trained; add --train, or leave it out")
    stop = usual_loss_tol(LOSS, data.y, data.name)
    found = locate(asked.network, data.X, data.y, width=width, loss_tol=stop)
    trained = found.train(_NETWORKS, seed=seed) if train else None
    say_taken(data, stop)
    console = Speaker(quiet=json)
    console.print(repr(found), markup=False, soft_wrap=True)
    if trained is not None:
        console.print(_trained_table(found, trained, seed))
    if json:
        print_json(_as_dict(found, trained))
    if out is not None:
        from numerics.figures.location import plot_locations  # Matplotlib only when a picture is asked for
        from numerics.figures.style import save_as

        save_as(plot_locations(found, [plane_around(found, layer.layer) for layer in found.layers]), out)
        console.print(f"Figure: {out}", soft_wrap=True)


def _trained_table(found: Location, trained: dict[str, np.ndarray], seed: int) -> ResultTable:
    last = seed + len(next(iter(trained.values()))) - 1
    table = ResultTable(
        f"RD predicted and measured, width {found.width}, seeds {seed} to {last}",
        "predicted: of the infinitely wide network, and in which 95 % of networks lie",
        ("layer", "predicted", "95 %", "measured", "mean"),
        keys=1,
        sentences=("measured",),
    )
    for layer in found.layers:
        low, high = layer.interval
        table.add_row(
            layer.layer,
            f"{layer.relative_distance:.3g}",
            f"{low:.3g} to {high:.3g}",
            ", ".join(f"{value:.3g}" for value in trained[layer.layer]),
            f"{float(np.exp(np.log(trained[layer.layer]).mean())):.3g}",
        )
    return table


def _as_dict(found: Location, trained: dict[str, np.ndarray] | None) -> dict[str, Any]:
    return {
        "width": found.width,
        "capacity": found.capacity,
        "kappa_prime": found.kappa_prime,
        "unit_width": _number(found.unit_width),
        "loss_tol": found.loss_tol,
        "nodes": found.nodes,
        "layers": {layer.layer: _layer(layer) for layer in found.layers},
        "notes": list(found.notes),
        "trained": None if trained is None else {layer: values.tolist() for layer, values in trained.items()},
    }


def _layer(layer: LayerLocation) -> dict[str, Any]:
    return {
        "position": layer.position,
        "regime": layer.regime.value if layer.regime else None,
        "relative_distance": layer.relative_distance,
        "interval": list(layer.interval),
        "spread": layer.spread.value,
        "spread_by": layer.spread.source,
        "quadrature_error": layer.quadrature_error,
        "tangent": _number(layer.tangent),
        "tangent_error": _number(layer.tangent_error),
        "elasticities": list(layer.elasticities),
        "critical_capacity": _number(layer.critical_capacity),
        "log10_to_critical": _number(layer.log10_to_critical),
        "slope_at_twice_the_width": layer.slope,
    }


def _number(value: float) -> float | None:
    """JSON has no nan."""
    return value if np.isfinite(value) else None
