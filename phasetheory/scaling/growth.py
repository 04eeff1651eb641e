r"""Which way the layers grow that grow together: one linear system, in rational numbers.

Layer l of a set, whose largest path uses the layers of the set u_l times, has the rate rho_l = k M_l - q x_l, q = 1 + k, and all
rates rise alike: k u_l.v - q v_l = w for every l, sum v = 1. Where that leaves a choice, as for two chains that share no layer,
the shortest v is taken, which treats equal layers alike.
"""

from fractions import Fraction
from functools import lru_cache

import sympy as sp
from sympy.polys.matrices import DomainMatrix

__all__ = ["shortest_growth"]

_QQ = sp.QQ


@lru_cache(maxsize=4096)
def shortest_growth(uses: tuple[tuple[int, ...], ...], degree: int = 1) -> tuple[tuple[Fraction, ...], Fraction] | None:
    """The direction v and the number w under an update of degree k in the gradient, None if there is no such direction.

    Examples
    --------
    >>> shortest_growth(((1, 1), (1, 1)))
    ((Fraction(1, 2), Fraction(1, 2)), Fraction(0, 1))
    >>> shortest_growth(((1, 1), (1, 1)), degree=0)
    ((Fraction(1, 2), Fraction(1, 2)), Fraction(-1, 2))
    """
    size = len(uses)
    order = degree + 1
    rows = [[*(degree * u - order * (i == j) for j, u in enumerate(row)), -1, 0] for i, row in enumerate(uses)]
    system = DomainMatrix([*rows, [*[1] * size, 0, 1]], (size + 1, size + 2), sp.ZZ).convert_to(_QQ)
    reduced, pivots = system.rref()
    if size + 1 in pivots:
        return None
    entries = reduced.to_list()
    solution = [_QQ(0)] * (size + 1)
    for row, pivot in enumerate(pivots):
        solution[pivot] = entries[row][-1]
    free = [column for column in range(size + 1) if column not in pivots]
    if free:
        solution = _shortest(solution, [_null_vector(entries, pivots, column, size + 1) for column in free])
    numbers = [Fraction(int(x.numerator), int(x.denominator)) for x in solution]
    return tuple(numbers[:-1]), numbers[-1]


def _null_vector(entries: list, pivots: tuple[int, ...], column: int, size: int) -> list:
    vector = [_QQ(0)] * size
    vector[column] = _QQ(1)
    for row, pivot in enumerate(pivots):
        vector[pivot] = -entries[row][column]
    return vector


def _shortest(solution: list, null: list) -> list:
    """Of solution + span(null) the one whose v, all but the last entry, is shortest."""
    dot = [[sum(a * b for a, b in zip(p[:-1], q[:-1], strict=True)) for q in null] for p in null]
    right = [[-sum(a * b for a, b in zip(p[:-1], solution[:-1], strict=True))] for p in null]
    matrix = DomainMatrix(dot, (len(null), len(null)), _QQ)
    shifts = matrix.lu_solve(DomainMatrix(right, (len(null), 1), _QQ)).to_list()
    for (shift,), vector in zip(shifts, null, strict=True):
        solution = [s + shift * n for s, n in zip(solution, vector, strict=True)]
    return solution
