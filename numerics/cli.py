"""The command line: commands put together, and every mistake turned into one line on stderr and exit status 2."""

import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated

import typer

import phasetheory as pt
from numerics.commands.condense import condense
from numerics.commands.features import features, gallery
from numerics.commands.linearize import linearize
from numerics.commands.plot import plot_command
from numerics.commands.scan import scan_command
from numerics.commands.theory import classify, derive, diagram
from numerics.commands.verify import verify_command
from numerics.errors import InputError, ScanError

__all__ = ["app", "main"]

app = typer.Typer(
    help="Derive in which regime a network trains, and check it by experiment.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("verify")(verify_command)
app.command("scan")(scan_command)
app.command("plot")(plot_command)
for command in (classify, condense, derive, diagram, features, gallery, linearize):
    app.command()(command)

_STOPPED, _USAGE, _INTERRUPTED = 1, 2, 130


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
    cells or could not go on; 2: a mistake in the call, one line on stderr.
    """
    try:
        return app(args=arguments, prog_name="phasetheory", standalone_mode=False) or 0
    except typer.TyperException as error:
        return _complain(f"{error.format_message().rstrip('.')}; see 'phasetheory --help'")
    except (pt.TheoryError, InputError) as error:
        return _complain(str(error))
    except ScanError as error:
        _complain(str(error))
        return _STOPPED
    except OSError as error:
        return _complain(f"cannot write {error.filename}: {error.strerror}; choose another place")
    except (KeyboardInterrupt, typer.Abort):
        print("phasetheory: interrupted", file=sys.stderr)
        return _INTERRUPTED


def _complain(message: str) -> int:
    print(f"phasetheory: {' '.join(message.split())}", file=sys.stderr)
    return _USAGE


if __name__ == "__main__":
    sys.exit(main())
