"""The server of the page: on the loopback alone, a page of its own for every tab."""

from typing import Any

import panel as pn

from numerics.explore.page import Page

__all__ = ["serve"]

_HOST = "127.0.0.1"


def serve(port: int, *, language: str, browser: bool) -> Any:
    """Serve until interrupted; with port 0 one that is free."""

    def page() -> Any:
        query = pn.state.location.search if pn.state.location is not None else ""
        return Page(query or "", language).view()

    return pn.serve(
        {"explore": page},
        address=_HOST,
        port=port,
        show=browser,
        title="phasetheory",
        websocket_origin=[f"{name}:{port}" for name in (_HOST, "localhost")],
        verbose=False,
    )
