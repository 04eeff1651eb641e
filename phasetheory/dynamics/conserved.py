r"""What gradient flow conserves in a graph of layers: the left null space of its use matrix, proved.

On a fixed pattern of open relus f = sum over paths p of f_p, and f_p is of degree k_pl in layer l, which it uses k_pl
times. So by Euler's identity, path by path,

    <W_l, df/dW_l> = sum_p k_pl f_p,       d(|W_l|^2/eta_l)/dt = -(2/n) sum_i e_i sum_p k_pl f_p(x_i),

and Q = sum_l q_l |W_l|^2/eta_l stands still on all data if, and for independent f_p only if, sum_l q_l k_pl = 0 for every
path. With another loss e_i f_p is replaced by <dloss_i/df, f_p>: the same quantities. A chain has |W_l|^2 - |W_(l+1)|^2 and
this is the balance law (:mod:`phasetheory.dynamics.balance`); a layer directly before a normalisation is on its path with
degree 0, and |W_l|^2 is conserved.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import sympy as sp

from phasetheory.errors import TheoryError, shown
from phasetheory.symbols.mappings import read_only

__all__ = ["ConservedQuantity", "conserved_quantities"]

Uses = Mapping[str, int]


@dataclass(frozen=True)
class ConservedQuantity:
    """A combination sum_l q_l |W_l|^2/eta_l that gradient flow conserves.

    Attributes
    ----------
    coefficients : mapping of str to int
        q_l, of the layers where it is not 0.
    rate : sympy.Expr
        Its time derivative for one sample, in the parts of f along the paths and the residual; 0 proves the law.
    """

    coefficients: Mapping[str, int]
    rate: sp.Expr

    @property
    def proved(self) -> bool:
        """Whether the rate vanished identically."""
        return self.rate == 0

    def __str__(self) -> str:
        terms = [(q, f"{abs(q) if abs(q) != 1 else ''}|{layer}|²") for layer, q in self.coefficients.items()]
        first, *others = (f"{'-' if q < 0 else '+'} {term}" for q, term in terms)
        return " ".join([first.removeprefix("+ ").replace("- ", "-"), *others])


def conserved_quantities(layers: Sequence[str], uses: Iterable[Uses]) -> tuple[ConservedQuantity, ...]:
    """A basis of what is conserved, from how often each path uses each layer.

    Examples
    --------
    >>> [str(law) for law in conserved_quantities(["U", "W", "a"], [{"U": 1, "a": 1}, {"U": 1, "W": 1, "a": 1}])]
    ['|U|² - |a|²']
    """
    listed = list(uses) if isinstance(uses, Iterable) else []
    if not layers or not listed or not all(isinstance(path, Mapping) for path in listed):
        raise TheoryError(
            f"layers = {shown(layers)}, uses = {shown(uses)}; give names, and at least one path, a mapping"
        )
    paths = list(dict.fromkeys(tuple(path.get(layer, 0) for layer in layers) for path in listed))
    basis = [_whole(vector) for vector in sp.Matrix(paths).nullspace()]
    found = []
    for vector in _short(basis):
        chosen = {layer: q for layer, q in zip(layers, vector, strict=True) if q}
        found.append(ConservedQuantity(read_only(chosen), _rate(vector, paths)))
    return tuple(found)


def _rate(vector: Sequence[int], paths: Sequence[Sequence[int]]) -> sp.Expr:
    """dQ/dt for one sample: <W_l, df_p/dW_l> path by path."""
    shares = (sum(q * _euler(k) for q, k in zip(vector, path, strict=True) if q) for path in paths)
    parts = [share * sp.Symbol(f"f_{number}") for number, share in enumerate(shares, start=1) if share != 0]
    return -2 * sp.Symbol("e") * sp.Add(*parts)


@cache
def _euler(uses: int) -> sp.Expr:
    """<W, df/dW>/f of a path of this degree: how f(r W) = r^k f(W) changes with r at r = 1."""
    r = sp.Symbol("r", positive=True)
    return sp.diff(r**uses, r).subs(r, 1)


def _whole(vector: sp.Matrix) -> tuple[int, ...]:
    """The same direction in whole numbers."""
    entries = list(vector)
    common = sp.ilcm(*(entry.q for entry in entries))
    return tuple(int(entry * common) for entry in entries)


def _short(basis: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """The same space with few layers in a quantity, and near ones, the first counted positive."""
    found, before = list(basis), None
    while found != before:
        before = list(found)
        for number, vector in enumerate(found):
            others = [other for place, other in enumerate(found) if place != number]
            sums = [
                tuple(a + sign * b for a, b in zip(vector, other, strict=True)) for other in others for sign in (1, -1)
            ]
            found[number] = min([vector, *sums], key=_length)
    return [tuple(q * (1 if next(filter(None, vector)) > 0 else -1) for q in vector) for vector in found]


def _length(vector: Sequence[int]) -> tuple[int, int]:
    used = [place for place, q in enumerate(vector) if q]
    return len(used), used[-1] - used[0]
