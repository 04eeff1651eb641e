r"""Easy and hard targets: the one place where the slopes of two layers depend on what is fitted, and their two branches.

Two layers under gradient flow, an activation with a kink, and w condensed while a hardly moves: S_w > 0 > S_a, which is
gamma > 1, gamma' < 1 - gamma. There a is frozen while w grows, so w gathers early on the few directions that the flow with
a frozen leads to (the *reduced flow*, started at w -> 0). What follows is a question to the data:

* *easy*: neurons in these directions fit the target. The argument runs as everywhere, K = {w}:
      S_w = gamma - 1,    S_a = 2 (gamma + gamma' - 1).
* *hard*: they do not. What remains is fitted by neurons that go on growing, their own a_k too, until |w_k| = |a_k|. However
  many they are, the sum over them is of the size that both layers together need, prod_l delta_l = alpha with equal factors,
  K = {w, a}: the formulas of the region where both layers grow go on,
      S_w = (gamma - 1 - gamma')/2,    S_a = (gamma - 1 + gamma')/2.

Both are derived, and the branches were met by measurement. The regimes are the same in both. The branches agree where
gamma' = 1 - gamma; at gamma = 1 the hard one jumps, by -gamma'/2, which is no contradiction: a target is hard only once the start
does not reach it. The identity has no kink: with a frozen its flow is linear, and it fits what it can fit at all, so
every target is easy. Under sign descent, and beyond two layers, nobody has worked it out.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import sympy as sp

from phasetheory.dynamics.activations import Activation
from phasetheory.errors import TheoryError, shown
from phasetheory.scaling.argument import Exponents, displacement
from phasetheory.scaling.optimizers import GRADIENT_FLOW, Optimizer
from phasetheory.scaling.regimes import Regime, classify

__all__ = ["OPEN", "check_target", "hard_slopes", "is_open", "matters"]

_TARGETS = ("easy", "hard")
#: Regimes between which it matters, input to output.
OPEN = (Regime.CONDENSED, Regime.LINEAR)


def matters(depth: int, activation: Activation, optimizer: Optimizer) -> bool:
    """Whether networks of this kind have a region where the target decides, as far as is known."""
    return depth == 2 and optimizer == GRADIENT_FLOW and not activation.is_linear


def is_open(slopes: Mapping[str, sp.Expr]) -> bool:
    """Whether the target decides at these slopes of two layers, in either branch."""
    return tuple(map(classify, slopes.values())) == OPEN


def check_target(target: Any, depth: int, activation: Activation, optimizer: Optimizer) -> None:
    """Refuse what is neither ``'easy'`` nor ``'hard'``, and ``'hard'`` where it means nothing."""
    if target not in _TARGETS:
        raise TheoryError(f"target = {shown(target)}; use 'easy' or 'hard'")
    if target == "hard" and not matters(depth, activation, optimizer):
        why = f"every target is easy under the {activation.name} activation"
        known = "hard targets are worked out for two layers under gradient flow only"
        raise TheoryError(f"target = 'hard': {why if activation.is_linear else known}; leave it out")


def hard_slopes(exponents: Exponents, norm: str = "frobenius") -> tuple[sp.Expr, ...]:
    """S_l on a hard target, input to output, where :func:`is_open`: all layers grow until they are balanced."""
    result = displacement(*exponents.absorbed_numbers())
    level = (sum(result.start[1:], start=result.start[0]) - result.capacity) / len(result.start)
    return replace(result, growth=2 * level, moved=(level,) * len(result.start)).slopes(norm)
