"""Options that several commands share: a group of them is declared, and read, in one place.

A group is a function whose parameters are options and whose value is what a command works with::

    @takes(plane=read_plane)
    def diagram(plane: pt.PhaseDiagram, json: Json = False): ...

gives the command the options of ``read_plane`` in the place of ``plane``.

No option is ignored: one that says nothing, or is said twice, or cannot go with another, is refused.
"""

import inspect
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import update_wrapper
from itertools import pairwise
from typing import Any

from numerics.errors import InputError

__all__ = ["check_given", "exclusive", "takes", "unread"]


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


def unread(group: Callable[..., Any]) -> Callable[..., dict[str, Any]]:
    """A group with the same options, whose value is what was given: for a larger group, which may read it in another way."""

    def given(**options: Any) -> dict[str, Any]:
        return options

    given.__signature__ = inspect.signature(group)  # type: ignore[attr-defined]
    return given


def exclusive(options: Mapping[str, object], reason: str) -> None:
    """Refuse more than one of these; ``None`` and ``False`` are not given."""
    given = [name for name, value in options.items() if value is not None and value is not False]
    if len(given) > 1:
        raise InputError(f"got {' and '.join(given)}; give one of them: {reason}")


def check_given(given: Sequence[str], parameters: Sequence[Any]) -> None:
    """Refuse what the parser would pass over: an empty value, an option again where one value counts, a value again.

    Parameters
    ----------
    given : sequence of str
        The words of a call after its command.
    parameters : sequence of click.Parameter
        What the command takes.
    """
    for before, word in zip(("the first argument", *given), given, strict=False):
        option, equals, value = word.partition("=")
        if not word.strip() or (word.startswith("--") and equals and not value.strip()):
            name = option if equals else before
            raise InputError(f"{name} is empty; give a value, or leave it out")
    several = {name for p in parameters if p.multiple for name in p.opts}
    pairs = [(before, word) for before, word in pairwise(given) if before in several]
    pairs += [
        (name, value) for name, equals, value in (word.partition("=") for word in given) if equals and name in several
    ]
    for (name, value), times in Counter(pairs).items():
        if times > 1:
            raise InputError(f"{name} {value} is given {times} times; give it once")
    single = {name for p in parameters if not p.multiple and not getattr(p, "is_flag", False) for name in p.opts}
    for name, times in Counter(word.partition("=")[0] for word in given if word.startswith("--")).items():
        if times > 1 and name in single:
            raise InputError(f"{name} is given {times} times and takes one value; give it once")
