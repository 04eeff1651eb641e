r"""Nodes for the rare neurons that carry an infinitely wide network off a plateau.

On a plateau nearly all neurons have gathered in a few directions, and rest there. What leaves it grows from neurons that started
so near to a surface on which neurons part that they have not decided yet: a share of all that falls as a power of P, so that no
lattice has them. Between two neighbours that ended apart one such start lies on the arc; the arc is cut into pieces, the new
nodes take their weight from its two ends (the sum, and to second order the average, stay), and the next run says on which piece
neurons part now. So each run adds two thousand nodes and comes thirty times nearer.

Whether a network at rest is on a plateau says the residual: a small neuron of direction v (|v| = 1) grows at the rate
|g(v)|, g = (kappa/n) sum_i e_i sigma(v.x_i), which is zero for all v only at a global minimum (Chizat and Bach 2018). That such
neurons are there does not follow for relu: where neurons leave a kink on both sides, at a finite speed, they leave an empty
wedge. So a run that finer nodes do not carry on may be at its end or not, and is said to be on a plateau.

Measured, four points, gamma = 7/4: RD_w m^(-3/8) = 1.686 within 2e-4 from m = 10^8 to 10^20; which starts are taken, and how
many, changes as little, as a rare neuron grows exponentially and its weight counts by its logarithm. Of five other targets at
gamma = 7/4, random at 5 to 10 points or nearly a ramp, two are fitted at 10^12, three rest on a plateau, after seconds to a
minute. Where u hardly moves (gamma > 1, gamma' < 1 - gamma) the rare neurons are those of small |u|, on arcs that cross u = 0:
the zigzag at (3/2, -1) has RD_w m^(-3/4) = 1.6423 within 1e-5 at 10^12 and 10^14 with 2000 to 16 000 nodes. It has 1.432 at
10^8 and 10^10: which of them are there decides how it ends, and at 10^10 2000 nodes say the one and 4000 the other.
"""

from dataclasses import dataclass

import numpy as np

from numerics.networks.quadrature import Nodes, seen_directions
from numerics.networks.two_layer import TwoLayer

__all__ = ["Mesh", "growth_to_come"]

_NEIGHBOURS = 3
_PAIRS, _PIECES = 40, 32  # arcs cut at a time, and into how many pieces
_APART, _OUTGROWN = (
    0.9,
    2.0,
)  # cosine of two ends below which, and log ratio of growth above which, neighbours have parted


@dataclass(frozen=True)
class Mesh:
    """Nodes, and arcs between neighbours among them.

    Attributes
    ----------
    nodes : Nodes
    pairs : int (p, 2)
        Ends of the arcs.
    across : bool (p,)
        Whether the second end is the mirror of that node, so that the arc crosses a = 0.
    shares : float64 (p,)
        Weight that the nodes on an arc may take from its ends.
    """

    nodes: Nodes
    pairs: np.ndarray
    across: np.ndarray
    shares: np.ndarray

    @classmethod
    def of(cls, nodes: Nodes) -> "Mesh":
        """The nearest neighbours of every node; shares small enough for every node to keep a positive weight."""
        from scipy.spatial import KDTree  # only for those who rest on a plateau

        count, sphere = len(nodes.directions), np.concatenate([nodes.directions, _mirror(nodes.directions)])
        near = KDTree(sphere).query(nodes.directions, k=_NEIGHBOURS + 1)[1][:, 1:].ravel()
        ends = np.column_stack([np.repeat(np.arange(count), _NEIGHBOURS), near % count])
        arcs = np.unique(np.column_stack([np.sort(ends, axis=1), near >= count]), axis=0)
        return cls(nodes, arcs[:, :2], arcs[:, 2] > 0, np.full(len(arcs), 1 / np.bincount(arcs[:, :2].ravel()).max()))

    def refined(self, start: TwoLayer, end: TwoLayer, X: np.ndarray) -> "Mesh":
        """More nodes on arcs whose ends, or the mirrors of them, parted in the run of these nodes from ``start`` to ``end``."""
        parted = np.flatnonzero(self._parted(start, end, X))
        chosen = np.sort(np.random.default_rng(0).permutation(parted)[:_PAIRS])
        ends, pieces = self.pairs[chosen], self.shares[chosen] / _PIECES
        part = np.arange(1, _PIECES)[:, None] / _PIECES
        first, last = (self.nodes.directions[end] for end in ends.T)
        last = np.where(self.across[chosen, None], _mirror(last), last)
        arcs = first[:, None] * (1 - part) + last[:, None] * part
        sides = np.column_stack([np.zeros(len(chosen), bool), arcs[..., 0] < 0, self.across[chosen]])
        new = arcs.reshape(-1, arcs.shape[-1])
        new[:, 0] = np.abs(new[:, 0])
        new /= np.linalg.norm(new, axis=1, keepdims=True)
        weights = self.nodes.weights.copy()
        np.subtract.at(weights, ends, (pieces * (_PIECES - 1) / 2)[:, None])
        between = len(weights) + np.arange(len(new)).reshape(-1, _PIECES - 1)
        chains = np.column_stack([ends[:, 0], between, ends[:, 1]])
        rule, more = self.nodes.rule.partition(", ")[0], 2 * (len(weights) + len(new)) - self.nodes.count
        nodes = Nodes(
            np.concatenate([self.nodes.directions, new]),
            np.concatenate([weights, np.repeat(pieces, _PIECES - 1)]),
            f"{rule}, {more} more where neighbours part",
        )
        pairs = np.stack([chains[:, :-1], chains[:, 1:]], axis=-1).reshape(-1, 2)
        return Mesh(nodes, pairs, (sides[:, :-1] != sides[:, 1:]).ravel(), np.repeat(pieces, _PIECES))

    def _parted(self, start: TwoLayer, end: TwoLayer, X: np.ndarray) -> np.ndarray:
        """Whether the neurons at the ends of each arc, or of its mirror, have turned or grown differently."""
        basis = seen_directions(X)[0]
        sizes, started = (np.linalg.norm(net.v @ basis.T, axis=1) for net in (end, start))
        mirror = len(self.nodes.weights)
        first, last = (np.add.outer([0, mirror], side) for side in self.pairs.T)
        last = np.where(self.across, last[::-1], last)
        with np.errstate(divide="ignore", invalid="ignore"):  # dead ones, of which no two have parted
            growth, directions = np.log(sizes / started), end.v @ basis.T / sizes[:, None]
            outgrown = np.abs(growth[first] - growth[last]) > _OUTGROWN
        turned = np.einsum("...j,...j", directions[first], directions[last]) < _APART
        opposite = end.u[first] * end.u[last] < 0
        return (turned | outgrown | opposite).any(axis=0)


def _mirror(directions: np.ndarray) -> np.ndarray:
    return directions * np.where(np.arange(directions.shape[1]) == 0, -1.0, 1.0)


def growth_to_come(start: TwoLayer, end: TwoLayer, X: np.ndarray, y: np.ndarray) -> float:
    """Rate of the fastest small neuron, among the directions that the nodes started in, over the bound sum_i |e_i| |x_i|/n."""
    basis, residual = seen_directions(X)[0], end(X) - y
    directions = start.v @ basis.T
    seen = directions @ (basis @ X.T) / np.linalg.norm(directions, axis=1, keepdims=True)
    pull = np.where(seen > 0, seen, end.negative_slope * seen) @ residual
    return float(np.abs(pull).max() / (np.abs(residual) @ np.linalg.norm(X, axis=1)))
