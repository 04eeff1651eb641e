"""``phasetheory explore``: the page in the browser."""

import socket
from importlib.util import find_spec
from typing import Annotated

import typer

from numerics.commands.look import Language
from numerics.errors import InputError, MissingPackageError
from phasetheory.symbols.language import ENGLISH, check_language

__all__ = ["explore"]


def explore(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on 127.0.0.1.")] = 5006,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Open no browser; the address is printed.")] = False,
    language: Language = None,
) -> None:
    """Open a page in the browser: the derived diagram, and any network on it trained at a click.

    It listens on this machine alone. Needs the extra: pip install 'phasetheory[explore]'.
    """
    chosen = check_language(language or ENGLISH)
    if find_spec("panel") is None:
        raise MissingPackageError("explore needs Panel, which is not installed; pip install 'phasetheory[explore]'")
    _refuse_taken(port)
    from numerics.explore.server import serve  # Panel only when the page is asked for

    print(f"http://127.0.0.1:{port}/explore, until Ctrl-C", flush=True)
    serve(port, language=chosen, browser=not no_browser)


def _refuse_taken(port: int) -> None:
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
        except OSError as error:
            raise InputError(f"--port {port}: {error.strerror}; give another, such as {port % 65535 + 1}") from None
