"""The command line: commands put together, and every mistake turned into one line on stderr and exit status 2."""

import os
import shlex
import shutil
import sys
import traceback
from collections.abc import Sequence
from importlib.metadata import version
from inspect import getdoc
from pkgutil import resolve_name
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

import phasetheory as pt
from numerics.commands.completion import complete_if_asked
from numerics.commands.endings import stoppable
from numerics.commands.letters import redirect_to_nothing, spell_streams
from numerics.commands.options import check_given
from numerics.errors import GradientFlowError, InputError, ScanError

__all__ = ["COMMANDS", "app", "command_named", "main"]

#: Every command: its module in numerics.commands and function, and the first line of its help. A module is imported when its
#: command is asked for, so that none waits for the others.
COMMANDS: dict[str, tuple[str, str]] = {
    "locate": (
        "locate:locate_command",
        "Predict how far each layer of one two-layer network moves, at its own width, and say which regime it is in and why.",
    ),
    "inspect": (
        "inspect:inspect_command",
        "Read the regime of every parameter of your own PyTorch model, and predict how far it moves as its width grows.",
    ),
    "verify": (
        "verify:verify_command",
        "Derive the phase diagram, train networks over it, and hold prediction against measurement.",
    ),
    "scan": (
        "scan:scan_command",
        "Train networks over a grid of a phase diagram, and compare the slopes of their relative distances with theory.",
    ),
    "plot": ("plot:plot_command", "Draw a scan beside the theory, and say how well they agree."),
    "classify": ("theory:classify", "Place a network on the phase diagram and say what that rests on."),
    "condense": (
        "condense:condense",
        "Train networks over the plane and show, box by box, on which orientations their features gather as the width grows.",
    ),
    "decay": (
        "decay:decay",
        "Train lazy networks under weight decay: they fit early and learn late, when the capacity left makes them rich "
        "(grokking).",
    ),
    "derive": (
        "theory:derive",
        "Print the derivation, step by step, with the proof of each step: of a depth, or of one network given as to classify.",
    ),
    "diagram": (
        "theory:diagram",
        "Derive a phase diagram: boundaries, regions and named initialisations, as text, data or a picture.",
    ),
    "explore": (
        "explore:explore",
        "Open a page in the browser: the derived diagram, and any network on it trained at a click.",
    ),
    "features": (
        "features:features",
        "Train one network a point and show its features: orientation and amplitude of every neuron, and how condensed they "
        "are.",
    ),
    "gallery": (
        "features:gallery",
        "Train networks from small to large initialisation on the same data: from nearly linear to jagged interpolation.",
    ),
    "linearize": (
        "linearize:linearize",
        "Hold networks against their tangent models: sup |f - f_lin| and change of the tangent kernel, with slopes in the "
        "width.",
    ),
    "reproduce": (
        "reproduce:reproduce",
        "Make every page of the chapter: what the theory predicts beside what trained networks do, in one index.html.",
    ),
}


def command_named(name: str, rich_markup_mode: Any = "rich") -> Any:
    """A command with its options; its module is imported."""
    alone = typer.Typer(add_completion=False, rich_markup_mode=rich_markup_mode)
    function = resolve_name(f"numerics.commands.{COMMANDS[name][0]}")
    said = getdoc(function) or ""
    if rich_markup_mode:
        said = said.replace("[", r"\[")  # phasetheory[torch] is no markup
    alone.command(name, help=said)(function)
    return typer.main.get_command(alone)


class _Commands(TyperGroup):
    """The commands as the table has them, for the help and for completion, until one of them is called."""

    def __init__(self, **options: Any) -> None:
        known = {name: TyperCommand(name, help=line) for name, (_, line) in COMMANDS.items()}
        super().__init__(**options | {"commands": known})

    def resolve_command(self, context: Any, arguments: list[str]) -> Any:
        name, command, rest = super().resolve_command(context, arguments)
        return name, command and command_named(str(name), self.rich_markup_mode), rest


app = typer.Typer(
    cls=_Commands,
    help="Derive in which regime a network trains, and check it by experiment.",
    pretty_exceptions_enable=False,
)

_STOPPED, _USAGE, _INTERRUPTED, _PIPE_CLOSED = 1, 2, 130, 141
_ROOM_FOR_PANELS = 80  # columns; in fewer the panels of the help cut names of options
_LONGEST = 600  # characters of a line on stderr; what was given may be a whole file
_TRACEBACK = "PHASETHEORY_TRACEBACK"  # environment variable
#: What to do about errors that come from the size of what was asked, wherever they are raised.
_TOO_MUCH: tuple[tuple[type[Exception], str], ...] = (
    (MemoryError, "not enough memory; ask for smaller widths, fewer samples or fewer points"),
    (OverflowError, "a number is too large or too small to compute with; give one of moderate size"),
    (RecursionError, "something is nested too deeply; write it in a simpler way"),
    (UnicodeError, "a text is not in the encoding of this system; give plain letters, and files in UTF-8"),
)


@app.callback(invoke_without_command=True)
def _root(
    show_version: Annotated[bool, typer.Option("--version", help="Print the version.", is_eager=True)] = False,
) -> None:
    if show_version:
        print(version("phasetheory"))
        raise typer.Exit


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status is returned.

    0: done (``verify``: every verdict agrees); 1: ``verify`` found a disagreement, a scan has failed
    cells or could not go on, or the program is at fault; 2: a mistake in the call, one line on stderr;
    130: interrupted; 141: nobody reads the output any more. No error gets past here: with
    PHASETHEORY_TRACEBACK=1 the line is preceded by where the error came from.
    """
    given = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    spell_streams()
    try:
        with stoppable():
            status = _run(given)
            sys.stdout.flush()
        return status
    except KeyboardInterrupt:
        _say("interrupted")
        return _INTERRUPTED
    except BrokenPipeError:
        redirect_to_nothing()
        return _PIPE_CLOSED
    except Exception as error:
        if os.environ.get(_TRACEBACK):
            traceback.print_exception(error)
        status, message = _last_line(error, given)
        _say(message)
        return status


def _run(given: list[str]) -> int:
    """The command itself; its errors come through as they are."""
    try:
        root: Any = typer.main.get_command(app)
        complete_if_asked(root)
        columns = shutil.get_terminal_size().columns
        if columns < _ROOM_FOR_PANELS:
            _wrap_help(root)
        if given[0] in COMMANDS and "--help" not in given:
            check_given(given[1:], command_named(given[0]).params)
        with root.make_context("phasetheory", given, terminal_width=columns) as context:
            return root.invoke(context) or 0
    except typer.Exit as end:
        return end.exit_code
    except SystemExit as end:  # what answers a shell ends so
        return int(end.code or 0)


def _wrap_help(root: Any) -> None:
    """Plain help, which is wrapped, in the place of panels, which are cut."""
    root.rich_markup_mode = None
    for name, command in root.commands.items():
        command.short_help = COMMANDS[name][1]


def _last_line(error: Exception, given: list[str]) -> tuple[int, str]:
    """Exit status and line for an error: the one place where whatever is left becomes something to read."""
    match error:
        case typer.TyperException():
            return _USAGE, f"{error.format_message().rstrip('.')}; see 'phasetheory --help'"
        case pt.TheoryError() | InputError():
            return _USAGE, str(error)
        case ScanError() | GradientFlowError():
            return _STOPPED, str(error)
        case OSError() if error.filename is not None:
            return _USAGE, f"cannot write {error.filename}: {error.strerror}; choose another place"
        case OSError():
            redirect_to_nothing()
            return _USAGE, f"cannot go on: {error.strerror or error}; make room, or choose another place"
    more = f"in: {_cut(shlex.join(['phasetheory', *given]), 200)}; {_TRACEBACK}=1 shows where"
    for kind, advice in _TOO_MUCH:
        if isinstance(error, kind):
            return _USAGE, f"{type(error).__name__}: {advice}; {more}"
    return _STOPPED, f"{type(error).__name__}: {error}; this is our mistake, please report it, {more}"


def _say(message: str) -> None:
    print(f"phasetheory: {_cut(' '.join(message.split()), _LONGEST)}", file=sys.stderr)


def _cut(text: str, longest: int) -> str:
    """Without its middle, if it is too long."""
    return text if len(text) <= longest else f"{text[: longest * 2 // 3]} ... {text[-longest // 3 :]}"


if __name__ == "__main__":
    sys.exit(main())
