"""``phasetheory classify``, ``derive`` and ``diagram``: questions that need no experiment."""

from collections.abc import Sequence
from enum import StrEnum
from json import dumps
from pathlib import Path
from typing import Annotated, Any

import sympy as sp
import typer

import phasetheory as pt
from numerics.commands.architectures import (
    read_network_or_graph,
    read_plane_or_graphs,
    read_subject,
    refuse_with_graphs,
)
from numerics.commands.letters import print_json
from numerics.commands.look import Language, Look, Style, read_look
from numerics.commands.networks import Asked, no_network
from numerics.commands.optimizers import OptimizerName
from numerics.commands.options import exclusive, takes
from numerics.commands.output import Json, Names, NamesOption
from numerics.errors import InputError
from phasetheory.scaling.optimizers import as_optimizer
from phasetheory.symbols.language import ENGLISH, check_language
from phasetheory.symbols.printing import plain, power
from phasetheory.symbols.prose import text

__all__ = ["classify", "derive", "diagram"]


class Format(StrEnum):
    """Forms of the derivation."""

    text = "text"
    markdown = "markdown"
    latex = "latex"


@takes(asked=read_network_or_graph)
def classify(
    asked: Asked | pt.Graph,
    width: Annotated[
        int | None, typer.Option(help="Neurons of every hidden layer: the capacity P there, and what it means.")
    ] = None,
    optimizer: OptimizerName = "gradient-flow",
    weight_decay: Annotated[
        str | None,
        typer.Option(
            help="lambda in dW/dt = .. - lambda W, a formula in m: whether it fits, turns rich, and where it ends."
        ),
    ] = None,
    dropout: Annotated[
        str | None,
        typer.Option(
            help="Probability in (0, 1] with which a hidden neuron of two layers is kept: its number, slopes at the fit and late."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Place a network on the phase diagram and say what that rests on.

    A named initialisation; or --alpha with --beta1 --beta2 [--beta3], or with --sigmas; or --abc. A regime is that of
    the limit of infinite width; --width says whether a network of that width is there.

    With --architecture: --sigmas, in the order that an error names, and --alpha.
    """
    if isinstance(asked, pt.Graph):
        unsuited = {"width": width, "optimizer": optimizer, "weight_decay": weight_decay, "dropout": dropout}
        refuse_with_graphs(unsuited)
        if json:
            print_json(_graph_as_dict(asked))
        else:
            print(pt.describe(asked))
        return
    net = asked.trained_by(optimizer)
    if net is None:
        raise no_network("no network given")
    exclusive({"--weight-decay": weight_decay, "--dropout": dropout}, "each is worked out alone")
    regularised: dict[str, Any] = {"weight_decay": weight_decay, "dropout": dropout}
    if json:
        further = {} if width is None else {"at_width": _at_width(pt.at_width(net, width))}
        if weight_decay is not None:
            further["weight_decay"] = _with_weight_decay(net, weight_decay, optimizer)
        if dropout is not None:
            further["dropout"] = _with_dropout(net, dropout, optimizer)
        print_json(_as_dict(net, pt.statements(net, optimizer=optimizer), optimizer) | further)
    elif asked.name is not None:
        own: dict[str, Any] = {"depth": asked.depth, "activation": asked.activation}
        print(pt.describe(asked.name, optimizer=optimizer, width=width, **regularised, **own))
    else:
        print(pt.describe(net, optimizer=optimizer, width=width, **regularised))


@takes(asked=read_subject)
def derive(
    asked: Asked | pt.Graph | pt.GraphDiagram,
    optimizer: OptimizerName = "gradient-flow",
    weight_decay: Annotated[
        bool, typer.Option("--weight-decay", help="With weight decay: its map onto the flow without, and its walk.")
    ] = False,
    dropout: Annotated[
        bool, typer.Option("--dropout", help="With dropout, two layers: the average over the masks, and its number.")
    ] = False,
    form: Annotated[Format, typer.Option("--format", help="Form of the document.")] = Format.text,
    language: Language = None,
    out: Annotated[Path | None, typer.Option(help="File to write instead of printing.")] = None,
) -> None:
    """Print the derivation, step by step, with the proof of each step: of a depth, or of one network given as to classify.

    With --architecture: of that network, or without scales of the architecture's standard plane.
    """
    language = check_language(language or ENGLISH)
    derivation = _derived(asked, optimizer, weight_decay, dropout)
    document = pt.write(derivation, form, language)
    if out is None:
        print(document, end="")
    else:
        out.write_text(document, encoding="utf-8")


def _derived(
    asked: Asked | pt.Graph | pt.GraphDiagram, optimizer: str, weight_decay: bool, dropout: bool
) -> pt.Derivation | pt.GraphDerivation:
    if isinstance(asked, pt.Graph | pt.GraphDiagram):
        refuse_with_graphs({"optimizer": optimizer, "weight_decay": weight_decay, "dropout": dropout})
        return pt.derive(asked)
    general: dict[str, Any] = {"depth": asked.depth, "activation": asked.activation} if asked.network is None else {}
    exclusive({"--weight-decay": weight_decay, "--dropout": dropout}, "each is worked out alone")
    general |= {"weight_decay": weight_decay, "dropout": dropout}
    return pt.derive(asked.trained_by(optimizer), optimizer=optimizer, **general)


@takes(plane=read_plane_or_graphs, look=read_look)
def diagram(
    plane: pt.PhaseDiagram | pt.GraphDiagram,
    look: Look,
    spectral: Annotated[
        bool, typer.Option("--spectral", help="Distances in spectral instead of Frobenius norm.")
    ] = False,
    weight_decay: Annotated[
        str | None,
        typer.Option(
            help="Two layers: ell, a number, or mu = lambda alpha = m^-ell as a formula in m. Regimes at the fit and at the end."
        ),
    ] = None,
    names: NamesOption = None,
    out: Annotated[Path | None, typer.Option(help="Picture (.png, .svg, .pdf) or data (.json) to write.")] = None,
    json: Json = False,
) -> None:
    """Derive a phase diagram: boundaries, regions and named initialisations, as text, data or a picture."""
    exclusive({"--json": json, f"--out {out}": out}, "data in a file are --out NAME.json")
    drawn = out is not None and out.suffix.lower() != ".json"
    if names is not None and not drawn:
        raise InputError(f"--names {names.value}: it is that of a picture; give --out NAME.png, or leave it out")
    look.check(drawn)
    derived = plane.with_norm("spectral" if spectral else "frobenius")
    if isinstance(derived, pt.GraphDiagram):
        refuse_with_graphs({"weight_decay": weight_decay})
    elif weight_decay is not None:
        derived = pt.decayed_diagram(_read_ell(weight_decay), diagram=derived)
    if out is not None:
        # a column of a paper has room for the names of the chapter
        chosen = names or (Names.paper if look.style is Style.paper else Names.all)
        _write_diagram(derived, out, look, chosen)
    elif json:
        print_json(_diagram_data(derived))
    else:
        print(_diagram_text(derived))


def _write_diagram(derived: pt.PhaseDiagram | pt.GraphDiagram, out: Path, look: Look, names: Names) -> None:
    ending = out.suffix.lower()
    if ending == ".json":
        out.write_text(dumps(_diagram_data(derived), indent=2) + "\n", encoding="utf-8")
        return
    if ending not in (".png", ".svg", ".pdf"):
        raise InputError(f"--out {out}: a diagram is written as .png, .svg, .pdf or .json")

    from numerics.figures.canvas import new_figure  # Matplotlib only when a picture is asked for
    from numerics.figures.schemes import NAMES
    from numerics.figures.style import save_as
    from numerics.figures.weight_decay import plot_weight_decay

    with look.figures():
        if isinstance(derived, pt.DecayedDiagram):
            figure = plot_weight_decay(derived, figure=new_figure(11.4, 5.8), names=NAMES[names])
        else:
            figure = new_figure(6.4, 5.4)
            derived.plot(ax=figure.subplots(), inside=True, names=NAMES[names])
        save_as(figure, out)


def _read_ell(given: str) -> sp.Expr:
    """A number is ell itself, a formula in m is mu = m^-ell."""
    formula = pt.parse_scale(given)
    return -pt.exponent(formula) if formula.has(pt.m) else formula


def _at_both(derived: pt.DecayedDiagram) -> dict[str, pt.PhaseDiagram]:
    return {f"at_the_{moment}": pt.decayed_diagram(derived.ell, moment, diagram=derived) for moment in ("fit", "end")}


def _diagram_data(derived: pt.PhaseDiagram | pt.GraphDiagram) -> dict[str, Any]:
    if not isinstance(derived, pt.DecayedDiagram):
        return derived.to_dict()
    moments = {name: diagram.to_dict() for name, diagram in _at_both(derived).items()}
    return {"ell": str(derived.ell), "collapses": derived.collapses, **moments}


def _diagram_text(derived: pt.PhaseDiagram | pt.GraphDiagram) -> str:
    if isinstance(derived, pt.GraphDiagram):
        return _text_of_graphs(derived)
    return _text_with_weight_decay(derived) if isinstance(derived, pt.DecayedDiagram) else _text_of_plane(derived)


def _text_with_weight_decay(derived: pt.DecayedDiagram) -> str:
    """Slopes and regions at both moments, and the walk from the one to the other; every line is derived but the walk."""
    ends = {
        None: "if mu is below the threshold of collapse",
        True: "the weights are gone, f = 0",
        False: "least variation norm",
    }
    lines = [f"weight decay, mu = lambda alpha ~ {power(-derived.ell)}; every slope and region is derived"]
    titles = ("when the data are fitted", f"at the end: {ends[derived.collapses]}")
    for title, diagram in zip(titles, _at_both(derived).values(), strict=True):
        lines += [title, *(f"  S_{layer} = {plain(diagram.slope(layer))}" for layer in diagram.layers)]
        lines += [f"  {region.label}" for region in diagram.regions()]
        if diagram.target_region is not None:
            lines.append(f"  slopes of an easy target where {diagram.target_region.label}")
    if derived.unfitted_region is not None:
        time = plain(derived.fitting_time.to_sympy(*derived.coordinates))
        lines.append(f"never fitted, since the weights decay before, where x > {derived.ell}; x = {time}")
    walk = "between them, where the data are fitted, the network walks: P(t) = P exp(-2 lambda t) at the same kappa' [proved]"
    return "\n".join([*lines, walk])


def _text_of_plane(derived: pt.PhaseDiagram) -> str:
    title = f", {derived.title}" if derived.title else ""
    telling = derived.layers if derived.network.depth == 2 else derived.layers[:-1]
    lines = [
        f"{derived.network.depth} layers, {derived.norm} norm{title}; every boundary and region is derived",
        *_lines_of_plane(derived, telling),
    ]
    if derived.target_region is not None:
        lines.append(
            f"slopes differ for easy and hard targets where {derived.target_region.label}; 'classify' prints both"
        )
    if named := derived.to_dict(telling)["named_points"]:
        lines.append(f"named initialisations, at ({', '.join(plain(c) for c in derived.coordinates)})")
        lines += [f"  {point['title']:<15} ({', '.join(map(plain, point['exact']))})" for point in named]
    else:
        lines.append("no named initialisation lies on this plane")
    return "\n".join(lines)


def _text_of_graphs(derived: pt.GraphDiagram) -> str:
    scales = [f"σ_{name} = {plain(layer.sigma)}" for name, layer in derived.graph.layers.items()]
    return "\n".join(
        [
            f"{derived.title}, {derived.norm} norm; every boundary and region is derived",
            f"  {', '.join(scales)}; α = {plain(derived.graph.alpha)}",
            *_lines_of_plane(derived, derived.layers),
        ]
    )


def _lines_of_plane(derived: pt.PhaseDiagram | pt.GraphDiagram, telling: Sequence[str]) -> list[str]:
    """Boundaries of all layers, and the regions that the ``telling`` ones make."""
    lines = []
    for layer in derived.layers:
        if edge := text(derived.boundary(layer).prose):
            wide = any(region.regimes[layer] is pt.Regime.CRITICAL for region in derived.regions([layer]))
            lines.append(f"  {layer} is critical on  {edge}{', and in a region' if wide else ''}")
        else:
            lines.append(f"  {derived.regions([layer])[0].label} on the whole plane")
    return [*lines, "regions", *(f"  {region.label}" for region in derived.regions(telling))]


def _graph_as_dict(graph: pt.Graph) -> dict[str, Any]:
    rates, made = graph.learning_rate_scaling(), graph.architecture
    return {
        "name": graph.name,
        "architecture": {"kind": made.kind, "parameters": {key: str(value) for key, value in made.parameters.items()}},
        "layers": list(graph.layers),
        "sigmas": {name: str(layer.sigma) for name, layer in graph.layers.items()},
        "alpha": str(graph.alpha),
        "strengths": {name: str(strength) for name, strength in graph.exponents.start.items()},
        "capacity": str(graph.capacity),
        "slopes": {layer: str(slope) for layer, slope in graph.slopes().items()},
        "spectral_slopes": {layer: str(slope) for layer, slope in graph.slopes("spectral").items()},
        "regime": {layer: regime.value for layer, regime in graph.regime().items()},
        "spectral_regime": {layer: regime.value for layer, regime in graph.regime("spectral").items()},
        "displacements": {layer: str(power) for layer, power in graph.displacements().items()},
        "lambda_0": str(rates.initial_curvature),
        "lambda_1": str(rates.final_curvature),
        "largest_learning_rate": str(rates.largest_step),
        "fitting_steps": str(rates.steps),
        "conserved": [str(law) for law in graph.conserved()],
        "statements": [{"text": s.text, "basis": s.basis.value, "source": s.source} for s in pt.statements(graph)],
    }


def _as_dict(net: pt.Network, known: tuple[pt.Statement, ...], optimizer: str) -> dict[str, Any]:
    gamma, gamma_prime = net.coordinates(optimizer)
    result: dict[str, Any] = {
        "name": net.name,
        "layers": list(net.layers),
        "sigmas": [str(s) for s in net.sigmas],
        "alpha": str(net.alpha),
        "learning_rates": [str(eta) for eta in net.learning_rates],
        "activation": {"name": net.activation.name, "degree": str(net.activation.degree)},
        "kappa": str(net.kappa),
        "kappa_prime": str(net.kappa_prime),
        "optimizer": as_optimizer(optimizer).name,
        "gamma": str(gamma),
        "gamma_prime": str(gamma_prime),
        "statements": [{"text": s.text, "basis": s.basis.value, "source": s.source} for s in known],
    }
    if net.activation.degree != 1:
        return result | {"capacity": str(net.capacity)}
    slopes = pt.slopes_on_slice(net, optimizer=optimizer)
    result["slopes"] = {layer: str(slope) for layer, slope in slopes.items()}
    result["starts_at_zero"] = net.zero_layer
    if all(slope.is_number for slope in slopes.values()):
        scaling, spectral = net.learning_rate_scaling(optimizer=optimizer), net.slopes("spectral", optimizer=optimizer)
        hard = net.slopes(target="hard") if net.depends_on_target(optimizer) else {}
        result |= {
            "regime": {layer: regime.value for layer, regime in net.regime(optimizer=optimizer).items()},
            "slopes_of_a_hard_target": {layer: str(slope) for layer, slope in hard.items()} or None,
            "displacements": {layer: str(power) for layer, power in net.displacements(optimizer=optimizer).items()},
            "spectral_slopes": {layer: str(slope) for layer, slope in spectral.items()},
            "largest_learning_rate": str(scaling.largest_step),
            "fitting_steps": str(scaling.steps),
        }
    return result


def _at_width(here: pt.AtWidth) -> dict[str, Any]:
    unit = here.unit_width
    return {
        "width": here.width,
        "capacity": str(here.capacity),
        "unit_width": None if unit is None else str(unit),
        "outgrowing": None if here.outgrowing is None else list(here.outgrowing),
        "meaning": here.meaning,
        "basis": here.basis.value,
    }


def _with_weight_decay(net: pt.Network, weight_decay: str, optimizer: str) -> dict[str, Any]:
    found = pt.with_weight_decay(net, weight_decay, optimizer=optimizer)
    at_fit, at_end = found.slopes_at_fit, found.slopes_at_end
    return {
        "weight_decay": str(found.weight_decay),
        "mu": str(found.mu),
        "ell": str(found.ell),
        "fitting_time": str(found.fitting_time),
        "is_fitted": found.is_fitted,
        "slopes_at_fit": None if at_fit is None else {layer: str(slope) for layer, slope in at_fit.items()},
        "rich_after": None if found.rich_after is None else str(found.rich_after),
        "collapses": found.collapses,
        "slopes_at_end": None if at_end is None else {layer: str(slope) for layer, slope in at_end.items()},
        "statements": [{"text": s.text, "basis": s.basis.value, "source": s.source} for s in found.statements],
    }


def _with_dropout(net: pt.Network, keep: str, optimizer: str) -> dict[str, Any]:
    found = pt.with_dropout(net, keep, optimizer=optimizer)
    at_fit = found.slopes_at_fit
    return {
        "keep": str(found.keep),
        "ratio": str(found.ratio),
        "third_number": str(found.third_number) if found.ratio != 0 else None,
        "fitting_time": str(found.fitting_time),
        "settling_time": str(found.settling_time) if found.ratio != 0 else None,
        "slopes_at_fit": None if at_fit is None else {layer: str(slope) for layer, slope in at_fit.items()},
        "slopes_at_long_times": {layer: str(slope) for layer, slope in found.slopes_at_long_times.items()},
        "statements": [{"text": s.text, "basis": s.basis.value, "source": s.source} for s in found.statements],
    }
