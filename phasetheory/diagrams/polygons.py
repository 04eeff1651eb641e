"""Exact convex polygons and affine functions of two coordinates, in rational arithmetic.

The plane is represented by a square so large that no boundary of a diagram ends on it for any other reason than going to
infinity; :data:`FAR` is its half-width. Points are pairs of :class:`fractions.Fraction`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

__all__ = [
    "FAR",
    "PLANE",
    "Affine",
    "Point",
    "Polygon",
    "area",
    "at_infinity",
    "clip",
    "convex_union",
    "edges",
    "half_planes",
    "intersection",
]

Point = tuple[Fraction, Fraction]
Polygon = tuple[Point, ...]  # vertices counter-clockwise, no three on a line

FAR = Fraction(10**6)
PLANE: Polygon = ((-FAR, -FAR), (FAR, -FAR), (FAR, FAR), (-FAR, FAR))


@dataclass(frozen=True)
class Affine:
    """The function constant + x * X + y * Y with exact coefficients."""

    constant: Fraction
    x: Fraction
    y: Fraction

    def __call__(self, point: Point) -> Fraction:
        """Value at a point."""
        return self.constant + self.x * point[0] + self.y * point[1]

    def __add__(self, other: "Affine") -> "Affine":
        return Affine(self.constant + other.constant, self.x + other.x, self.y + other.y)

    def __sub__(self, other: "Affine") -> "Affine":
        return self + other * -1

    def __mul__(self, factor: Fraction | int) -> "Affine":
        return Affine(self.constant * factor, self.x * factor, self.y * factor)

    @property
    def is_constant(self) -> bool:
        """Whether it depends on neither coordinate."""
        return self.x == 0 and self.y == 0


def clip(polygon: Polygon, inside: Affine) -> Polygon:
    """Part of a convex polygon where ``inside`` >= 0; empty if that part has no area."""
    values = [inside(p) for p in polygon]
    if all(v >= 0 for v in values):
        return polygon
    if all(v <= 0 for v in values):
        return ()
    kept: list[Point] = []
    for (p, vp), (q, vq) in _cyclic_pairs(list(zip(polygon, values, strict=True))):
        if vp >= 0:
            kept.append(p)
        if vp * vq < 0:
            t = vp / (vp - vq)
            kept.append((p[0] + t * (q[0] - p[0]), p[1] + t * (q[1] - p[1])))
    return tuple(kept)


def area(polygon: Polygon) -> Fraction:
    """Signed area, positive for counter-clockwise vertices."""
    return sum((p[0] * q[1] - q[0] * p[1] for p, q in _cyclic_pairs(polygon)), start=Fraction(0)) / 2


def edges(polygon: Polygon) -> list[tuple[Point, Point]]:
    """Pairs of neighbouring vertices, in order."""
    return list(_cyclic_pairs(polygon))


def half_planes(polygon: Polygon) -> list[Affine]:
    """Affine functions that are >= 0 on the polygon and nowhere else, one per edge (edges of the plane left out)."""
    result = []
    for (px, py), (qx, qy) in edges(polygon):
        if (abs(px) == FAR and px == qx) or (abs(py) == FAR and py == qy):
            continue
        dx, dy = qx - px, qy - py
        result.append(Affine(dy * px - dx * py, -dy, dx))
    return result


def intersection(polygon: Polygon, other: Polygon) -> Polygon:
    """Common part of two convex polygons; empty if it has no area."""
    for half_plane in half_planes(other):
        if not polygon:
            return ()
        polygon = clip(polygon, half_plane)
    return polygon


def at_infinity(point: Point) -> bool:
    """Whether a vertex lies on the edge of the plane, so that it stands for a direction."""
    return max(abs(point[0]), abs(point[1])) == FAR


def convex_union(polygons: Iterable[Polygon]) -> list[Polygon]:
    """Merge convex polygons without common inner points, pair by pair, wherever the union is convex too.

    Two of them have a convex union only if a whole edge of the one is a whole edge of the other.
    """
    waiting = [_hull(polygon) for polygon in polygons if polygon]
    if waiting and area(whole := _hull([point for polygon in waiting for point in polygon])) == sum(map(area, waiting)):
        return [whole]
    beside = {edge: polygon for polygon in waiting for edge in edges(polygon)}
    done: dict[Polygon, None] = dict.fromkeys(waiting)
    while waiting:
        polygon = waiting.pop()
        if polygon not in done:
            continue
        for first, second in edges(polygon):
            other = beside.get((second, first))
            union = _hull([*polygon, *other]) if other else ()
            if other and area(union) == area(polygon) + area(other):
                for old in (polygon, other):
                    del done[old]
                    for edge in edges(old):
                        del beside[edge]
                done[union] = None
                beside.update(dict.fromkeys(edges(union), union))
                waiting.append(union)
                break
    return list(done)


def _hull(points: Sequence[Point]) -> Polygon:
    """Convex hull, counter-clockwise, without collinear vertices (Andrew's monotone chain)."""
    ordered = sorted(set(points))

    def chain(sequence: Iterable[Point]) -> list[Point]:
        result: list[Point] = []
        for p in sequence:
            while len(result) > 1 and _turn(result[-2], result[-1], p) <= 0:
                result.pop()
            result.append(p)
        return result[:-1]

    return tuple(chain(ordered) + chain(reversed(ordered)))


def _turn(o: Point, a: Point, b: Point) -> Fraction:
    return (a[0] - o[0]) * (b[1] - o[1]) - (a[1] - o[1]) * (b[0] - o[0])


def _cyclic_pairs(items: Sequence) -> list[tuple]:
    return list(zip(items, [*items[1:], *items[:1]], strict=True))
