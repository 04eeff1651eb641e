"""The command line. Commands parse, call the library and print; every mistake is one line on stderr and exit status 2."""

import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

import phasetheory as pt
from numerics.errors import InputError
from numerics.plan import Plan
from numerics.report import to_dict, to_table
from numerics.verify import verify
from phasetheory.printing import plain

__all__ = ["app", "main"]

app = typer.Typer(
    help="Derive in which regime a network trains, and check it by experiment.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
_USAGE, _INTERRUPTED = 2, 130
_UsageError: type[Exception] = typer.BadParameter.__mro__[1]  # the base of every mistake in the words of a call

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


class Format(StrEnum):
    """Forms of the derivation."""

    text = "text"
    markdown = "markdown"
    latex = "latex"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status is returned.

    0: done (``verify``: every verdict agrees); 1: ``verify`` found a disagreement; 2: a mistake in the call, one line on stderr.
    """
    try:
        return app(args=arguments, prog_name="phasetheory", standalone_mode=False) or 0
    except _UsageError as error:
        message = error.format_message()  # type: ignore[attr-defined]
        return _complain(f"{message.rstrip('.')}; see 'phasetheory --help'")
    except (pt.TheoryError, InputError) as error:
        return _complain(str(error))
    except OSError as error:
        return _complain(f"cannot write {error.filename}: {error.strerror}; choose another folder with --out")
    except (KeyboardInterrupt, typer.Abort):
        print("phasetheory: interrupted", file=sys.stderr)
        return _INTERRUPTED


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.", is_eager=True)] = False,
) -> None:
    if version:
        from importlib.metadata import version as installed

        print(installed("phasetheory"))
        raise typer.Exit


@app.command("verify")
def verify_command(
    out: Annotated[Path | None, typer.Option(help="Folder for report.json and the figures.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Smaller widths: quicker, with wider intervals.")] = False,
    point: Annotated[
        list[str] | None, typer.Option(help="GAMMA,GAMMA_PRIME to measure instead of the standard points; repeatable.")
    ] = None,
    widths: Annotated[str | None, typer.Option(help="Widths, e.g. 1000,2000,4000.")] = None,
    seeds: Annotated[int | None, typer.Option(help="Repetitions at each width.")] = None,
    as_json: Json = False,
) -> int:
    """Derive the two-layer phase diagram, train networks over it, and hold prediction against measurement.

    Exit status 0 only if every point agrees.
    """
    plan = _plan(quick, point, widths, seeds)
    if out is not None:
        _prepare(out)
    console = Console(stderr=as_json, highlight=False)
    derivation = pt.derive()
    if not as_json:
        console.print(derivation.text(), markup=False, soft_wrap=True)
    with _progress(len(plan.cells), quiet=as_json) as advance:
        verification = verify(plan, diagram=derivation.diagram, progress=advance)
    report = to_dict(verification, derivation)
    if out is not None:
        from numerics.figures import write_figures  # Matplotlib only when a picture is asked for

        write_figures(verification, out)
        (out / "report.json").write_text(_as_json(report) + "\n")
    if as_json:
        print(_as_json(report))
    else:
        console.print(to_table(verification))
        agreeing = sum(p.agrees for p in verification.points)
        console.print(f"{agreeing} of {len(verification.points)} points agree, in {verification.seconds:.1f} s.")
        if out is not None:
            console.print(f"Report and figures are in {out}", soft_wrap=True)
    return 0 if verification.agrees else 1


@app.command()
def classify(
    name: Annotated[str | None, typer.Argument(help=f"One of {', '.join(pt.initializations())}.")] = None,
    alpha: Annotated[str | None, typer.Option(help="Output scale, e.g. 'sqrt(m)'.")] = None,
    beta1: Annotated[str | None, typer.Option(help="Standard deviation of the OUTPUT weights (paper order).")] = None,
    beta2: Annotated[str | None, typer.Option(help="Standard deviation of the input weights.")] = None,
    as_json: Json = False,
) -> None:
    """Place a two-layer network on the phase diagram: a named initialisation, or scales as formulas in m and d."""
    network = _network(name, alpha, beta1, beta2)
    slopes = pt.slopes_on_slice(network)
    free = any(slope.free_symbols for slope in slopes.values())
    regimes = {} if free else {layer: regime.value for layer, regime in network.regime().items()}
    known = pt.statements(network)
    if as_json:
        result = {
            "name": network.name,
            "kappa": str(network.kappa),
            "kappa_prime": str(network.kappa_prime),
            "gamma": str(network.gamma),
            "gamma_prime": str(network.gamma_prime),
            "regime": regimes,
            "slopes": {layer: str(slope) for layer, slope in slopes.items()},
            "statements": [{"text": s.text, "basis": s.basis.value, "source": s.source} for s in known],
        }
        print(_as_json(result))
        return
    print(f"{network.name or 'two-layer network'}: α = {plain(network.alpha)}, ", end="")
    print(f"β₁ = {plain(network.sigmas[1])} (output), β₂ = {plain(network.sigmas[0])} (input)")
    print(f"  γ  = {plain(network.gamma)}\n  γ' = {plain(network.gamma_prime)}")
    for layer, slope in slopes.items():
        print(f"  {layer}: {regimes.get(layer, 'along the line')}, S_{layer} = {plain(slope)}")
    for basis in pt.Basis:
        chosen = [s for s in known if s.basis is basis]
        for source in dict.fromkeys(s.source for s in chosen):
            print(f"{basis.value} ({source})")
            print(*(f"  {s.text}" for s in chosen if s.source == source), sep="\n")


@app.command()
def derive(
    name: Annotated[str | None, typer.Argument(help="A named initialisation to end with.")] = None,
    form: Annotated[Format, typer.Option("--format", help="Form of the document.")] = Format.text,
    out: Annotated[Path | None, typer.Option(help="File to write instead of printing.")] = None,
) -> None:
    """Print the derivation of the phase diagram, step by step, with the proof of each step."""
    derivation = pt.derive(pt.initialization(name) if name else None)
    document = {Format.text: derivation.text, Format.markdown: derivation.markdown, Format.latex: derivation.latex}[
        form
    ]()
    if out is None:
        print(document, end="")
    else:
        out.write_text(document)


def _network(name: str | None, alpha: str | None, beta1: str | None, beta2: str | None) -> pt.Network:
    scales = {"--alpha": alpha, "--beta1": beta1, "--beta2": beta2}
    missing = [option for option, value in scales.items() if value is None]
    if name is not None:
        if len(missing) < len(scales):
            raise InputError("give the name of an initialisation or --alpha, --beta1 and --beta2, not both")
        return pt.initialization(name)
    if missing:
        names = ", ".join(pt.initializations())
        raise InputError(
            f"{', '.join(missing)} missing; give --alpha, --beta1 and --beta2, or one of the names {names}"
        )
    return pt.two_layer(alpha, beta1, beta2)


def _plan(quick: bool, points: list[str] | None, widths: str | None, seeds: int | None) -> Plan:
    base = Plan.quick() if quick else Plan()
    chosen: dict[str, Any] = {}
    if points:
        pairs = [tuple(text.split(",")) for text in points]
        if any(len(pair) != 2 for pair in pairs):
            raise InputError(f"--point {' '.join(points)}: give GAMMA,GAMMA_PRIME such as 1.75,0")
        chosen["points"] = pairs
    if widths is not None:
        try:
            chosen["widths"] = tuple(int(text) for text in widths.split(","))
        except ValueError as error:
            raise InputError(f"--widths {widths}: give integers such as 1000,2000,4000") from error
    if seeds is not None:
        chosen["seeds"] = seeds
    return replace(base, **chosen)


def _prepare(folder: Path) -> None:
    """Make the folder and write to it once, before anything is computed for it; the trial file is gone again."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder):
        pass


@contextmanager
def _progress(total: int, *, quiet: bool) -> Iterator[Any]:
    columns = (
        TextColumn("training networks"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True, quiet=quiet)
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=total)
        yield lambda done, _: bar.update(task, completed=done)


def _as_json(result: dict[str, Any]) -> str:
    return json.dumps(result, indent=1, ensure_ascii=False)


def _complain(message: str) -> int:
    print(f"phasetheory: {' '.join(message.split())}", file=sys.stderr)
    return _USAGE


if __name__ == "__main__":
    sys.exit(main())
