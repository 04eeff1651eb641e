r"""The balance law: what gradient flow conserves, proved from Euler's identity.

For hidden neuron k of layer l, with activation degree p,

    Q_k = p |column k of W_{l+1}|^2 / eta_{l+1}  -  |row k of W_l|^2 / eta_l,        dQ_k/dt = 0,

because both terms change at the rate -(2/n) sum_i e_i times the part of p f(x_i) that passes through the neuron: the first by
linearity, the second by z sigma'(z) = p sigma(z). Two layers, degree 1: a_k^2 - |w_k|^2. Summed over the neurons of a layer:
p |W_{l+1}|_F^2/eta_{l+1} - |W_l|_F^2/eta_l. Source: S. Du, W. Hu, J. Lee, NeurIPS 2018 (degree 1); the factor p is ours.
"""

from dataclasses import dataclass

import sympy as sp

from phasetheory.dynamics.gradient_flow import GradientFlow, check_flow

__all__ = ["BalanceLaw", "balance_laws"]


@dataclass(frozen=True)
class BalanceLaw:
    """One conserved quantity between layers ``layer`` and ``layer + 1``.

    Attributes
    ----------
    layer : int
        Number of the lower layer, 1 for the input weights.
    neuron : int or None
        Hidden neuron, or None for the whole layer.
    quantity : sympy.Expr
        What is conserved.
    rate : sympy.Expr
        Its time derivative along the flow after Euler's identity; 0 proves the law.
    """

    layer: int
    neuron: int | None
    quantity: sp.Expr
    rate: sp.Expr

    @property
    def proved(self) -> bool:
        """Whether the rate vanished identically."""
        return self.rate == 0


def balance_laws(flow: GradientFlow) -> tuple[BalanceLaw, ...]:
    """Prove the balance law of every hidden neuron, then of every pair of neighbouring layers."""
    check_flow(flow)
    laws = []
    for layer in range(1, flow.depth):
        neurons = [_neuron_law(flow, layer, k) for k in range(flow.weights[layer - 1].rows)]
        total = BalanceLaw(layer, None, sum(law.quantity for law in neurons), sum(law.rate for law in neurons))
        laws += [*neurons, total]
    return tuple(laws)


def _neuron_law(flow: GradientFlow, layer: int, neuron: int) -> BalanceLaw:
    p = flow.activation.degree
    lower, upper = flow.weights[layer - 1].row(neuron), flow.weights[layer].col(neuron)
    eta_lower, eta_upper = flow.learning_rates[layer - 1 : layer + 1]
    quantity = p * sum(u**2 for u in upper) / eta_upper - sum(w**2 for w in lower) / eta_lower
    velocities = [*flow.velocities[layer - 1].row(neuron), *flow.velocities[layer].col(neuron)]
    rate = sum(sp.diff(quantity, weight) * v for weight, v in zip([*lower, *upper], velocities, strict=True))
    return BalanceLaw(layer, neuron + 1, quantity, sp.cancel(sp.together(flow.activation.use_euler(rate))))
