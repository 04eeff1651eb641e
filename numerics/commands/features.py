"""``phasetheory features`` and ``gallery``: what networks learned inside a regime."""

from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console

from numerics.commands.completion import offer
from numerics.commands.data import read_data_option, say_taken
from numerics.commands.letters import Speaker, print_json
from numerics.commands.look import Look, read_look
from numerics.commands.options import takes
from numerics.commands.output import (
    Json,
    Out,
    Points,
    Seed,
    Width,
    parse_points,
    prepare,
    say_figures,
)
from numerics.commands.slices import read_activation
from numerics.datasets import Dataset
from numerics.errors import InputError
from numerics.experiments.plan import BOOK
from numerics.experiments.portraits import GALLERY, Portrait, regime_of_w, train_points
from numerics.experiments.stopping import DIGITS_LOSS, LOSS, usual_loss_tol
from numerics.networks.smooth import SMOOTH
from numerics.reports.first_directions import first_directions_dict, first_directions_lines
from numerics.reports.tables import ResultTable

__all__ = ["features", "gallery"]

_STRAIGHT = 1e-9  # turning below this part of the overall slope is rounding


@takes(data=read_data_option, look=read_look)
def features(
    data: Dataset,
    look: Look,
    point: Points = None,
    width: Width = 1000,
    seed: Seed = 0,
    activation: Annotated[
        str | None,
        typer.Option(
            help="relu (default), linear, the slope of leaky relu, or a smooth one: tanh, 'z tanh z', 'z^2 tanh z', softplus, "
            "sigmoid, gelu, silu.",
            autocompletion=offer("relu", "linear", *SMOOTH),
        ),
    ] = None,
    animate: Annotated[
        str | None,
        typer.Option(
            help="Also an animation of the training: gif, or mp4 (needs ffmpeg).", autocompletion=offer("gif", "mp4")
        ),
    ] = None,
    out: Out = None,
    json: Json = False,
) -> None:
    """Train one network a point and show its features: orientation and amplitude of every neuron, and how condensed they are.

    Beside them the directions on which tiny weights condense at first, as derived, and what share of the amplitude they hold.
    With --out: for data on a line the functions above their features; for digits cosine similarities and projections.
    """
    X, y = data.X, data.y
    planar = X.shape[1] == 2
    if animate is not None and (animate not in ("gif", "mp4") or not planar or out is None):
        raise InputError(f"--animate {animate}: give gif or mp4, data on a line, and --out FOLDER")
    look.check(out is not None)
    if out is not None:
        prepare(out)
    points = parse_points(point) if point else BOOK
    # with more inputs than two, start without twins, which would stand out in the similarities
    stop = usual_loss_tol(DIGITS_LOSS if data.name.startswith("mnist:") else LOSS, y, data.name)
    say_taken(data, stop)
    chosen = "relu" if (read := read_activation(activation)) is None else read
    learned = train_points(
        points, width, data=(X, y), seed=seed, loss_tol=stop, antisymmetric=planar, activation=chosen
    )
    console = Speaker(quiet=json)
    console.print(_condensation_table(learned, width, seed))
    for line in first_directions_lines(learned[0].first.predicted):
        console.print(line, soft_wrap=True)
    if learned[0].first.predicted.attracting:
        console.print(_predicted_table(learned))
    _warn(learned, console)
    if json:
        source = {"data": data.name, "taken": list(data.notes)}
        predicted = first_directions_dict(learned[0].first.predicted)
        points_read = [_as_dict(net) for net in learned]
        print_json(
            {
                "width": width,
                "seed": seed,
                "activation": chosen,
                **source,
                "predicted": predicted,
                "points": points_read,
            }
        )
    if out is not None:
        from numerics.figures.animation import write_animations  # Matplotlib only when a picture is asked for
        from numerics.figures.features import write_similarities
        from numerics.figures.functions import write_line_features

        with look.figures():
            paths = (
                write_line_features(learned, X, y, data.name, out)
                if planar
                else write_similarities(learned, data.name, out)
            )
            if animate is not None:
                paths += write_animations(learned, X, y, out, f".{animate}")
        say_figures(console, out, paths)


@takes(data=read_data_option, look=read_look)
def gallery(
    data: Dataset,
    look: Look,
    gamma: Annotated[str, typer.Option(help="Values of gamma at gamma' = 0, small initialisation first.")] = ",".join(
        GALLERY
    ),
    width: Width = 1000,
    seed: Seed = 0,
    out: Out = None,
) -> None:
    """Train networks from small to large initialisation on the same data: from nearly linear to jagged interpolation.

    The start is not antisymmetric, so a large initialisation starts at a large function and keeps its shape between the data.
    """
    X, y = data.X, data.y
    if X.shape[1] != 2:
        raise InputError(f"--data {data.name}: a gallery needs data on a line, such as four-points or curve")
    if not _turning(*_distinct(X, y)) * np.ptp(X[:, 0]) > _STRAIGHT * np.ptp(y):
        raise InputError(
            f"--data {data.name}: a gallery shows how networks bend between the data; give three points or more that are "
            "not on one straight line"
        )
    look.check(out is not None)
    if out is not None:
        prepare(out)
    points = [(value, "0") for value in gamma.split(",")]
    stop = usual_loss_tol(LOSS, y, data.name)
    say_taken(data, stop)
    learned = train_points(points, width, data=(X, y), seed=seed, loss_tol=stop, antisymmetric=False)
    console = Speaker()
    console.print(
        "bends: total change of the slope of f between the data, over that of straight lines from point to point"
    )
    for net in learned:
        console.print(f"γ = {float(net.point[0]):<5g} {regime_of_w(net.point).value:<10} bends {_bends(net, X, y):.2f}")
    _warn(learned, console)
    if out is not None:
        from numerics.figures.functions import write_gallery

        with look.figures():
            say_figures(console, out, write_gallery(learned, X, y, data.name, width, out))


def _warn(learned: list[Portrait], console: Console) -> None:
    """Say which runs did not reach their loss, and why."""
    for net in learned:
        if not net.solution.converged:
            gamma, prime = map(float, net.point)
            console.print(
                f"γ = {gamma:g}, γ' = {prime:g}: {net.solution.ending}, {net.solution.status.value}",
                soft_wrap=True,
            )


def _bends(net: Portrait, X: np.ndarray, y: np.ndarray) -> float:
    """Total variation of f' between the outermost data, over that of the linear spline through the data."""
    x, targets = _distinct(X, y)
    position = np.linspace(x[0], x[-1], 2001)
    f = net.solution.network(np.column_stack([position, np.ones(position.size)]))
    return _turning(position, f) / _turning(x, targets)


def _distinct(X: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The data from left to right, each point once."""
    x, first = np.unique(X[:, 0], return_index=True)
    return x, y[first]


def _turning(x: np.ndarray, f: np.ndarray) -> float:
    """Total change of the slope of the polygon through these points."""
    return float(np.sum(np.abs(np.diff(np.diff(f) / np.diff(x)))))


def _condensation_table(learned: list[Portrait], width: int, seed: int) -> ResultTable:
    table = ResultTable(
        f"Condensation of the input weights, {width} neurons, seed {seed}",
        "entropy of the orientations, weighted by amplitude: 1 uniform;\nfraction of the amplitude within the directions",
        ("γ", "γ'", "regime", "RD w", "entropy", "directions", "fraction"),
        keys=3,
        left=("regime",),
    )
    for net in learned:
        table.add_row(
            *(f"{float(value):g}" for value in net.point),
            "–" if net.regime is None else net.regime.value,
            f"{net.solution.relative_distance['w']:.3g}",
            f"{net.before.entropy:.3f} → {net.after.entropy:.3f}",
            f"{net.before.number} → {net.after.number}",
            f"{net.before.fraction:.2f} → {net.after.fraction:.2f}",
        )
    return table


def _predicted_table(learned: list[Portrait]) -> ResultTable:
    table = ResultTable(
        "Share of the amplitude within 5 degrees of these directions",
        "the first plateau ends where the loss has fallen by a tenth",
        ("γ", "γ'", "at the start", "end of first plateau", "at the end"),
        keys=2,
    )
    for net in learned:
        shares = ("–" if np.isnan(share) else f"{share:.2f}" for share in _shares(net).values())
        table.add_row(*(f"{float(value):g}" for value in net.point), *shares)
    return table


def _shares(net: Portrait) -> dict[str, float]:
    """Share of the amplitude near the predicted directions, by when."""
    return {"initial": net.first.initial, "first_plateau": net.first.plateau, "final": net.first.final}


def _as_dict(net: Portrait) -> dict[str, Any]:
    return {
        "gamma": str(net.point[0]),
        "gamma_prime": str(net.point[1]),
        "regime": None if net.regime is None else net.regime.value,
        "relative_distance": net.solution.relative_distance,
        "loss": net.solution.loss,
        "status": net.solution.status.name.lower(),
        "near_predicted": _shares(net),
        **{
            name: {"entropy": c.entropy, "directions": c.directions.tolist(), "shares": c.shares.tolist()}
            for name, c in (("initial", net.before), ("final", net.after))
        },
    }
