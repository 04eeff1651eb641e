r"""The capacity of a network of any degree: the output within reach of the initial weights, and where it is of order one.

With features aligned, layer l turns a signal of size |h_{l-1}| into one of size s_l |h_{l-1}| spread over m neurons, and the
activation acts entry by entry: m entries of (s_l |h_{l-1}|/sqrt(m))^p,

    |h_l| = m^((1-p)/2) (s_l |h_{l-1}|)^p,    |h_0| = O(1),    P = s_L |h_{L-1}| / alpha.

Every layer has a fan of m, so s_l = sigma_l sqrt(m), and the exponent of P is that of kappa plus a number,

    P ~ kappa m^q,    q = (1 + sum_{j=0}^{L-2} p^j)/2        (q = L/2 for p = 1; q = 1 at depth 2 for every p).

gamma = q is the *capacity boundary* (derived): for gamma < q the targets are within reach of the initialisation, beyond it
layers must grow. For p = 1 all neurons grow at one rate and the slopes of :mod:`phasetheory.scaling.argument` follow. For p != 1
a neuron grows at a rate that depends on its own size (of the order of its p-th power): for p > 1 the winner takes all, the signal
does not stay spread, and no slope is claimed.
"""

import sympy as sp

from phasetheory.dynamics.activations import Activation, check_activation, relu
from phasetheory.dynamics.gradient_flow import check_depth

__all__ = ["capacity_boundary", "capacity_exponent"]


def capacity_exponent(sigmas: tuple[sp.Expr, ...], alpha: sp.Expr, degree: sp.Expr = sp.S.One) -> sp.Expr:
    """Exponent in the width of P, by the recursion of the module, from the exponents of sigma_l and alpha."""
    half, signal = sp.Rational(1, 2), sp.S.Zero
    for sigma in sigmas[:-1]:
        signal = (1 - degree) / 2 + degree * (sigma + half + signal)
    return sp.expand(sigmas[-1] + half + signal - alpha)


def capacity_boundary(depth: int = 2, activation: Activation = relu) -> sp.Expr:
    """The value of gamma at which the capacity P is of order one.

    Examples
    --------
    >>> from phasetheory.dynamics.activations import relu_power
    >>> capacity_boundary(3), capacity_boundary(2, relu_power(3)), capacity_boundary(3, relu_power(2))
    (3/2, 1, 2)
    """
    depth = check_depth(depth)
    check_activation(activation)
    # all sigma_l = 1 leaves kappa = 1/alpha: P is of order one where alpha's exponent, gamma, equals the rest
    return sp.simplify(capacity_exponent((sp.S.Zero,) * depth, sp.S.Zero, activation.degree))
