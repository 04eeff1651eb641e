"""The passes that a step makes: of few samples and a homogeneous activation each in one call, of others in NumPy."""

from functools import partial
from typing import Any, Protocol, TypeVar

import numpy as np

from numerics.flow import simpson
from numerics.flow.deep.balance import Sizes
from numerics.flow.deep.change import Change
from numerics.flow.deep.stage import Stage
from numerics.flow.deep.state import DeepFlow, DeepPoint
from numerics.flow.simpson import Part
from numerics.kernels import chain
from numerics.kernels.chain_step import Ground, Spot, attempt
from numerics.networks.jacobian import Jacobian, Moved

__all__ = ["ArrayPasses", "CompiledPasses", "Passes", "passes_of"]

M = TypeVar("M")


class Passes(simpson.Passes[DeepPoint, M], Protocol[M]):
    """Those of :mod:`numerics.flow.simpson`; c (layers, n k)."""

    def speeds(self, point: DeepPoint) -> tuple[float, float]:
        """The fastest that the weights of a hidden neuron turn, in radians a unit of time, and grow, as an exponent.

        Of a homogeneous activation.
        """

    def write(
        self,
        point: DeepPoint,
        parts: tuple[Part[M], Part[M], Part[M]],
        decayed: np.ndarray,
        out: DeepPoint,
        most: float,
    ) -> bool:
        """Move the weights by three parts, with layers multiplied by ``decayed`` and ``point`` put back on its balances.

        ``out`` is left with its residual and distances; or all as it was, and False comes back, if an entry could move by
        ``most`` times the norm of the largest neuron.
        """


def passes_of(flow: DeepFlow) -> Passes[Any]:
    """Those for a flow."""
    return CompiledPasses(flow) if flow.plan is not None else ArrayPasses(flow)


class ArrayPasses:
    """In NumPy."""

    def __init__(self, flow: DeepFlow) -> None:
        self.flow = flow

    def of(self, point: DeepPoint) -> Jacobian:
        """Its Jacobian or stage, see :class:`Passes`."""
        return self.flow.differentiate(point)

    def moved(self, point: DeepPoint, place: int, *parts: Part[Jacobian]) -> Jacobian:
        """A Jacobian of its own, whatever the place."""
        return self.flow.moved(point, Moved.by(*parts))

    def kernel(self, mark: Jacobian) -> np.ndarray:
        """The sum over the layers."""
        return self.flow.kernel(mark)

    def speeds(self, point: DeepPoint) -> tuple[float, float]:
        """Row by row, with J as matrices: for many samples, whose passes take far longer."""
        signals, sizes, turning, growing = point.signals, self.flow.sizes(point), 0.0, 0.0
        assert signals is not None, "find the residual first"
        left = Moved.by((self.of(point), [point.residual / len(point.residual)] * len(self.flow.shapes))).left
        for layer, z in enumerate(signals.preactivations):
            rows, columns = sizes.rows[layer], sizes.columns[layer + 1]
            said = signals.hidden[layer + 1][..., : z.shape[2]]
            square = np.sum((left[layer].swapaxes(1, 2) @ signals.hidden[layer]) ** 2, axis=2)
            square += np.sum((said.swapaxes(1, 2) @ left[layer + 1]) ** 2, axis=2)
            alive = (rows > 0) & (columns > 0)
            rows, columns = np.where(alive, rows, 1.0), np.where(alive, columns, 1.0)
            radial = np.abs(np.sum(left[layer] * z, axis=1))
            turned = (square - radial**2 * (1 / rows + 1 / columns)) / (rows + columns)
            turning = max(turning, float(np.max(np.where(alive, turned, 0.0))))
            growing = max(growing, float(np.max(np.where(alive, 2 * radial / (rows + columns), 0.0))))
        return turning**0.5, growing

    def write(
        self,
        point: DeepPoint,
        parts: tuple[Part[Jacobian], Part[Jacobian], Part[Jacobian]],
        decayed: np.ndarray,
        out: DeepPoint,
        most: float,
    ) -> bool:
        """Layer by layer."""
        flow = self.flow
        rows, columns = flow.corrections(point)
        change = Change(
            Moved.by(*parts), [left * row for left, row in zip(decayed.ravel(), rows, strict=True)], columns
        )
        if not change.bound() < most * flow.sizes(point).largest() ** 0.5:
            return False
        matrices, sizes = point.matrices, Sizes.empty(flow.shapes, flow.chain.biased)
        matrices = out.take_over(point, partial(change.take_back, matrices))
        for layer, (w, start) in enumerate(zip(matrices, flow.start_matrices, strict=True)):
            change.make(layer, w, start, sizes)
        flow.update_residual(out)
        flow.note_sizes(out, sizes)
        return True


class CompiledPasses:
    """Each in one call, into arrays that are used again."""

    def __init__(self, flow: DeepFlow) -> None:
        assert flow.plan is not None, "a flow with a plan"
        self.flow, self.plan = flow, flow.plan
        self._trial = flow.new_plan(np.float32) if flow.single else self.plan
        self._marks = flow.new_stage(self._trial), flow.new_stage(self._trial)
        # in single precision: the mark of a point and its weights, and whose they are
        self._first = flow.new_stage(self._trial) if flow.single else None
        self._weights = chain.numbers(sum(w.size for w in flow.start_matrices) if flow.single else 0, np.float32)
        self._holder: DeepPoint | None = None
        self._start = chain.numbers(sum(w.size for w in flow.start_matrices))
        np.concatenate([w.ravel() for w in flow.start_matrices], out=self._start)
        self._balances = np.concatenate([part.ravel() for part in flow.balance.start]) if flow.balance else np.empty(0)
        self._ground: Ground | None = None

    def attempt(self, point: DeepPoint, h: float, out: DeepPoint, most: float) -> float:
        """A whole step in one call, as by :class:`numerics.flow.simpson.Simpson`; its defect, infinite if it is not made.

        Without weight decay. ``most``: see :class:`Passes`. ``out`` has its kernel, too.
        """
        assert point.kernel is not None, "prepare the point first"
        found, flow = _stage(out), self.flow
        y, moved = point.y, self._moved_from(point)
        if out.store is not point.store:
            out.y[:] = y
            y = out.y
        ground = self._ground_of(self.of(point))
        here = Spot(_stage(point).mark, self._norms(point).norms, point.residual, point.kernel)
        there = Spot(found.mark, found.norms, out.residual, np.empty_like(point.kernel))
        defect = float(attempt(y, moved, self._weights, ground, here, there, h, most))
        flow.evaluations += 3
        flow.kernel_evaluations += 4
        if defect == np.inf:
            return defect
        self._holder = out
        if out.store is point.store:
            parts = [(mark.reads, mark.back, c) for mark, c in zip(ground.marks, ground.c, strict=True)]
            factors = ground.row_factors, ground.column_factors
            out.store.hand_over(out, partial(chain.take_back, y, self._trial, *parts, *factors))
        flow.arrive_at(out, found.signals, found.jacobian)
        flow.note_kernel(out, there.kernel)
        flow.note_sizes(out, found.sizes)
        return defect

    def _ground_of(self, first: Stage) -> Ground:
        """What steps share, with the mark that they begin with."""
        if self._ground is None or self._ground.marks[0] is not first.mark:
            last, half = self._marks
            self._ground = Ground(
                plan=self.plan,
                trial=self._trial,
                start=self._start,
                zero=self.flow.zero,
                balances=self._balances,
                marks=(first.mark, half.mark, last.mark),
                c=np.empty((3, len(self.flow.shapes), len(self.flow.zero)), dtype=self._trial.inputs.dtype),
                row_factors=np.empty_like(last.rows, dtype=float),
                column_factors=np.empty_like(last.columns, dtype=float),
            )
        return self._ground

    def _moved_from(self, point: DeepPoint) -> np.ndarray:
        """Weights of a point in the precision of passes at moved ones."""
        if self._first is None:
            return point.y
        if self._holder is not point:
            self._weights[:], self._holder = point.y, point
        return self._weights

    def of(self, point: DeepPoint) -> Stage:
        """Its stage, see :class:`Passes`."""
        found = _stage(point)
        if self._first is None:
            return found
        self._first.reads[:], self._first.back[:] = found.reads, found.back / self._trial.unit
        return self._first

    def moved(self, point: DeepPoint, place: int, *parts: Part[Stage]) -> Stage:
        """The stage of that place."""
        self.flow.evaluations += 1
        into, flat = self._marks[place], [_flat(part) for part in parts]
        second = flat[1] if len(flat) > 1 else flat[0]
        y = self._moved_from(point)
        chain.differentiate(
            *(y, self._trial, len(parts), flat[0], second), into.reads, into.back, into.pre, into.output
        )
        return into

    def kernel(self, mark: Stage) -> np.ndarray:
        """The sum over the layers."""
        return self.flow.kernel_of(mark)

    def speeds(self, point: DeepPoint) -> tuple[float, float]:
        """By products of n rows."""
        mark = self._norms(point)
        turning, growing = chain.speeds(
            *(self.plan, mark.reads, mark.back, mark.pre, point.residual, mark.rows, mark.columns)
        )
        return float(turning), float(growing)

    def write(
        self,
        point: DeepPoint,
        parts: tuple[Part[Stage], Part[Stage], Part[Stage]],
        decayed: np.ndarray,
        out: DeepPoint,
        most: float,
    ) -> bool:
        """In one call, and another for the pass after."""
        flow, plan, flat, norms = self.flow, self.plan, [_flat(part) for part in parts], self._norms(point)
        rows, columns = np.ones_like(norms.rows), np.ones_like(norms.columns)
        balances = self._balances if flow.balance is not None else self._balances[:0]
        largest = chain.factors(plan, norms.rows, norms.columns, balances, flow.left(point.t), rows, columns)
        most *= largest**0.5
        if flow.decay:
            rows *= np.repeat(decayed, np.diff(plan.layers[:, 7]))
        undo = partial(chain.take_back, point.y, self._trial, *flat, rows, columns)
        found = _stage(out)
        y = point.y if out.store is point.store else out.y
        if y is not point.y:
            y[:] = point.y
        done = chain.write(
            *(y, self._weights, self._start, self._trial, *flat),
            *(rows, columns, most, found.rows, found.columns, found.squares),
        )
        if not done:
            return False
        self._holder = out
        if out.store is point.store:
            out.store.hand_over(out, undo)
        flow.update_residual(out)
        flow.note_sizes(out, found.sizes)
        return True

    def _norms(self, point: DeepPoint) -> Stage:
        """The stage of a point, with the norms of its matrices."""
        stage = _stage(point)
        if point.sizes is not stage.sizes:
            found = self.flow.sizes(point)
            for flat, parts in ((stage.rows, found.rows), (stage.columns, found.columns)):
                flat[:] = np.concatenate([part.ravel() for part in parts])
            stage.squares[:] = found.squares
            point.sizes = stage.sizes
        return stage


def _stage(point: DeepPoint) -> Stage:
    assert point.stage is not None, "a point of this flow"
    return point.stage


def _flat(part: Part[Stage]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    mark, c = part
    return mark.reads, mark.back, (mark.plan.unit * c).astype(mark.back.dtype, copy=False)
