"""The command ``phasetheory``: whatever ends it, even while it still loads, it ends with a line at most.

A module by itself, because what a command imports takes up to a second. In that time, and while the interpreter shuts down,
there is nothing to save: a signal ends the process at once. In between :func:`numerics.cli.main` ends it.
"""

import os
import signal
import sys
from collections.abc import Mapping
from types import FrameType
from typing import Any, NoReturn

__all__ = ["main"]

_INTERRUPTED = 130
_ENDS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


def main() -> int:
    """Load the command line and run it; the exit status is returned."""
    before = {end: signal.signal(end, _leave) for end in _ENDS if signal.getsignal(end) is not signal.SIG_IGN}
    from numerics import cli

    try:
        _set(before)
        return cli.main()
    except KeyboardInterrupt:  # as it begins or has just ended
        _leave()
    finally:
        _set(dict.fromkeys(before, _leave))


def _set(handlers: Mapping[int, Any]) -> None:
    for end, handler in handlers.items():
        signal.signal(end, handler)


def _leave(number: int = signal.SIGINT, frame: FrameType | None = None) -> NoReturn:
    os.write(2, b"phasetheory: interrupted\n")
    os._exit(_INTERRUPTED)


if __name__ == "__main__":
    sys.exit(main())
