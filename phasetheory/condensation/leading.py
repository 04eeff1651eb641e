r"""What is left of an activation at tiny weights: its first term at 0, a homogeneous activation.

sigma(z) = sigma(0) + c z^p + O(z^(p+1)) with c != 0, p >= 1: p is its *multiplicity* (Zhou et al. 2105.11686). The term c z^p is
an :class:`~phasetheory.dynamics.activations.Activation` with right = c, left = (-1)^p c, degree = p. An activation that
is homogeneous, relu say, is its own leading part. SymPy differentiates; nothing is typed in.
"""

from collections.abc import Mapping
from functools import lru_cache
from numbers import Real
from typing import Any

import sympy as sp

from phasetheory.dynamics.activations import Activation, leaky_relu, linear, relu
from phasetheory.errors import NotHomogeneousError, TheoryError, shown

__all__ = ["SMOOTH", "constant_term", "leading_part"]

_z = sp.Symbol("z", real=True)
_LARGEST = 12  # derivatives looked at: more vanish for no activation in use

#: Smooth activations by name.
SMOOTH: Mapping[str, sp.Expr] = {
    "tanh": sp.tanh(_z),
    "z tanh z": _z * sp.tanh(_z),
    "z^2 tanh z": _z**2 * sp.tanh(_z),
    "softplus": sp.log(1 + sp.exp(_z)),
    "sigmoid": 1 / (1 + sp.exp(-_z)),
    "gelu": _z * (1 + sp.erf(_z / sp.sqrt(2))) / 2,
    "silu": _z / (1 + sp.exp(-_z)),
}
_KINKED: Mapping[str, Activation] = {"relu": relu, "linear": linear}


def leading_part(activation: Any) -> Activation:
    """The first term at 0 of an activation, the constant left out; its degree is the multiplicity.

    Parameters
    ----------
    activation : str, number, Activation or SymPy expression
        A name of :data:`SMOOTH`, 'relu' or 'linear'; the negative slope of leaky relu; or an expression in one symbol.

    Raises
    ------
    TheoryError
        For what is none of these, has free symbols besides its argument, or no first term.

    Examples
    --------
    >>> [leading_part(name).degree for name in SMOOTH]
    [1, 2, 3, 1, 1, 1, 1]
    >>> leading_part("gelu").right
    1/2
    """
    found = _known(activation)
    part = found if isinstance(found, Activation) else _first_term(*found)
    if part.right.free_symbols or part.left.free_symbols or part.degree.is_Integer is not True:
        raise TheoryError(f"activation = {shown(activation)}; give one with numbers for its slopes and a whole degree")
    return part


def constant_term(activation: Any) -> sp.Expr:
    """sigma(0): zero for most, 1/2 for the sigmoid, log 2 for softplus."""
    found = _known(activation)
    return sp.S.Zero if isinstance(found, Activation) else found[0].subs(found[1], 0)


def _known(activation: Any) -> Activation | tuple[sp.Expr, sp.Symbol]:
    """A homogeneous activation, or an expression with its argument."""
    if isinstance(activation, Activation):
        return activation
    if isinstance(activation, str):
        if activation in _KINKED:
            return _KINKED[activation]
        if activation in SMOOTH:
            return SMOOTH[activation], _z
    elif isinstance(activation, sp.Expr) and len(activation.free_symbols) == 1:
        symbol = activation.free_symbols.pop()
        argument = sp.Symbol(symbol.name, real=True)
        expression = activation.subs(symbol, argument)
        try:
            return Activation.from_expression(expression, argument)
        except NotHomogeneousError:
            return expression, argument
    elif isinstance(activation, Real | sp.Expr) and not isinstance(activation, bool):
        return leaky_relu(activation)
    names = ", ".join(repr(name) for name in (*_KINKED, *SMOOTH))
    raise TheoryError(
        f"activation = {shown(activation)}; use one of {names}, the negative slope of leaky relu, or an expression in one symbol"
    )


@lru_cache(maxsize=32)
def _first_term(expression: sp.Expr, z: sp.Symbol) -> Activation:
    """The term c z^p of a smooth expression."""
    derivative = expression
    for degree in range(1, _LARGEST + 1):
        derivative = sp.diff(derivative, z)
        value = derivative.subs(z, 0)
        value = sp.simplify(value) if value.is_zero is None else value
        if value.is_finite is not True or value.is_real is not True:
            break
        if value != 0:
            coefficient = value / sp.factorial(degree)
            return Activation("leading_part", coefficient, (-1) ** degree * coefficient, sp.Integer(degree))
    raise TheoryError(
        f"{shown(expression)} has no first term c z^p at 0 with p <= {_LARGEST}; give a smooth activation"
    )
