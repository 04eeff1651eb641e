r"""The sectors that the kinks cut the plane into, for networks of two inputs.

With d = 2 the kinks v.x_i = 0 are H lines through the origin. Their 2H rays bound 2H sectors, and in a sector every sample is
active for all neurons or for none. Places are numbered counterclockwise, rays and sectors in turn: 2r is ray r, 2r + 1 the
sector between it and ray r + 1, and the last number, 4H, is the origin. A sample is active on a half circle of them.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from numerics.flow.two_layer.hyperplanes import Hyperplanes

__all__ = ["Sectors"]


class Sectors(NamedTuple):
    """Rays and sectors, R = 2H of each (one of each, without a meaning for the ray, if nothing has a kink).

    Attributes
    ----------
    directions, normals : float64 (R, 2)
        Unit vectors along the rays, and the same turned by a right angle counterclockwise, into sector r.
    starts : int (n,)
        The ray that the half circle begins with on which a sample is active.
    negative : int (R,)
        Place beside the ray where the first sample of its line is not active.
    """

    directions: np.ndarray
    normals: np.ndarray
    starts: np.ndarray
    negative: np.ndarray

    @classmethod
    def of(cls, X: np.ndarray, slope: float) -> "Sectors":
        """Sectors of samples X (n, 2) under an activation with slopes ``slope`` and 1."""
        return _sectors(X.tobytes(), slope)

    def slopes(self, slope: float) -> np.ndarray:
        """Slopes sigma' of every sample in every sector (R, n), with ``slope`` for z < 0."""
        rays = len(self.normals)
        active = (np.arange(rays)[:, None] - self.starts) % rays < rays // 2
        return np.where(active, 1.0, slope)


@lru_cache(maxsize=16)  # a scan asks for those of the same samples in every cell
def _sectors(samples: bytes, slope: float) -> Sectors:
    """See :meth:`Sectors.of`; nothing writes to them."""
    X = np.frombuffer(samples).reshape(-1, 2)
    planes = Hyperplanes.of(X)
    lines = len(planes.first)
    starts = np.zeros(len(X), dtype=np.int64)
    if slope == 1.0 or lines == 0:
        none = np.zeros((1, 2))
        return Sectors(none, none, starts, np.ones(1, dtype=np.int64))
    unit = planes.normals / np.linalg.norm(planes.normals, axis=1)[:, None]
    # going round, a line is met where its first sample wakes up (normal n) and where it falls asleep (normal -n)
    normals = np.concatenate([unit, -unit])
    directions = np.column_stack([normals[:, 1], -normals[:, 0]])
    order = np.argsort(np.arctan2(directions[:, 1], directions[:, 0]))
    place = np.argsort(order)
    wakes = order < lines
    rays = np.arange(2 * lines)
    after, before = 2 * rays + 1, (2 * rays - 1) % (4 * lines)
    line, sample = np.nonzero(planes.factors)
    starts[sample] = place[np.where(planes.factors[line, sample] > 0, line, line + lines)]
    return Sectors(directions[order], normals[order], starts, np.where(wakes, before, after))
