r"""The arc-cosine kernels, derived: Gaussian averages of an activation and of its slope at two inputs.

For w ~ N(0, I) the pair (u, v) = (w.x/|x|, w.x'/|x'|) is a standard Gaussian in the plane seen along two directions at the
angle theta between x and x'. In polar coordinates, u = r cos(phi), v = r cos(phi - theta), both are positive on the wedge
theta - pi/2 < phi < pi/2, and homogeneity of degree q separates the radius from the angle:

    E[u_+^q v_+^q] = (1/2pi) int_0^oo r^(2q+1) e^(-r^2/2) dr  int_{theta-pi/2}^{pi/2} cos(phi)^q cos(phi-theta)^q dphi .

Call it A_q(theta). An activation right * z_+ + left * (-z)_+ sees the four wedges of the signs of u and v; turning v to -v
turns theta to pi - theta, so

    E[sigma(u) sigma(v)]   = (right^2 + left^2) A_1(theta) + 2 right left A_1(pi - theta),
    E[sigma'(u) sigma'(v)] = (right^2 + left^2) A_0(theta) - 2 right left A_0(pi - theta).

SymPy carries out both integrals; nothing is typed in. For relu they are the kernels of Cho and Saul (2009) over 2:
A_0 = (pi - theta)/2pi and A_1 = (sin theta + (pi - theta) cos theta)/2pi.
"""

from dataclasses import dataclass
from functools import lru_cache

import sympy as sp

from phasetheory.dynamics.activations import Activation
from phasetheory.errors import NotHomogeneousError

__all__ = ["ArcCosineKernels", "angle", "arc_cosine_kernels"]

#: Angle between two inputs, in [0, pi].
angle = sp.Symbol("theta", real=True)

_phi = sp.Symbol("phi", real=True)
_radius = sp.Symbol("r", positive=True)


@dataclass(frozen=True)
class ArcCosineKernels:
    """Gaussian averages of an activation of degree 1, functions of the :data:`angle` between the inputs.

    Attributes
    ----------
    value : sympy.Expr
        E[sigma(w.x) sigma(w.x')] / (|x| |x'|).
    slope : sympy.Expr
        E[sigma'(w.x) sigma'(w.x')].
    """

    value: sp.Expr
    slope: sp.Expr


@lru_cache(maxsize=32)
def arc_cosine_kernels(activation: Activation) -> ArcCosineKernels:
    """Derive the two kernels of an activation of degree 1 (relu, leaky relu, linear, absolute value).

    Raises
    ------
    NotHomogeneousError
        For an activation of degree other than 1.

    Examples
    --------
    >>> from phasetheory.dynamics.activations import linear, relu
    >>> arc_cosine_kernels(relu).slope.subs(angle, sp.pi / 3)
    1/3
    >>> arc_cosine_kernels(linear)
    ArcCosineKernels(value=cos(theta), slope=1)
    """
    if activation.degree != 1:
        raise NotHomogeneousError(
            f"{activation.name} has degree {activation.degree}; the two kernels are derived for degree 1: use relu, "
            "leaky_relu or linear"
        )
    same, opposite = activation.right**2 + activation.left**2, 2 * activation.right * activation.left
    value, slope = (same * _wedge(q) + sign * opposite * _wedge(q).subs(angle, sp.pi - angle) for q, sign in _TERMS)
    return ArcCosineKernels(sp.simplify(sp.expand(value)), sp.simplify(sp.expand(slope)))


_TERMS = ((1, 1), (0, -1))  # degree of the averaged function, sign of the mixed wedges: sigma' is odd across the kink


@lru_cache(maxsize=2)
def _wedge(degree: int) -> sp.Expr:
    """A_q(theta) of the module."""
    radial = sp.integrate(_radius ** (2 * degree + 1) * sp.exp(-(_radius**2) / 2), (_radius, 0, sp.oo))
    # a product of cosines is integrated as a sum of cosines, which SymPy does in milliseconds
    integrand = sp.expand(sp.expand_trig(sp.cos(_phi) * sp.cos(_phi - angle)) ** degree)
    angular = sp.integrate(integrand, (_phi, angle - sp.pi / 2, sp.pi / 2))
    return sp.simplify(radial * angular / (2 * sp.pi))
