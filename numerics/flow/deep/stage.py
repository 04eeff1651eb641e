"""Room for a pass through the network in one call: its flat arrays, and the views of them by layer."""

from collections.abc import Sequence

import numpy as np

from numerics.flow.deep.balance import Sizes
from numerics.kernels.chain import Plan, numbers
from numerics.kernels.chain_step import Mark, Norms
from numerics.networks.jacobian import Jacobian, Signals

__all__ = ["Stage"]


class Stage:
    """Signals and Jacobian of a pass, and the norms of the matrices it went through once they are found.

    Attributes
    ----------
    plan : Plan
        Its numbers are of this precision, and backward signals in this unit.
    reads, back, pre, output, rows, columns, squares : float
        See :mod:`numerics.kernels.chain`; written over by the next pass.
    signals, jacobian, sizes, mark, norms
        Views of these.
    """

    def __init__(self, plan: Plan, shapes: Sequence[tuple[int, ...]], biased: tuple[bool, ...]) -> None:
        self.plan, dtype = plan, plan.room.dtype.type
        sizes = [int(size) for size in plan.layers[-1, 4:]]
        self.reads, self.back, self.pre, self.rows, self.columns = (numbers(size, dtype) for size in sizes)
        self.output, self.squares = np.zeros(plan.samples * plan.outputs, dtype), np.zeros((len(shapes), 2), dtype)

        def views(flat: np.ndarray, place: int, *ends: tuple[int, ...]) -> tuple[np.ndarray, ...]:
            edges = plan.layers[: len(ends) + 1, place]
            return tuple(
                flat[first:last].reshape(plan.copies, *end)
                for first, last, end in zip(edges[:-1], edges[1:], ends, strict=True)
            )

        n, k = plan.samples, plan.outputs
        hidden = views(self.reads, 4, *((n, fan_in) for _, _, fan_in in shapes))
        backward = views(self.back, 5, *((n * k, fan_out) for _, fan_out, _ in shapes))
        pre = views(self.pre, 6, *((n, fan_out) for _, fan_out, _ in shapes[:-1]))
        self.signals = Signals(hidden, pre, self.output)
        self.jacobian = Jacobian(backward, hidden, biased)
        neurons = tuple(int(number) for number in plan.layers[:-1, 2])
        rows = views(self.rows, 7, *((fan_out,) for _, fan_out, _ in shapes))
        columns = views(self.columns, 8, *((number,) for number in neurons))
        self.sizes = Sizes(neurons, list(rows), list(columns), self.squares)
        self.mark, self.norms = (
            Mark(self.reads, self.back, self.pre, self.output),
            Norms(self.rows, self.columns, self.squares),
        )
