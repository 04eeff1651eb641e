"""``phasetheory classify``, ``derive`` and ``diagram``: questions that need no experiment."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import sympy as sp
import typer

import phasetheory as pt
from numerics.commands.output import Json, as_json
from numerics.commands.slices import Slice, read_slice, split_list
from numerics.errors import InputError
from phasetheory.documents.summary import describe, layout, summary_rows
from phasetheory.symbols.printing import plain

__all__ = ["classify", "derive", "diagram"]

Name = Annotated[str | None, typer.Argument(help=f"A named initialisation: {', '.join(pt.initializations())}.")]
Depth = Annotated[int, typer.Option(max=100, help="Number of weight layers.")]
Activation = Annotated[str, typer.Option(help="relu, linear, leaky_relu:SLOPE or relu^P.")]
Alpha = Annotated[str | None, typer.Option(help="Output scale, a formula in m and d such as 'sqrt(m)'.")]
Beta1 = Annotated[
    str | None, typer.Option(help="Two layers: scale of the OUTPUT weights; three: of the input weights.")
]
Beta2 = Annotated[
    str | None, typer.Option(help="Two layers: scale of the input weights; three: of the middle weights.")
]
Beta3 = Annotated[str | None, typer.Option(help="Three layers: scale of the output weights.")]
Sigmas = Annotated[str | None, typer.Option(help="Any depth: scales from input to output, separated by commas.")]
Rates = Annotated[str | None, typer.Option(help="Layer-wise learning rates, input to output, separated by commas.")]
Abc = Annotated[
    str | None, typer.Option("--abc", help="abc parametrisation 'a1,..,aL; b1,..,bL; c1,..,cL' (or one c).")
]


class Format(StrEnum):
    """Forms of the derivation."""

    text = "text"
    markdown = "markdown"
    latex = "latex"


def classify(
    name: Name = None,
    depth: Depth = 2,
    alpha: Alpha = None,
    beta1: Beta1 = None,
    beta2: Beta2 = None,
    beta3: Beta3 = None,
    sigmas: Sigmas = None,
    learning_rates: Rates = None,
    abc: Abc = None,
    activation: Activation = "relu",
    json: Json = False,
) -> None:
    """Place a network on the phase diagram and say what that rests on.

    A named initialisation; or --alpha with --beta1 --beta2 [--beta3], or with --sigmas; or --abc.
    """
    net = _network(name, depth, alpha, (beta1, beta2, beta3), sigmas, learning_rates, abc, activation)
    known = pt.statements(net)
    if json:
        print(as_json(_as_dict(net, known)))
        return
    if name is not None:
        print(describe(name, depth, net.activation))
    else:
        print(layout(f"{net.depth}-layer {net.activation.name} network", summary_rows(net)))
    for basis in pt.Basis:
        chosen = [s for s in known if s.basis is basis]
        for source in dict.fromkeys(s.source for s in chosen):
            print(f"{basis.value} ({source})")
            print(*(f"  {s.text}" for s in chosen if s.source == source), sep="\n")


def derive(
    name: Name = None,
    depth: Depth = 2,
    alpha: Alpha = None,
    beta1: Beta1 = None,
    beta2: Beta2 = None,
    beta3: Beta3 = None,
    sigmas: Sigmas = None,
    learning_rates: Rates = None,
    abc: Abc = None,
    activation: Activation = "relu",
    form: Annotated[Format, typer.Option("--format", help="Form of the document.")] = Format.text,
    out: Annotated[Path | None, typer.Option(help="File to write instead of printing.")] = None,
) -> None:
    """Print the derivation, step by step, with the proof of each step: of a depth, or of one network given as to classify."""
    scales = (alpha, beta1, beta2, beta3, sigmas, learning_rates, abc)
    if name is None and not any(scales):
        derivation = pt.derive(depth=depth, activation=_activation(activation))
    else:
        betas = (beta1, beta2, beta3)
        derivation = pt.derive(_network(name, depth, alpha, betas, sigmas, learning_rates, abc, activation))
    document = pt.write(derivation, form)
    if out is None:
        print(document, end="")
    else:
        out.write_text(document)


def diagram(
    depth: Depth = 2,
    slice_: Slice = None,
    spectral: Annotated[
        bool, typer.Option("--spectral", help="Distances in spectral instead of Frobenius norm.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="Picture (.png, .svg, .pdf) or data (.json) to write.")] = None,
    json: Json = False,
) -> None:
    """Derive a phase diagram: boundaries, regions and named initialisations, as text, data or a picture."""
    norm = "spectral" if spectral else "frobenius"
    derived = pt.phase_diagram(depth, norm=norm) if slice_ is None else read_slice(slice_, norm)
    if out is not None:
        _write_diagram(derived, out)
    elif json:
        print(derived.to_json())
    else:
        print(_diagram_text(derived))


def _network(
    name: str | None,
    depth: int,
    alpha: str | None,
    betas: tuple[str | None, str | None, str | None],
    sigmas: str | None,
    rates: str | None,
    abc: str | None,
    activation: str,
) -> pt.Network:
    given = [option for option, value in (("NAME", name), ("--sigmas", sigmas), ("--abc", abc)) if value is not None]
    given += ["--beta1 .."] if any(betas) else []
    if len(given) != 1:
        got = f"got {' and '.join(given)}" if given else "no network given"
        names = ", ".join(pt.initializations())
        raise InputError(f"{got}; give one of: a name ({names}), --beta1 .., --sigmas, --abc")
    sigma = _activation(activation)
    if name is not None:
        if alpha is not None or rates is not None:
            raise InputError(f"{name} fixes its scales; leave out --alpha and --learning-rates, or leave out the name")
        return pt.initialization(name, depth, sigma)
    if abc is not None:
        parts = [split_list(part) for part in abc.split(";")]
        if len(parts) != 3:
            raise InputError(f"--abc {abc}: give 'a1,..,aL; b1,..,bL; c1,..,cL', such as '0,1; 0,0; 0'")
        a, b, c = parts
        return pt.from_abc(a=a, b=b, c=c if len(c) > 1 else c[0], activation=sigma)
    if alpha is None:
        raise InputError("--alpha is missing; give the output scale, such as 1 or 'sqrt(m)'")
    learning_rates = tuple(split_list(rates)) if rates is not None else ()
    if sigmas is not None:
        return pt.Network(tuple(split_list(sigmas)), alpha, learning_rates, sigma)
    first, second, third = betas
    if first is None or second is None:
        missing = "--beta1" if first is None else "--beta2"
        raise InputError(f"{missing} is missing; two layers need --alpha, --beta1 and --beta2, three also --beta3")
    scales = (second, first) if third is None else (first, second, third)
    return pt.Network(scales, alpha, learning_rates, sigma)


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


def _write_diagram(derived: pt.PhaseDiagram, out: Path) -> None:
    ending = out.suffix.lower()
    if ending == ".json":
        out.write_text(derived.to_json() + "\n")
        return
    if ending not in (".png", ".svg", ".pdf"):
        raise InputError(f"--out {out}: a diagram is written as .png, .svg, .pdf or .json")
    from matplotlib.figure import Figure  # only when a picture is asked for

    figure = Figure(figsize=(6.4, 5.4), layout="constrained")
    derived.plot(ax=figure.subplots())
    figure.savefig(out, dpi=160)


def _diagram_text(derived: pt.PhaseDiagram) -> str:
    data = derived.to_dict(None if derived.network.depth == 2 else derived.layers[:-1])
    lines = [f"{derived.network.depth} layers, {derived.norm} norm; every boundary and region is derived"]
    for layer, boundary in data["boundaries"].items():
        edge = plain(sp.Symbol(boundary["text"])) if boundary["text"] else "none on this plane"
        lines.append(f"  {layer} is critical on  {edge}")
    lines.append("regions")
    lines += [f"  {region['label']}" for region in data["regions"]]
    lines.append(f"named initialisations, at ({', '.join(plain(c) for c in derived.coordinates)})")
    lines += [f"  {point['title']:<15} ({', '.join(point['exact'])})" for point in data["named_points"]]
    return "\n".join(lines)


def _as_dict(net: pt.Network, known: tuple[pt.Statement, ...]) -> dict[str, Any]:
    result: dict[str, Any] = {
        "name": net.name,
        "layers": list(net.layers),
        "sigmas": [str(s) for s in net.sigmas],
        "alpha": str(net.alpha),
        "learning_rates": [str(eta) for eta in net.learning_rates],
        "activation": {"name": net.activation.name, "degree": str(net.activation.degree)},
        "kappa": str(net.kappa),
        "kappa_prime": str(net.kappa_prime),
        "gamma": str(net.gamma),
        "gamma_prime": str(net.gamma_prime),
        "statements": [{"text": s.text, "basis": s.basis.value, "source": s.source} for s in known],
    }
    if net.activation.degree != 1:
        return result | {"capacity": str(net.capacity)}
    slopes = pt.slopes_on_slice(net)
    result["slopes"] = {layer: str(slope) for layer, slope in slopes.items()}
    if all(slope.is_number for slope in slopes.values()):
        scaling = net.learning_rate_scaling()
        result |= {
            "regime": {layer: regime.value for layer, regime in net.regime().items()},
            "spectral_slopes": {layer: str(slope) for layer, slope in net.slopes("spectral").items()},
            "largest_learning_rate": str(scaling.largest_step),
            "fitting_steps": str(scaling.steps),
        }
    return result
