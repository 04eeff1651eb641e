"""What a shell offers after Tab, beside commands, options and the values of options that have a fixed list."""

import os
from collections.abc import Iterable
from typing import Any

import typer

import phasetheory as pt

__all__ = ["complete_if_asked", "offer", "offer_initializations", "offer_layers"]

_PROGRAM = "phasetheory"


def complete_if_asked(root: Any) -> None:
    """Answer a shell that asks what could follow, which it does by an environment variable; then the program ends."""
    root._main_shell_completion({}, _PROGRAM, f"_{_PROGRAM.upper()}_COMPLETE")


def offer(*values: str) -> Any:
    """A completion by these values; the shell goes on with files where none of them begins like the word."""

    def complete(incomplete: str) -> list[str]:
        return _beginning(values, incomplete)

    return complete


def offer_initializations(context: typer.Context, incomplete: str) -> list[str]:
    """Named initialisations, of the depth given before."""
    return _beginning(pt.initializations(context.params.get("depth") or 2), incomplete)


def offer_layers(incomplete: str) -> list[str]:
    """Layers of the store given before; read from the line, since an option that lacks its value keeps the parser from it."""
    from numerics.experiments.maps import layers_of  # what reads stores takes its time: only when it is needed
    from numerics.scans import open_scan

    line = os.environ.get("COMP_WORDS") or os.environ.get("_TYPER_COMPLETE_ARGS") or ""  # of bash; of the other shells
    store = next((word for word in line.split()[2:] if os.path.isdir(word)), None)
    if store is None:
        return []
    try:
        return _beginning(layers_of(open_scan(store)), incomplete)
    except (ValueError, OSError):  # not a store, or a broken one: plot says so
        return []


def _beginning(values: Iterable[str], incomplete: str) -> list[str]:
    return [value for value in values if value.startswith(incomplete)]
