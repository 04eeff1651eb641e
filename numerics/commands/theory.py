"""``phasetheory classify``, ``derive`` and ``diagram``: questions that need no experiment."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from json import dumps
from pathlib import Path
from typing import Annotated, Any

import sympy as sp
import typer

import phasetheory as pt
from numerics.commands.completion import offer, offer_initializations
from numerics.commands.language import Language
from numerics.commands.letters import print_json
from numerics.commands.optimizers import OptimizerName
from numerics.commands.options import exclusive, takes
from numerics.commands.output import Json, Names, NamesOption, Style, StyleOption, check_style
from numerics.commands.slices import read_plane, split_list
from numerics.errors import InputError
from phasetheory.scaling.optimizers import as_optimizer
from phasetheory.symbols.language import ENGLISH, check_language
from phasetheory.symbols.printing import plain, power
from phasetheory.symbols.prose import text

__all__ = ["Asked", "classify", "derive", "diagram", "no_network", "read_network"]


_DEVIATION = (
    "A standard deviation, not a variance, in m, d and the fan_in and fan_out of its layer: He is 'sqrt(2/fan_in)'. "
    "One layer may be 0."
)


class Format(StrEnum):
    """Forms of the derivation."""

    text = "text"
    markdown = "markdown"
    latex = "latex"


@dataclass(frozen=True)
class Asked:
    """The network that a call is about.

    Attributes
    ----------
    network : Network or None
        None if only a depth and an activation were given.
    name : str or None
        Of a named initialisation.
    depth : int
    activation : Activation
    build : callable or None
        The network for an optimiser, by its name: the rates of an abc list, and muP, are those of one.
    """

    network: pt.Network | None
    name: str | None
    depth: int
    activation: pt.Activation
    build: Callable[[str], pt.Network] | None = None

    def trained_by(self, optimizer: str) -> pt.Network | None:
        """The network, for this optimiser."""
        return self.network if self.build is None else self.build(optimizer)


def read_network(
    name: Annotated[
        str | None,
        typer.Argument(
            help=f"A named initialisation: {', '.join(pt.initializations())}.", autocompletion=offer_initializations
        ),
    ] = None,
    depth: Annotated[int | None, typer.Option(max=100, help="Number of weight layers; 2 by default.")] = None,
    alpha: Annotated[
        str | None,
        typer.Option(help="Output scale, a formula in the width m and the input dimension d such as 'sqrt(m)'."),
    ] = None,
    beta1: Annotated[
        str | None,
        typer.Option(help=f"Two layers: scale of the OUTPUT weights; three: of the input weights. {_DEVIATION}"),
    ] = None,
    beta2: Annotated[
        str | None,
        typer.Option(help="Two layers: scale of the input weights; three: of the middle weights. As --beta1."),
    ] = None,
    beta3: Annotated[str | None, typer.Option(help="Three layers: scale of the output weights. As --beta1.")] = None,
    sigmas: Annotated[
        str | None, typer.Option(help=f"Any depth: scales from input to output, separated by commas. {_DEVIATION}")
    ] = None,
    learning_rates: Annotated[
        str | None,
        typer.Option(
            help="Layer-wise learning rates, input to output, separated by commas; in fan_in and fan_out too."
        ),
    ] = None,
    abc: Annotated[
        str | None, typer.Option("--abc", help="abc parametrisation 'a1,..,aL; b1,..,bL; c1,..,cL' (or one c).")
    ] = None,
    activation: Annotated[
        str,
        typer.Option(
            help="relu, linear, leaky_relu:SLOPE or relu^P.",
            autocompletion=offer("relu", "linear", "leaky_relu", "leaky_relu:", "relu^"),
        ),
    ] = "relu",
) -> Asked:
    """A network by its name, its scales or its abc parametrisation; or only a depth and an activation."""
    sigma, betas = _activation(activation), (beta1, beta2, beta3)
    build: Callable[[str], pt.Network] | None = None
    beta = next((beta for beta in betas if beta is not None), None)
    ways = {"NAME": name, "--beta1 ..": beta, "--sigmas": sigmas, "--abc": abc}
    if all(value is None for value in (*ways.values(), alpha, learning_rates)):
        return Asked(None, None, 2 if depth is None else depth, sigma)
    exclusive(ways, "each of them says what the network is")
    if all(value is None for value in ways.values()):
        raise no_network("no network given")
    if name is not None:
        if alpha is not None or learning_rates is not None:
            raise InputError(f"{name} fixes its scales; leave out --alpha and --learning-rates, or leave out the name")
        build = partial(_named, name, 2 if depth is None else depth, sigma)
        network = build("gradient-flow")
    elif abc is not None:
        if alpha is not None or learning_rates is not None:
            raise InputError("--abc fixes every scale; leave out --alpha and --learning-rates")
        build = partial(_from_abc, abc, sigma)
        network = build("gradient-flow")
    else:
        network = _from_scales(alpha, betas, sigmas, learning_rates, sigma)
    if depth not in (None, network.depth):
        raise InputError(f"--depth {depth}: the scales given are those of {network.depth} layers; leave out --depth")
    return Asked(network, name, network.depth, sigma, build)


@takes(asked=read_network)
def classify(
    asked: Asked,
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
    """
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


@takes(asked=read_network)
def derive(
    asked: Asked,
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
    """Print the derivation, step by step, with the proof of each step: of a depth, or of one network given as to classify."""
    language = check_language(language or ENGLISH)
    general: dict[str, Any] = {"depth": asked.depth, "activation": asked.activation} if asked.network is None else {}
    exclusive({"--weight-decay": weight_decay, "--dropout": dropout}, "each is worked out alone")
    general |= {"weight_decay": weight_decay, "dropout": dropout}
    derivation = pt.derive(asked.trained_by(optimizer), optimizer=optimizer, **general)
    document = pt.write(derivation, form, language)
    if out is None:
        print(document, end="")
    else:
        out.write_text(document, encoding="utf-8")


@takes(plane=read_plane)
def diagram(
    plane: pt.PhaseDiagram,
    spectral: Annotated[
        bool, typer.Option("--spectral", help="Distances in spectral instead of Frobenius norm.")
    ] = False,
    weight_decay: Annotated[
        str | None,
        typer.Option(
            help="Two layers: ell, a number, or mu = lambda alpha = m^-ell as a formula in m. Regimes at the fit and at the end."
        ),
    ] = None,
    style: StyleOption = None,
    names: NamesOption = None,
    language: Language = None,
    out: Annotated[Path | None, typer.Option(help="Picture (.png, .svg, .pdf) or data (.json) to write.")] = None,
    json: Json = False,
) -> None:
    """Derive a phase diagram: boundaries, regions and named initialisations, as text, data or a picture."""
    exclusive({"--json": json, f"--out {out}": out}, "data in a file are --out NAME.json")
    drawn = out is not None and out.suffix.lower() != ".json"
    for option, given in (("--language", language), ("--names", names and names.value)):
        if given is not None and not drawn:
            raise InputError(f"{option} {given}: it is that of a picture; give --out NAME.png, or leave it out")
    check_style(style, drawn)
    derived = plane.with_norm("spectral" if spectral else "frobenius")
    if weight_decay is not None:
        ell = _read_ell(weight_decay)
        derived = pt.decayed_diagram(ell, diagram=derived)
    if out is not None:
        # a column of a paper has room for the names of the chapter
        chosen = names or (Names.paper if style is Style.paper else Names.all)
        _write_diagram(derived, out, check_language(language or ENGLISH), style, chosen)
    elif json:
        print_json(_diagram_data(derived))
    else:
        print(_diagram_text(derived))


def no_network(got: str) -> InputError:
    """The error where a network is needed."""
    names = ", ".join(pt.initializations())
    return InputError(f"{got}; give one of: a name ({names}), --beta1 .., --sigmas, --abc")


def _named(name: str, depth: int, activation: pt.Activation, optimizer: str) -> pt.Network:
    return pt.initialization(name, depth, activation, optimizer=optimizer)


def _from_abc(abc: str, activation: pt.Activation, optimizer: str) -> pt.Network:
    parts = [split_list(part) for part in abc.split(";")]
    if len(parts) != 3:
        raise InputError(f"--abc {abc}: give 'a1,..,aL; b1,..,bL; c1,..,cL', such as '0,1; 0,0; 0'")
    a, b, c = parts
    return pt.from_abc(a=a, b=b, c=c if len(c) > 1 else c[0], optimizer=optimizer, activation=activation)


def _from_scales(
    alpha: str | None,
    betas: tuple[str | None, str | None, str | None],
    sigmas: str | None,
    rates: str | None,
    activation: pt.Activation,
) -> pt.Network:
    if alpha is None:
        raise InputError("--alpha is missing; give the output scale, such as 1 or 'sqrt(m)'")
    own: dict[str, Any] = {} if rates is None else {"learning_rates": split_list(rates)}
    if sigmas is not None:
        return pt.Network(tuple(split_list(sigmas)), alpha, activation=activation, **own)
    first, second, third = betas
    if first is None or second is None:
        missing = "--beta1" if first is None else "--beta2"
        raise InputError(f"{missing} is missing; two layers need --alpha, --beta1 and --beta2, three also --beta3")
    scales = (second, first) if third is None else (first, second, third)
    return pt.Network(scales, alpha, activation=activation, **own)


def _activation(text: str) -> pt.Activation:
    """``relu``, ``linear``, ``leaky_relu:SLOPE`` or ``relu^P``."""
    plain_names = {"relu": pt.relu, "linear": pt.linear, "leaky_relu": pt.leaky_relu()}
    if text in plain_names:
        return plain_names[text]
    for prefix, build in (("leaky_relu:", pt.leaky_relu), ("relu^", pt.relu_power)):
        if text.startswith(prefix):
            number = pt.parse_scale(text.removeprefix(prefix))
            if number.is_Rational:
                return build(number)
    raise InputError(f"--activation {text}: use relu, linear, leaky_relu:0.1 or relu^2")


def _write_diagram(derived: pt.PhaseDiagram, out: Path, language: str, style: Style | None, names: Names) -> None:
    ending = out.suffix.lower()
    if ending == ".json":
        out.write_text(dumps(_diagram_data(derived), indent=2) + "\n", encoding="utf-8")
        return
    if ending not in (".png", ".svg", ".pdf"):
        raise InputError(f"--out {out}: a diagram is written as .png, .svg, .pdf or .json")

    from numerics.figures.canvas import figures_for, new_figure  # Matplotlib only when a picture is asked for
    from numerics.figures.language import figures_in
    from numerics.figures.schemes import NAMES
    from numerics.figures.style import save_as
    from numerics.figures.weight_decay import plot_weight_decay

    with figures_in(language), figures_for(style):
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


def _diagram_data(derived: pt.PhaseDiagram) -> dict[str, Any]:
    if not isinstance(derived, pt.DecayedDiagram):
        return derived.to_dict()
    moments = {name: diagram.to_dict() for name, diagram in _at_both(derived).items()}
    return {"ell": str(derived.ell), "collapses": derived.collapses, **moments}


def _diagram_text(derived: pt.PhaseDiagram) -> str:
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
    data = derived.to_dict(None if derived.network.depth == 2 else derived.layers[:-1])
    title = "" if derived.optimizer.name == "gradient-flow" else f", {derived.optimizer.title}"
    lines = [f"{derived.network.depth} layers, {derived.norm} norm{title}; every boundary and region is derived"]
    for layer in derived.layers:
        if edge := text(derived.boundary(layer).prose):
            lines.append(f"  {layer} is critical on  {edge}")
        else:
            lines.append(f"  {derived.regions([layer])[0].label} on the whole plane")
    lines.append("regions")
    lines += [f"  {region['label']}" for region in data["regions"]]
    if derived.target_region is not None:
        lines.append(
            f"slopes differ for easy and hard targets where {derived.target_region.label}; 'classify' prints both"
        )
    if named := data["named_points"]:
        lines.append(f"named initialisations, at ({', '.join(plain(c) for c in derived.coordinates)})")
        lines += [f"  {point['title']:<15} ({', '.join(map(plain, point['exact']))})" for point in named]
    else:
        lines.append("no named initialisation lies on this plane")
    return "\n".join(lines)


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
