r"""Directions that attract on the sphere, d > 2.

Degree 1, no kink: D(v) = v.g, so +-g. Degree 2, no kink: D(v) = v.M v, so the eigenvectors of M = sum_i y_i x_i x_i^T. These are
exact and complete. Else D is *climbed* from many isotropic starts, which finds what attracts and not the saddles:

* Degree 1 with kinks: v' = g is constant between kinks, so the direction moves on the great circle towards g until it meets a
  kink x_i.v = 0. There it passes, or, if both sides push onto it, slides: g becomes the shortest vector that the slopes
  between the two sides allow. Each path is that of the flow itself and ends exactly.
* Higher degrees: D is smooth enough for the shifted power method, v <- (grad D + s v)/|.|, which rises for s above the curvature
  of D (Kolda and Mayo, SIAM J. Matrix Anal. Appl. 32, 2011), then for Newton's.

The share of the starts that a direction collects is its basin, to 1/sqrt(starts).
"""

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Found", "climb", "quadratic"]

_ROUNDING = 1e-12
_SAME = 1e-8  # 1 - cosine below which two ends are one direction
_SLIDE_LIMIT = 200  # events of one path
_POWER_STEPS = 1_500
_NEAR = 1e-3  # projected gradient over the radial one: near enough for Newton's method,
_SETTLED = 1e-11  # and what it has to reach
_NEWTON_STEPS = 20


class Found(NamedTuple):
    """A direction, the value of D there, and the share of the starts that came to it (0 for a saddle)."""

    vector: "np.ndarray"
    value: float
    basin: float


def quadratic(M: "np.ndarray") -> tuple[list[Found], bool]:
    """Critical directions of v.M v, largest value first, and whether some eigenvalues are equal; these are left out."""
    import numpy as np

    values, vectors = np.linalg.eigh(M)
    size = float(np.max(np.abs(values)))
    apart = np.abs(values[:, None] - values) > _ROUNDING * size
    np.fill_diagonal(apart, True)
    alone = apart.all(axis=1)
    found = []
    for k in reversed(range(len(values))):
        if alone[k] and abs(values[k]) > _ROUNDING * size:
            attracts = (k == len(values) - 1 and values[k] > 0) or (k == 0 and values[k] < 0)
            found += [Found(s * vectors[:, k], float(values[k]), 0.5 if attracts else 0.0) for s in (1.0, -1.0)]
    return found, not bool(alone.all())


def climb(
    X: "np.ndarray", y: "np.ndarray", right: float, left: float, degree: int, starts: int, seed: int
) -> list[Found]:
    """Maxima of D with D > 0, by what they collect; those of -D are what output weights < 0 go to.

    Parameters
    ----------
    X : float64 (n, d); y : float64 (n,)
    right, left : float
        sigma(1) and sigma(-1) of a homogeneous activation of whole ``degree``.
    starts, seed : int
        Isotropic starts, drawn by NumPy's generator.
    """
    import numpy as np

    # v.x_i sees the span of the samples only, and an isotropic v is isotropic there
    _, sizes, basis = np.linalg.svd(X, full_matrices=False)
    basis = basis[sizes > max(X.shape) * np.finfo(float).eps * sizes[0]]
    inside = X @ basis.T
    V = np.random.default_rng(seed).standard_normal((starts, len(basis)))
    V /= np.linalg.norm(V, axis=1, keepdims=True)
    if degree == 1:
        planes = _Planes.of(inside, y, right, left)
        ends = [end for v in V if (end := planes.follow(v)) is not None]
    else:
        ends = _rise(V, inside, y, right, left, degree)
    groups = _grouped(ends, _SAME)
    found = []
    for end, count in groups:
        z = inside @ end
        value = float(y @ np.where(z > 0, right * np.abs(z) ** degree, left * np.abs(z) ** degree))
        found.append(Found(end @ basis, value, count / starts))
    return sorted(found, key=lambda one: -one.basin)


class _Planes(NamedTuple):
    """Kinks v.n = 0 and the forces of their two sides; parallel samples share one."""

    normals: "np.ndarray"
    above: "np.ndarray"
    below: "np.ndarray"

    @classmethod
    def of(cls, X: "np.ndarray", y: "np.ndarray", right: float, left: float) -> "_Planes":
        import numpy as np

        size = np.linalg.norm(X, axis=1)
        rows: list[list] = []
        for x, r, target in zip(X, size, y, strict=True):
            if r <= 0 or target == 0:
                continue
            normal = x / r
            row = next((row for row in rows if 1 - abs(row[0] @ normal) < _ROUNDING), None)
            if row is None:
                rows.append(row := [normal, 0.0, 0.0])
            sides = (right, -left) if row[0] @ normal > 0 else (left, -right)
            row[1] += target * r * sides[0]
            row[2] += target * r * sides[1]
        return cls(*(np.array(column) for column in zip(*rows, strict=True)))

    def follow(self, v: "np.ndarray") -> "np.ndarray | None":
        """Where the flow takes a direction; None if nothing pushes it, or it shrinks to 0."""
        import numpy as np

        normals, above, below = self
        side = normals @ v > 0
        held: list[int] = []
        strength = float(np.abs(above).sum() + np.abs(below).sum())
        for _ in range(_SLIDE_LIMIT):
            g = self._force(side, held)
            size = float(np.linalg.norm(g))
            if size <= _ROUNDING * strength:
                return None
            g = g / size
            if v @ g < -1 + _ROUNDING:  # it slides along its kinks to v = 0
                return None
            z, rate = normals @ v, normals @ g
            free = np.ones(len(z), dtype=bool)
            free[held] = False
            towards = free & (np.where(side, -rate, rate) > _ROUNDING)
            if not np.any(towards):
                return g
            times = np.where(
                towards, np.maximum(np.where(side, z, -z), 0.0) / np.where(towards, np.abs(rate), 1.0), np.inf
            )
            first = int(np.argmin(times))
            v = v + times[first] * g
            v = v / np.linalg.norm(v)
            if above[first] < below[first]:
                held.append(first)
            else:
                side[first] = not side[first]
        return None

    def _force(self, side: "np.ndarray", held: list[int]) -> "np.ndarray":
        """Shortest force that the held kinks allow; those that let go leave ``held`` and get a side."""
        import numpy as np

        normals, above, below = self
        while True:
            strength = np.where(side, above, below)
            strength[held] = below[held]
            g = strength @ normals
            if not held:
                return g
            N, difference = normals[held], (above - below)[held]
            share = np.linalg.lstsq((difference[:, None] * N).T, -g, rcond=None)[0]
            beyond = np.maximum(share - 1, -share)
            worst = int(np.argmax(beyond))
            if beyond[worst] <= 0:
                return g + (share * difference) @ N
            side[held[worst]] = share[worst] > 1
            held.pop(worst)


def _grouped(ends: "list[np.ndarray]", apart: float) -> "list[tuple[np.ndarray, int]]":
    """Directions that differ, and how many came to each; ``apart`` is 1 - cosine."""
    groups: list[tuple] = []
    for end in ends:
        for index, (first, count) in enumerate(groups):
            if 1 - first @ end < apart:
                groups[index] = first, count + 1
                break
        else:
            groups.append((end, 1))
    return groups


def _rise(
    V: "np.ndarray", X: "np.ndarray", y: "np.ndarray", right: float, left: float, degree: int
) -> "list[np.ndarray]":
    """Ends of the shifted power method at D > 0, finished by Newton's method; degree >= 2."""
    import numpy as np

    shift = degree * (degree - 1) * max(abs(right), abs(left)) * float(np.abs(y) @ np.linalg.norm(X, axis=1) ** degree)
    for _ in range(_POWER_STEPS):
        z = V @ X.T
        gradient = (y * degree * np.where(z > 0, right, -left) * np.abs(z) ** (degree - 1)) @ X
        value = np.einsum("kj,kj->k", V, gradient)  # p D, by Euler
        across = np.linalg.norm(gradient - value[:, None] * V, axis=1)
        if np.all(across <= _NEAR * np.abs(value)):
            break
        V = gradient + shift * V
        V /= np.linalg.norm(V, axis=1, keepdims=True)
    ends = []
    for end, count in _grouped(list(V[value > _ROUNDING * shift]), _NEAR):
        top = _newton(end, X, y, right, left, degree)
        ends += [] if top is None else [top] * count
    return ends


def _newton(
    v: "np.ndarray", X: "np.ndarray", y: "np.ndarray", right: float, left: float, degree: int
) -> "np.ndarray | None":
    """The critical direction beside v, grad D = l v on the unit sphere; None if there is none near, or no maximum."""
    import numpy as np

    start, eye = v, np.eye(len(v))
    for _ in range(_NEWTON_STEPS):
        z = X @ v
        gradient = (y * degree * np.where(z > 0, right, -left) * np.abs(z) ** (degree - 1)) @ X
        bend = y * degree * (degree - 1) * np.where(z > 0, right, left) * np.abs(z) ** (degree - 2)
        radial = float(v @ gradient)
        across = gradient - radial * v
        hessian = (X.T * bend) @ X - radial * eye
        if np.linalg.norm(across) <= _SETTLED * abs(radial):
            tangent = hessian - np.outer(v, v @ hessian)
            tangent = tangent - np.outer(tangent @ v, v)
            is_maximum = np.linalg.eigvalsh((tangent + tangent.T) / 2)[-1] <= _NEAR * abs(radial)
            return v if is_maximum and v @ start > 0.9 else None
        bordered = np.block([[hessian, -v[:, None]], [v[None], np.zeros((1, 1))]])
        v = v + np.linalg.lstsq(bordered, -np.append(across, 0.0), rcond=None)[0][:-1]
        v = v / np.linalg.norm(v)
    return None
