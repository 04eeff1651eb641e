"""``phasetheory inspect``: the regimes of the user's own PyTorch modules."""

from pathlib import Path
from typing import Annotated, Any

import typer

from numerics.commands.completion import offer
from numerics.commands.data import read_data_option
from numerics.commands.letters import Speaker, print_json
from numerics.commands.look import Look, read_look
from numerics.commands.options import takes
from numerics.commands.output import Json, check_picture, parse_integers
from numerics.commands.running import progress_bar
from numerics.datasets import Dataset
from numerics.errors import InputError, check_choice
from numerics.experiments.judgement import Verdict

__all__ = ["inspect_command"]

_FLOW = "gradient-flow"
_OPTIMIZERS = (_FLOW, "sgd", "adam", "adamw")
_LOSSES = ("squares", "cross-entropy")


@takes(data=read_data_option, look=read_look)
def inspect_command(
    source: Annotated[
        str,
        typer.Argument(
            metavar="MODEL.PY:FACTORY", help="A Python file, which is RUN, and a function of the width in it."
        ),
    ],
    data: Dataset,
    look: Look,
    widths: Annotated[str, typer.Option(help="Widths, e.g. 64,128,256.")] = "64,128,256,512",
    seeds: Annotated[int, typer.Option(help="Modules at each width.")] = 4,
    optimizer: Annotated[
        str, typer.Option(help="gradient-flow, sgd, adam or adamw.", autocompletion=offer(*_OPTIMIZERS))
    ] = _FLOW,
    rate: Annotated[
        str | None, typer.Option(help="Learning rate of the optimiser, a formula in the width m such as '1/m'.")
    ] = None,
    loss: Annotated[
        str, typer.Option(help="squares, or cross-entropy of labels.", autocompletion=offer(*_LOSSES))
    ] = "squares",
    train: Annotated[bool, typer.Option("--train", help="Also train at every width, and compare.")] = False,
    steps: Annotated[
        str | None,
        typer.Option(
            help="With --train: when distances are kept, the last the most steps; 1,10,100,1000 if not given."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="With --train: picture of the distances at every step: .png, .pdf or .svg.")
    ] = None,
    json: Json = False,
) -> int:
    """Read the regime of every parameter of your own PyTorch model, and predict how far it moves as its width grows.

    MODEL.PY is run, as python would, and so is FACTORY(width), which returns a torch.nn.Module: only give files that you trust.
    The module gets the columns of the data as they are in the file, without a constant. Needs PyTorch: phasetheory[torch].
    """
    check_choice(optimizer, "--optimizer", _OPTIMIZERS)
    check_choice(loss, "--loss", _LOSSES)
    if (rate is None) != (optimizer == _FLOW):
        raise InputError(
            f"--rate is missing; give that of {optimizer}, such as 0.01 or '1/m'"
            if rate is None
            else f"--rate {rate} is that of an optimiser; add --optimizer sgd, adam or adamw, or leave it out"
        )
    if steps is not None and not train:
        raise InputError(f"--steps {steps} is of the training; add --train, or leave it out")
    if out is not None:
        if not train:
            raise InputError(f"--out {out} is a picture of the training; add --train, or leave it out")
        check_picture(out)
    look.check(out is not None)
    chosen = parse_integers("--widths", widths, "64,128,256")
    kept: dict[str, Any] = {} if steps is None else {"steps": parse_integers("--steps", steps, "1,10,100,1000")}
    # PyTorch is an extra, and takes seconds to import: only here
    from numerics.pytorch import inspect, scaling_check
    from numerics.pytorch.user_code import locate_factory, read_factory, running, with_rate

    file, name = locate_factory(source)
    X, options = data.X[:, :-1], dict[str, Any](widths=chosen, seeds=seeds, loss=loss)
    check = None
    with running(file):
        factory, make = read_factory(file, name), None
        if rate is not None:
            factory, make = with_rate(factory, optimizer, rate)
        if train:
            with progress_bar(quiet=json) as show:
                check = scaling_check(
                    factory,
                    X,
                    data.y,
                    optimizer=make,
                    progress=lambda done, total: show(done, total, f"{done} of {total} runs"),
                    **options,
                    **kept,
                )
            found = check.inspection
        else:
            found = inspect(factory, X, data.y, optimizer=make, **options)
    console = Speaker(quiet=json)
    console.print(str(found), markup=False, soft_wrap=True)
    if check is not None:
        console.print(f"\n{check}", markup=False, soft_wrap=True)
    if json:
        print_json(found.to_dict() if check is None else check.to_dict())
    if out is not None and check is not None:
        from numerics.figures.style import save_as  # Matplotlib only when a picture is asked for

        with look.figures():
            save_as(check.plot(), out)  # type: ignore[arg-type]  # a figure of its own
        console.print(f"Figure: {out}", soft_wrap=True)
    return int(check is not None and any(result.verdict is Verdict.DISAGREES for result in check.layers))
