r"""How far each layer moves, at any depth: max-plus algebra on exponents.

The argument (derived, not a theorem; at depth 2 it reproduces the theorem of [L21]), for degree-1 activations:

1. Layer-wise learning rates are absorbed, W_l -> W_l/eta_l^(1/q), so the flow has one rate in every layer; q = 2 under gradient
   flow, 1 under sign descent.
2. Strength of a layer at initialisation, its spectral norm:  s_l = sigma_l sqrt(max(fan_in, fan_out));
   its Frobenius norm:  F_l = sigma_l sqrt(fan_in fan_out).
3. Capacity, the output reachable near the initialisation with features aligned:  P = (1/alpha) prod_l s_l.
4. What the optimiser does, in one place (:mod:`phasetheory.scaling.optimizers`): in its unit c_l every layer gains the same
   amount Delta = g^q in the power q along the signal direction. Gradient flow, c_l = 1: the balance law. Sign descent,
   c_l = sqrt(fan_in fan_out): equal speed of all weights. With r_l = s_l/c_l
       P >= 1:  g = min_l r_l / P^(1/q)             (the target is reached by a small move)
       P <  1:  prod_l max(s_l, c_l g) = alpha      (the layers must grow until it is)
5. Displacement  delta_l = c_l min(g, g^q/r_l^(q-1));  RD_l = delta_l/F_l (Frobenius) or delta_l/s_l (spectral).

In exponents of m products become sums and sums maxima. With p the exponent of P = prod_l r_l prod_l c_l/alpha, both cases of
step 4 are one expression, because the growth equation sum_l max(r_l, x) = alpha - sum_l c_l = A is solved by
x = min over non-empty sets K of layers of (A - sum_{l not in K} r_l)/|K| = min_K (sum_{l in K} r_l - p)/|K|. For p < 0 that is
at least min_l r_l, for p >= 0 at most (take one layer for K), so

    g = max( min_l r_l,  min_K (sum_{l in K} r_l - p)/|K| )  -  max(p, 0)/q .

Two layers, from these lines (the tests type them in, the package does not): the boundary of w is gamma = 1 + max(0, gamma') under
both optimisers, the slopes differ.

A layer that starts at zero has r_l = -oo, the exponent of 0. Then p = -oo, the growth equation decides, and with K holding that
layer (the others give oo) its first form has no -oo in it. The lines below run on that value as they stand; the layer moves by
delta_l = c_l g and its slope is oo. It is the limit of s_l = m^-b for b to infinity: beyond some finite b nothing but S_l depends
on b.

Where it is too short: step 3 takes the target to be within reach of features aligned in a few directions. Where w condenses while
the layer above hardly moves (two layers: gamma > 1, gamma' < 1 - gamma) those directions are fixed early, and what follows
depends on the target: :mod:`phasetheory.scaling.targets`. Likewise below layers that condense while it is linear itself
(three layers: W1, where W2 alone condenses) the measured S depends on the target, on both sides of the derived one; why is
open. Measured, not derived: see the page on limitations in docs.

The functions here ask only for +, -, multiples and fractions by integers, and comparisons: the same lines run on rational
numbers and, region by region, on a whole slice (:mod:`phasetheory.diagrams.by_region`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from typing import Any

import sympy as sp

from phasetheory.errors import TheoryError, check_choice
from phasetheory.scaling.optimizers import GRADIENT_FLOW, Optimizer
from phasetheory.symbols.expressions import as_expression

__all__ = [
    "Displacement",
    "Exponents",
    "check_norm",
    "displacement",
    "layer_slopes",
    "slope_of_all_weights",
    "strengths",
    "units",
]


@dataclass(frozen=True)
class Exponents:
    """Exponents in the width of a network's scales, input to output (numbers or affine in free symbols)."""

    sigmas: tuple[sp.Expr, ...]
    alpha: sp.Expr
    learning_rates: tuple[sp.Expr, ...]

    def absorbed(self, optimizer: Optimizer = GRADIENT_FLOW) -> tuple[tuple[sp.Expr, ...], sp.Expr]:
        """Exponents of sigma_l and alpha of the same network with all learning rates 1 (step 1)."""
        roots = tuple(as_expression(eta, name="eta") / optimizer.order for eta in self.learning_rates)
        sigmas = tuple(sp.expand(s - root) for s, root in zip(self.sigmas, roots, strict=True))
        return sigmas, sp.expand(self.alpha - sum(roots))

    def absorbed_numbers(self, optimizer: Optimizer = GRADIENT_FLOW) -> tuple[tuple[sp.Expr, ...], sp.Expr]:
        """The same, refused where an exponent is not a number."""
        sigmas, alpha = self.absorbed(optimizer)
        for value in (*sigmas, alpha):
            if not value.is_number:
                raise TheoryError(f"exponent {value} has free symbols; substitute numbers or use phase_diagram()")
        return sigmas, alpha

    @property
    def free_symbols(self) -> set[sp.Symbol]:
        """Symbols on which the slopes depend."""
        sigmas, alpha = self.absorbed()
        return set().union(*(value.free_symbols for value in (*sigmas, alpha)))


@dataclass(frozen=True)
class Displacement:
    """Exponents in the width of everything in the argument, one entry per layer where it is a tuple."""

    strength: tuple[Any, ...]  #: s_l, spectral norm at initialisation
    frobenius: tuple[Any, ...]  #: F_l, Frobenius norm at initialisation
    unit: tuple[Fraction, ...]  #: c_l, the unit of the optimiser
    capacity: Any  #: P
    growth: Any  #: Delta = g^q
    moved: tuple[Any, ...]  #: delta_l

    @property
    def start(self) -> tuple[Any, ...]:
        """r_l = s_l/c_l."""
        return tuple(s - c for s, c in zip(self.strength, self.unit, strict=True))

    def slopes(self, norm: str = "frobenius") -> tuple[Any, ...]:
        """S_l, the exponent of RD_l, in the Frobenius or the spectral norm."""
        check_norm(norm)
        size = self.frobenius if norm == "frobenius" else self.strength
        pairs = list(zip(self.moved, size, strict=True))
        slopes = {(moved, start): moved - start for moved, start in dict.fromkeys(pairs)}  # like layers once
        return tuple(slopes[pair] for pair in pairs)


def check_norm(norm: str) -> None:
    """Refuse a norm other than ``'frobenius'`` and ``'spectral'``."""
    check_choice(norm, "norm", ("frobenius", "spectral"))


def displacement(sigmas: Sequence[Any], alpha: Any, optimizer: Optimizer = GRADIENT_FLOW) -> Displacement:
    """Run the argument of the module on exponents of sigma_l (input to output) and alpha, learning rates absorbed."""
    strength, frobenius = strengths(sigmas)
    unit = units(len(sigmas), optimizer)
    start = tuple(s - c for s, c in zip(strength, unit, strict=True))
    capacity = sum(strength[1:], start=strength[0]) - alpha
    target = alpha - sum(unit)
    largest_first = sorted(start, reverse=True)  # the sets K of least mean are the smallest layers
    rests = accumulate(largest_first[:-1], initial=alpha * 0)
    means = [(target - rest) / (len(start) - taken) for taken, rest in enumerate(rests)]
    g = max(largest_first[-1], min(means)) - max(capacity, alpha * 0) / optimizer.order
    moves = {r: optimizer.moved(g, r) for r in dict.fromkeys(start)}  # like layers once
    moved = tuple(moves[r] + c for r, c in zip(start, unit, strict=True))
    return Displacement(strength, frobenius, unit, capacity, g * optimizer.order, moved)


def strengths(sigmas: Sequence[Any]) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Exponents of s_l and F_l (step 2); they need no algebra, so symbols will do."""
    fans = list(_fan_exponents(len(sigmas)))
    strength = tuple((s * 2 + max(fan)) / 2 for s, fan in zip(sigmas, fans, strict=True))
    frobenius = tuple((s * 2 + sum(fan)) / 2 for s, fan in zip(sigmas, fans, strict=True))
    return strength, frobenius


def units(depth: int, optimizer: Optimizer) -> tuple[Fraction, ...]:
    """Exponents of the units c_l of an optimiser, input to output, learning rates absorbed (step 4)."""
    return tuple(optimizer.unit(*fans) for fans in _fan_exponents(depth))


def slope_of_all_weights(slopes: Sequence[Any]) -> Any:
    """S_theta, the exponent of the relative distance of all normalised weights W_l/sigma_l together, in Frobenius norm.

    Layer l starts at the norm m^f_l, the root of the number of its weights, and moves by m^(S_l + f_l). The largest layer
    and the largest move decide: S_theta = max_l (S_l + f_l) - max_l f_l. At depth 2 both f_l are 1/2.

    Parameters
    ----------
    slopes : sequence
        S_l in Frobenius norm, input to output.
    """
    _, size = strengths([Fraction(0)] * len(slopes))
    largest = max(size)
    return max(slope + (own - largest) for slope, own in zip(slopes, size, strict=True))


def layer_slopes(
    exponents: Exponents, *, norm: str = "frobenius", optimizer: Optimizer = GRADIENT_FLOW
) -> tuple[sp.Expr, ...]:
    """Exact slopes S_l at one point, input to output.

    Raises
    ------
    TheoryError
        If an exponent is not a real number; use :func:`phasetheory.phase_diagram` for free symbols.
    """
    return displacement(*exponents.absorbed_numbers(optimizer), optimizer=optimizer).slopes(norm)


def _fan_exponents(depth: int) -> Iterator[tuple[int, int]]:
    """Exponents in m of (fan_in, fan_out) of each layer: input d -> m, hidden m -> m, output m -> 1."""
    yield (0, 1)
    yield from ((1, 1) for _ in range(depth - 2))
    yield (1, 0)
