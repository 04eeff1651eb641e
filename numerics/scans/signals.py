"""Signals that are meant for the process that scans, and reach its children too: those of a terminal go to the whole group."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["held_back"]

_ENDS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


@contextmanager
def held_back() -> Iterator[None]:
    """Hold back what ends a process; processes and threads that are started inside never get it.

    They inherit what is blocked. Who started them ends them, and with the helper processes of their pool they would otherwise
    die beside it, each with its own complaint. What arrives meanwhile comes when the block is left. Where a system has no
    such blocks, nothing is done.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
