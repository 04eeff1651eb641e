"""What a click runs, made ready before it is asked for: kernels of every kind of network, compiled once, and maps."""

import threading
import warnings

from numerics.explore.map import map_of
from numerics.explore.pictures import DiagramPicture
from numerics.explore.state import NARROWEST, State
from numerics.explore.training import capacity_plane, frames, located, train
from numerics.explore.words import words_in
from phasetheory.symbols.language import ENGLISH

__all__ = ["compile_ahead"]

#: One small network of every kind, in the order in which they are likely to be asked for.
_KINDS = (
    State(width=NARROWEST),
    State(width=NARROWEST, optimizer="adam"),
    State(width=NARROWEST, decay="0.0001"),
    State(width=NARROWEST, plane="3", x="1.5"),
    State(width=NARROWEST, plane="3", x="1.5", optimizer="adam"),
)


def compile_ahead() -> threading.Thread:
    """Begin, in a thread that ends with the program; while it is alive, what a click runs may still have to be compiled."""
    thread = threading.Thread(target=_run_each, name="compile ahead", daemon=True)
    thread.start()
    return thread


def _run_each() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as where the page trains
        for state in _KINDS:
            run = train(state)
            located(state)
            for _ in frames(state, run):
                pass
            DiagramPicture(map_of(state.diagram), words_in(ENGLISH))  # the map keeps what the picture asked of it
            capacity_plane(state.data)
