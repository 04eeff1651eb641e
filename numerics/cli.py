"""The command line: commands put together, and every mistake turned into one line on stderr and exit status 2."""

import os
import shlex
import shutil
import sys
import traceback
from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated, Any

import typer

import phasetheory as pt
from numerics.commands.completion import complete_if_asked
from numerics.commands.condense import condense
from numerics.commands.decay import decay
from numerics.commands.explore import explore
from numerics.commands.features import features, gallery
from numerics.commands.inspect import inspect_command
from numerics.commands.letters import redirect_to_nothing, spell_streams
from numerics.commands.linearize import linearize
from numerics.commands.locate import locate_command
from numerics.commands.options import check_given
from numerics.commands.plot import plot_command
from numerics.commands.reproduce import reproduce
from numerics.commands.running import stoppable
from numerics.commands.scan import scan_command
from numerics.commands.theory import classify, derive, diagram
from numerics.commands.verify import verify_command
from numerics.errors import GradientFlowError, InputError, ScanError

__all__ = ["app", "main"]

app = typer.Typer(
    help="Derive in which regime a network trains, and check it by experiment.",
    pretty_exceptions_enable=False,
)
app.command("locate")(locate_command)
app.command("inspect")(inspect_command)
app.command("verify")(verify_command)
app.command("scan")(scan_command)
app.command("plot")(plot_command)
for command in (classify, condense, decay, derive, diagram, explore, features, gallery, linearize, reproduce):
    app.command()(command)

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
        asked = root.commands.get(given[0])
        if asked is not None and "--help" not in given:
            check_given(given[1:], asked.params)
        with root.make_context("phasetheory", given, terminal_width=columns) as context:
            return root.invoke(context) or 0
    except typer.Exit as end:
        return end.exit_code
    except SystemExit as end:  # what answers a shell ends so
        return int(end.code or 0)


def _wrap_help(root: Any) -> None:
    """Plain help, which is wrapped, in the place of panels, which are cut."""
    for each in (root, *root.commands.values()):
        each.rich_markup_mode = None
        each.short_help = each.help.partition("\n\n")[0]


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
