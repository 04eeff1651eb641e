"""Options that several commands share: a group of them is declared, and read, in one place.

A group is a function whose parameters are options and whose value is what a command works with::

    @takes(plane=read_plane)
    def diagram(plane: pt.PhaseDiagram, json: Json = False): ...

gives the command the options of ``read_plane`` in the place of ``plane``.
"""

import inspect
from collections.abc import Callable
from functools import update_wrapper
from typing import Any

__all__ = ["takes"]


def takes(**groups: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Replace parameters of a command by the options of a group each, which makes their values."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        parameters: list[inspect.Parameter] = []
        for own in inspect.signature(command).parameters.values():
            group = groups.get(own.name)
            added = inspect.signature(group).parameters.values() if group else [own]
            parameters += [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in added]

        def run(**options: Any) -> Any:
            values = {
                name: group(**{option: options.pop(option) for option in inspect.signature(group).parameters})
                for name, group in groups.items()
            }
            return command(**values, **options)

        update_wrapper(run, command)
        del run.__wrapped__  # type: ignore[attr-defined]  # its signature is not that of the command line
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {p.name: p.annotation for p in parameters}
        return run

    return decorate
