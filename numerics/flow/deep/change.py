"""A step as a change of low rank, written into the weights where they lie, and taken back if the step is refused.

Memory is what takes the time, and steps are seldom refused: a second array for the weights would cost as much again to write.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from numerics.flow.deep.balance import Sizes
from numerics.kernels.chain import numbers
from numerics.kernels.layers import FEW, LINE, advance
from numerics.networks.jacobian import Moved

__all__ = ["Change", "Store"]


@dataclass(frozen=True)
class Change:
    """W_kj <- rows_k (W - left^T right)_kj columns_j for every matrix W (copies, fan_out, fan_in).

    Attributes
    ----------
    moved : Moved
        left and right.
    rows, columns : lists of float64 (copies, fan_out), (copies, fan_in)
    """

    moved: Moved
    rows: Sequence[np.ndarray]
    columns: Sequence[np.ndarray]

    def bound(self) -> float:
        """No entry of left^T right is larger."""
        pairs = zip(self.moved.left, self.moved.right, strict=True)
        return max(float(np.linalg.norm(left) * np.linalg.norm(right)) for left, right in pairs)

    def make(self, layer: int, w: np.ndarray, start: np.ndarray, sizes: Sizes) -> None:
        """Change a matrix, and find the sizes of what it becomes, a distance from ``start`` among them."""
        left, right = self.moved[layer]
        if left.shape[1] > FEW:
            w -= left.swapaxes(1, 2) @ right
            left, right = left[:, :0], right[:, :0]
        room, none = np.empty(left.shape[1] * (w.shape[2] + LINE)), np.empty((0, w.shape[2]), np.float32)
        for copy, matrix in enumerate(w):
            by = left[copy], right[min(copy, len(right) - 1)], self.rows[layer][copy], self.columns[layer][copy]
            found = sizes.neurons[layer], sizes.rows[layer][copy], sizes.columns[layer][copy]
            sizes.squares[layer] += advance(matrix, start[copy], none, *by, room, *found)

    def take_back(self, matrices: Sequence[np.ndarray]) -> None:
        """Make matrices that were changed what they were."""
        for layer, w in enumerate(matrices):
            w /= self.rows[layer][:, :, None] * self.columns[layer][:, None]
            w += self.moved.left[layer].swapaxes(1, 2) @ self.moved.right[layer]


class Store:
    """Numbers that are those of one point at a time."""

    def __init__(self, size: int) -> None:
        self._numbers = numbers(size)
        self._holder: object = None
        self._before: object = None
        self._take_back: Callable[[], None] = lambda: None

    def of(self, point: object) -> np.ndarray:
        """The numbers of a point: of that which a change led to, or of that which it came from, and then it is taken back."""
        if self._holder is None:
            self._holder = point
        if self._holder is not point:
            assert self._before is point, "the weights of this point were written over"
            self._holder, self._before = point, None
            self._take_back()
        return self._numbers

    def hand_over(self, to: object, take_back: Callable[[], None]) -> None:
        """From now on they are those of another point; ``take_back`` makes them those of the present one again."""
        self._before, self._holder, self._take_back = self._holder, to, take_back

    def release(self) -> None:
        """Forget the points."""
        self._holder = self._before = None
        self._take_back = lambda: None
