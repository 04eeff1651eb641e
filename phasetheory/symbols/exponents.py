"""Exponents of power laws in the width: exact limits of log q / log m."""

from typing import Any

import sympy as sp
from sympy.series.gruntz import sign as gruntz_sign

from phasetheory.errors import NotPowerLawError, shown
from phasetheory.symbols.budget import is_small
from phasetheory.symbols.expressions import Fans, as_scale, d, m
from phasetheory.symbols.leading import leading_term

__all__ = ["check_positive", "exceeds", "exponent", "exponent_of", "positive_scale"]


def exponent(quantity: Any) -> sp.Expr:
    """Exponent s = lim log q(m) / log m as the width m goes to infinity, exactly.

    Any positive q with a power-law limit will do: ``sqrt(2/(m + d))`` has -1/2. Free symbols in exponents
    (``m**(-g)``) are kept. The paper's gamma is *minus* the exponent of kappa.

    Raises
    ------
    NotPowerLawError
        If the limit is infinite, does not exist, depends on d, or q is not positive at large width.

    Examples
    --------
    >>> from phasetheory.symbols.expressions import parse_scale
    >>> exponent(parse_scale("sqrt(2/(m + d))"))
    -1/2
    """
    return exponent_of(as_scale(quantity, name="scale"))


def exponent_of(q: sp.Expr) -> sp.Expr:
    """The same for an expression that may be large, such as a product over many layers."""
    check_positive(q)
    if not q.has(m):
        return sp.S.Zero
    leading = leading_term(q)
    limit = leading.power if leading is not None else _by_limit(q)
    if limit is None or limit.is_finite is False or limit.has(m, sp.oo, sp.zoo, sp.nan):
        found = "does not exist" if limit is None else f"is {limit}"
        raise NotPowerLawError(
            f"{shown(q)} is not a power law in m: lim log q / log m {found}; use scales like m^(-1/2)"
        )
    if limit.has(d):
        raise NotPowerLawError(f"the exponent of {q} in m is {limit}: it must not depend on d; use a number")
    return sp.nsimplify(limit) if limit.is_Float else limit


def exceeds(q: sp.Expr, bound: sp.Expr) -> bool:
    """Whether q/bound tends to more than 1, or grows, as m goes to infinity; a power with free symbols is refused.

    Examples
    --------
    >>> [exceeds(q, m / 2) for q in (m / 3, m / 2 + 1, m, m**2)]
    [False, False, True, True]
    """
    power = exponent_of(q / bound)
    if power.free_symbols:
        raise NotPowerLawError(f"the exponent of {q} in m has free symbols; give them values")
    return bool(power > 0) or (power == 0 and sp.limit(q / bound, m, sp.oo) > 1)


def _by_limit(q: sp.Expr) -> sp.Expr | None:
    """SymPy's limit, for what the leading terms leave open: sqrt(m + 1) - sqrt(m)."""
    _check_small(q)
    # By l'Hopital the limit of log q / log m is that of m q'/q, which is rational for the scales in use.
    limit = _limit(sp.simplify(m * sp.diff(q, m) / q))
    return _limit(sp.log(q) / sp.log(m)) if limit is None else limit


def _limit(expression: sp.Expr) -> sp.Expr | None:
    if not expression.has(m):
        return expression
    try:
        limit = sp.limit(expression, m, sp.oo)
    except (NotImplementedError, ValueError, TypeError):
        return None
    return None if limit.has(sp.AccumBounds, sp.Limit) else limit


def check_positive(q: sp.Expr) -> None:
    """Refuse a scale that is not positive as m goes to infinity, such as 10^13 - m (free symbols other than m are set to 1)."""
    if q.is_positive:
        return
    numbers = q.subs(dict.fromkeys(q.free_symbols - {m}, sp.S.One))
    if not numbers.has(m) and numbers.is_positive is not False:
        return
    leading = leading_term(numbers)
    sign = _sign(leading.coefficient) if leading is not None else _sign_by_limit(numbers)
    if sign is None:
        raise NotPowerLawError(
            f"cannot tell whether {shown(q)} is positive at large width; write it as a power of m, like 1/m"
        )
    if sign <= 0:
        raise NotPowerLawError(f"{shown(q)} is not positive at large width; a scale must be positive, like 1/m")


def positive_scale(value: Any, name: str, fans: Fans | None = None) -> sp.Expr:
    """A scale that is positive at large width, from a number, text or an expression; ``name`` is the argument in the message."""
    scale = as_scale(value, name=name, fans=fans)
    try:
        check_positive(scale)
    except NotPowerLawError as error:
        raise NotPowerLawError(f"{name}: {error}") from error
    return scale


def _sign(coefficient: sp.Expr) -> int | None:
    """Of the constant of a leading term; what is not real is not positive either."""
    if coefficient.is_positive:
        return 1
    value = sp.N(coefficient, 40)
    if value.is_real is not True:
        return -1 if value.is_number and value.is_finite else None
    return 1 if value > 0 else -1


def _sign_by_limit(q: sp.Expr) -> int | None:
    """The sign at infinity by Gruntz' algorithm, which is exact, where the leading terms cancel."""
    _check_small(q)
    if q.equals(0):
        return 0
    try:
        return int(gruntz_sign(q, m))
    except (NotImplementedError, ValueError, TypeError, RecursionError):
        return None


def _check_small(q: sp.Expr) -> None:
    if not is_small(q):
        raise NotPowerLawError(f"{shown(q)} is too large to find its exponent; write it as a power of m, like m^(-1/2)")
