"""Exponents of power laws in the width: exact limits of log q / log m."""

from typing import Any

import sympy as sp

from phasetheory.errors import NotPowerLawError
from phasetheory.symbols.expressions import as_scale, m

__all__ = ["exponent"]

_PROBES = (10**9, 10**12)  # widths at which the sign of a scale is looked at


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
    q = as_scale(quantity, name="scale")
    _check_positive(q)
    if not q.has(m):
        return sp.S.Zero
    # By l'Hopital the limit of log q / log m is that of m q'/q, which is rational for the scales in use.
    limit = _limit(sp.simplify(m * sp.diff(q, m) / q))
    if limit is None:
        limit = _limit(sp.log(q) / sp.log(m))
    if limit is None or limit.is_finite is False or limit.has(m, sp.oo, sp.zoo, sp.nan):
        shown = "does not exist" if limit is None else f"is {limit}"
        raise NotPowerLawError(f"{q} is not a power law in m: lim log q / log m {shown}; use scales like m^(-1/2)")
    if limit.has(sp.Symbol("d", positive=True)):
        raise NotPowerLawError(f"the exponent of {q} in m is {limit}: it must not depend on d; use a number")
    return sp.nsimplify(limit) if limit.is_Float else limit


def _limit(expression: sp.Expr) -> sp.Expr | None:
    if not expression.has(m):
        return expression
    try:
        limit = sp.limit(expression, m, sp.oo)
    except (NotImplementedError, ValueError, TypeError):
        return None
    return None if limit.has(sp.AccumBounds, sp.Limit) else limit


def _check_positive(q: sp.Expr) -> None:
    """Refuse a scale that is negative at large widths, such as 1 - m (free symbols other than m, d are set to 1)."""
    if q.is_positive:
        return
    for width in _PROBES:
        value = q.subs(m, width).subs(dict.fromkeys(q.free_symbols - {m}, 1)).evalf()
        if value.is_real is False or value.is_positive is False:
            raise NotPowerLawError(f"{q} is not positive at width {width:.0e}; a scale must be positive, like 1/m")
