"""How long a piece of work took, Numba's compilation left out: that is done once on a machine, and is no part of its cost."""

import threading
import time
from types import TracebackType

from numba.core.event import Event, Listener, register, unregister

__all__ = ["Stopwatch"]

# held while anything is compiled or read from the cache of compiled code, and waited for while another thread compiles
_COMPILER = "numba:compiler_lock"


class Stopwatch(Listener):
    """Wall time since it was entered; any number can run at once, one in each thread.

    Attributes
    ----------
    compiled : float
        Seconds of compilation that have ended.
    """

    def __enter__(self) -> "Stopwatch":
        self._lock = threading.Lock()  # threads over the neurons compile too
        self._holders, self.compiled = 0, 0.0
        self._started = self._since = time.perf_counter()
        register(_COMPILER, self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        unregister(_COMPILER, self)

    @property
    def worked(self) -> float:
        """Seconds until now, without those of compilation."""
        return (self._since if self._holders else time.perf_counter()) - self._started - self.compiled

    def on_start(self, event: Event) -> None:
        """Somebody wants to compile."""
        with self._lock:
            if self._holders == 0:
                self._since = time.perf_counter()
            self._holders += 1

    def on_end(self, event: Event) -> None:
        """And has done so, perhaps since before this stopwatch was started."""
        with self._lock:
            if self._holders == 1:
                self.compiled += time.perf_counter() - self._since
            self._holders = max(0, self._holders - 1)
