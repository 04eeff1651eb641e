r"""Positively homogeneous activations, and the two identities everything else rests on.

A function of one variable with sigma(c z) = c^p sigma(z) for every c > 0 is fixed by its values at +1 and -1:

    sigma(z) = right * z^p   (z > 0),        sigma(z) = left * (-z)^p   (z < 0).

So an activation is three numbers, (right, left, p), and both identities are checked branch by branch:
homogeneity, sigma(c z) = c^p sigma(z), and Euler's identity, z sigma'(z) = p sigma(z). The kink z = 0 has measure zero
and both sides of Euler's identity vanish there.
"""

from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any

import sympy as sp

from phasetheory.errors import ExpressionError, NotHomogeneousError, TheoryError, shown
from phasetheory.symbols.expressions import as_expression, d, m

__all__ = ["Activation", "check_activation", "leaky_relu", "linear", "relu", "relu_power"]

_z = sp.Symbol("z", real=True)
_positive = sp.Symbol("r", positive=True)
_slope = sp.Symbol("s", real=True)


@dataclass(frozen=True)
class Activation:
    """A positively homogeneous activation of degree ``degree``.

    Parameters
    ----------
    name : str
        How the function is printed: letters, digits and underscores.
    right, left : sympy.Expr
        Values at z = 1 and z = -1: real numbers, text such as ``'1/10'``, or SymPy expressions.
    degree : sympy.Expr
        Degree p > 0 of homogeneity; 1 for relu, leaky relu and linear.

    Raises
    ------
    TheoryError
        A name or a value that is not of this kind; :class:`NotHomogeneousError` for a degree that is not positive.
    """

    name: str
    right: sp.Expr = field(default=sp.S.One)
    left: sp.Expr = field(default=sp.S.Zero)
    degree: sp.Expr = field(default=sp.S.One)

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.isidentifier():  # it becomes the name of a function
            raise TheoryError(f"name = {shown(self.name)} of an activation; give letters, digits and _, such as 'relu'")
        for attribute in ("right", "left", "degree"):
            value = as_expression(getattr(self, attribute), name=f"{attribute} of {self.name}")
            if value.is_real is False or value.is_finite is False or value is sp.nan:
                raise TheoryError(
                    f"{attribute} = {value} of {self.name} is not a real number; give one such as 1 or '1/10'"
                )
            if value.has(m, d):
                raise TheoryError(
                    f"{attribute} = {value} of {self.name} depends on the size of the network; give a number"
                )
            object.__setattr__(self, attribute, value)
        if self.right == 0 and self.left == 0:
            raise TheoryError(f"{self.name} is zero everywhere, and nothing would ever move; give right or left")
        if self.degree.is_positive is not True:
            raise NotHomogeneousError(f"degree = {self.degree} of {self.name} is not positive; give p > 0")

    def __getstate__(self) -> dict[str, Any]:
        # the SymPy functions made for it cannot be pickled: they are made again
        return {entry.name: getattr(self, entry.name) for entry in fields(self)}

    @classmethod
    def from_expression(cls, expression: Any, z: sp.Symbol = _z, *, name: str = "sigma") -> "Activation":
        """Find (right, left, p) of a SymPy expression in ``z``, or say that it is not homogeneous.

        Examples
        --------
        >>> z = sp.Symbol("z", real=True)
        >>> Activation.from_expression(sp.Max(z, 0) + z / 10, z).left
        -1/10
        """
        if not isinstance(z, sp.Symbol):
            raise TheoryError(f"z = {shown(z)} is not a symbol; give sympy.Symbol('z', real=True)")
        try:
            expression = as_expression(expression, name="expression")
        except ExpressionError as error:
            raise TheoryError(f"{shown(expression)} is not an expression in {z}; give one of SymPy") from error
        right, left = (expression.subs(z, sign * _positive) for sign in (1, -1))
        branches = [branch for branch in map(sp.simplify, (right, left)) if branch != 0]
        degrees = {sp.simplify(_positive * sp.diff(branch, _positive) / branch) for branch in branches}
        degree = degrees.pop() if len(degrees) == 1 else sp.nan
        if degree.has(_positive) or degree.is_positive is not True:
            raise NotHomogeneousError(
                f"{expression} is not positively homogeneous in {z}: sigma(c z) = c^p sigma(z) fails; "
                "use relu, leaky_relu(slope), relu_power(p) or linear"
            )
        return cls(name, right.subs(_positive, 1), left.subs(_positive, 1), degree)

    @property
    def is_linear(self) -> bool:
        """Whether it is a multiple of the identity: without a kink."""
        return (self.degree, self.left) == (1, -self.right)

    @cached_property
    def function(self) -> type[sp.Function]:
        """The activation as a SymPy function, printed by name; its derivative is :attr:`derivative`."""
        slope = self.derivative
        return type(self.name, (sp.Function,), {"fdiff": lambda self, argindex=1: slope(self.args[0])})

    @cached_property
    def derivative(self) -> type[sp.Function]:
        """The derivative sigma' as a SymPy function (sigma'' is never needed by the flow)."""
        return type(self.name + "'", (sp.Function,), {})

    def value(self, z: Any) -> sp.Expr:
        """The function sigma(z) written out by branches; its value at the kink is 0."""
        return sp.Piecewise((self.right * z**self.degree, z > 0), (self.left * (-z) ** self.degree, z < 0), (0, True))

    def slope(self, z: Any) -> sp.Expr:
        """The derivative sigma'(z) written out by branches; its value at the kink is taken as 0."""
        p = self.degree
        return sp.Piecewise(
            (p * self.right * z ** (p - 1), z > 0), (-p * self.left * (-z) ** (p - 1), z < 0), (0, True)
        )

    def write_out(self, expression: sp.Expr) -> sp.Expr:
        """Replace the named functions in ``expression`` by their branches (for evaluation)."""
        return expression.replace(self.function, self.value).replace(self.derivative, self.slope)

    def homogeneity_residual(self) -> tuple[sp.Expr, sp.Expr]:
        """The residual sigma(c z) - c^p sigma(z) on the two branches; (0, 0) proves homogeneity."""
        c = sp.Symbol("c", positive=True)
        return self._on_branches(lambda z: self.value(c * z) - c**self.degree * self.value(z))

    def euler_residual(self) -> tuple[sp.Expr, sp.Expr]:
        """The residual z sigma'(z) - p sigma(z) on the two branches; (0, 0) proves Euler's identity."""
        return self._on_branches(lambda z: z * self.slope(z) - self.degree * self.value(z))

    def pull_out(self, expression: sp.Expr, scales: frozenset[sp.Symbol]) -> sp.Expr:
        """Use homogeneity: sigma(s z) -> s^p sigma(z), sigma'(s z) -> s^(p-1) sigma'(z) for the positive ``scales``.

        Works from the innermost activation outwards, so it normalises networks of any depth.
        """
        powers = {self.function: self.degree, self.derivative: self.degree - 1}
        done: dict[sp.Basic, sp.Basic] = {}  # a preactivation stands in many places of a deep network

        def pull(part: sp.Basic) -> sp.Basic:
            if not part.args:
                return part
            if part not in done:
                arguments = [pull(argument) for argument in part.args]
                if part.func in powers:
                    scale, rest = _split_scale(arguments[0], scales)
                    done[part] = sp.expand_power_base(scale ** powers[part.func]) * part.func(rest)
                else:
                    done[part] = part.func(*arguments)
            return done[part]

        return pull(expression)

    def use_euler(self, expression: sp.Expr) -> sp.Expr:
        """Use Euler's identity: sigma'(z) -> p sigma(z)/z."""
        return expression.replace(self.derivative, lambda z: self.degree * self.function(z) / z)

    def _on_branches(self, residual: Any) -> tuple[sp.Expr, sp.Expr]:
        return sp.simplify(residual(_positive)), sp.simplify(residual(-_positive))


def _split_scale(argument: sp.Expr, scales: frozenset[sp.Symbol]) -> tuple[sp.Expr, sp.Expr]:
    """Write ``argument`` as (product of powers of ``scales``) * rest."""
    product = not any(factor.is_Add for factor in sp.Mul.make_args(argument))
    factored = argument if product else sp.factor_terms(sp.expand(argument))
    inside = [f for f in sp.Mul.make_args(factored) if f.as_base_exp()[0] in scales]
    scale = sp.Mul(*inside)
    return scale, argument / scale if product else sp.expand(argument / scale)


relu = Activation("relu")
linear = Activation("linear", left=sp.S.NegativeOne)


def leaky_relu(slope: Any = _slope) -> Activation:
    """Leaky relu: z for z > 0, ``slope`` * z for z < 0; the slope may stay a symbol."""
    return Activation("leaky_relu", left=-as_expression(slope, name="slope"))


def relu_power(p: Any) -> Activation:
    """relu(z)^p, homogeneous of degree p."""
    return Activation("relu_power", degree=as_expression(p, name="p"))


def check_activation(activation: Any) -> None:
    """Refuse what is not an :class:`Activation`, such as the name of one."""
    if not isinstance(activation, Activation):
        raise TheoryError(
            f"activation = {shown(activation)} is not an activation; give phasetheory.relu, linear, leaky_relu(slope) or "
            "relu_power(p): the theory needs positive homogeneity, which gelu or tanh do not have"
        )
