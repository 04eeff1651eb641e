"""The server of the page: on the loopback alone, a page of its own for every tab."""

import signal
from typing import Any
from weakref import WeakSet

import panel as pn

from numerics.explore.ahead import compile_ahead
from numerics.explore.page import Page

__all__ = ["serve"]

_HOST = "127.0.0.1"


def serve(port: int, *, language: str, browser: bool) -> None:
    """Serve until interrupted; with port 0 one that is free."""
    ahead = compile_ahead()
    pages: WeakSet[Page] = WeakSet()

    def page() -> Any:
        query = pn.state.location.search if pn.state.location is not None else ""
        shown = Page(query or "", language, ahead)
        pages.add(shown)
        return shown.view()

    server = pn.serve(
        {"explore": page},
        address=_HOST,
        port=port,
        show=browser,
        title="phasetheory",
        websocket_origin=[f"{name}:{port}" for name in (_HOST, "localhost")],
        verbose=False,
        start=False,
    )
    _end_by_the_loop()
    server.start()
    server.io_loop.start()
    for shown in pages:
        shown.stop()  # Python ends when all threads have


def _end_by_the_loop() -> None:
    """Take the other signals that end a program as Panel takes Ctrl-C: they tell its loop to stop.

    An exception, as elsewhere, would be lost if it came while a finaliser runs, and many run when a tab is closed.
    """
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.getsignal(signal.SIGINT))
