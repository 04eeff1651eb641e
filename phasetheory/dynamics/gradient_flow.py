r"""From the loss to the equations of motion, with every weight a symbol.

The network is written out for a small number of samples, neurons and inputs with generic symbols, the loss
R = (1/2n) sum_i e_i^2 with e_i = f(x_i) - y_i is differentiated by SymPy, and the flow dW_l/dt = -eta_l dR/dW_l is kept
in terms of the residuals e_i. The compact form that is printed and computed with (back-propagation),

    dW_l/dt = -(eta_l/(n alpha)) sum_i e_i b_l h_{l-1}^T,    h_l = sigma(z_l),  z_l = W_l h_{l-1},  h_0 = x_i,
    b_L = 1,    b_l = sigma'(z_l) * (W_{l+1}^T b_{l+1}),

is proved equal to it entry by entry (:meth:`GradientFlow.residual`).
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sympy as sp

from phasetheory.dynamics.activations import Activation, check_activation, relu
from phasetheory.errors import TheoryError, shown
from phasetheory.symbols.expressions import as_scale, listed_or_none
from phasetheory.symbols.rationals import is_whole

__all__ = [
    "DEEPEST",
    "GradientFlow",
    "alpha",
    "check_depth",
    "check_flow",
    "gradient_flow",
    "learning_rate_symbols",
    "sigma_symbols",
]

#: The output scale as a symbol.
alpha = sp.Symbol("alpha", positive=True)

#: Layers of the deepest network: beyond them even exact rationals take their time.
DEEPEST = 1000

_LARGEST = 20  # samples, neurons of a layer, inputs

Matrices = tuple[sp.ImmutableDenseMatrix, ...]


def check_depth(depth: Any, *, deepest: int = DEEPEST) -> int:
    """The depth as an integer, refused where it is none, below 2, or beyond what is computed in good time."""
    if not is_whole(depth) or depth < 2:
        raise TheoryError(f"depth = {shown(depth)}; a network has at least two layers of weights, give an integer >= 2")
    if depth > deepest:
        raise TheoryError(
            f"depth = {shown(depth)} is beyond what is computed in good time; give at most {deepest} layers"
        )
    return int(depth)


def check_flow(flow: Any) -> None:
    """Refuse what is not a :class:`GradientFlow`."""
    if not isinstance(flow, GradientFlow):
        raise TheoryError(f"flow = {shown(flow)} is not a flow; give phasetheory.gradient_flow(..)")


def sigma_symbols(depth: int) -> tuple[sp.Symbol, ...]:
    """Symbols of the initial standard deviations, input to output, in the notation of the literature.

    Depth 2: (beta2, beta1), the paper's order; depth 3: (beta1, beta2, beta3), the book's; deeper: sigma_1..sigma_L.
    """
    names = {2: "beta2 beta1", 3: "beta1 beta2 beta3"}
    text = names.get(depth, " ".join(f"sigma_{layer}" for layer in range(1, depth + 1)))
    return tuple(sp.symbols(text, positive=True))


def learning_rate_symbols(depth: int) -> tuple[sp.Symbol, ...]:
    """Symbols eta_1..eta_L of the layer-wise learning rates."""
    return tuple(sp.symbols(f"eta_1:{depth + 1}", positive=True))


@dataclass(frozen=True)
class GradientFlow:
    """The flow of a small explicit network; every entry a SymPy expression.

    Attributes
    ----------
    activation : Activation
    learning_rates : tuple of sympy.Expr, length L
    weights : tuple of matrices (fan_out, fan_in), input to output
        Generic symbols.
    inputs : matrix (n, d); targets, residuals : tuples of n symbols
    outputs : tuple of n expressions
        f(x_i).
    velocities : tuple of matrices like ``weights``
        dW_l/dt in terms of the residual symbols.
    """

    activation: Activation
    learning_rates: tuple[sp.Expr, ...]
    weights: Matrices
    inputs: sp.ImmutableDenseMatrix
    targets: tuple[sp.Symbol, ...]
    residuals: tuple[sp.Symbol, ...]
    outputs: tuple[sp.Expr, ...]
    velocities: Matrices

    @property
    def depth(self) -> int:
        """Number of weight layers L."""
        return len(self.weights)

    @cached_property
    def loss(self) -> sp.Expr:
        """R = (1/2n) sum_i (f(x_i) - y_i)^2, written out."""
        errors = (f - y for f, y in zip(self.outputs, self.targets, strict=True))
        return sum(e**2 for e in errors) / (2 * len(self.targets))

    @cached_property
    def explicit(self) -> Matrices:
        """The velocities with the residuals written out, functions of weights and data alone."""
        written = {e: f - y for e, f, y in zip(self.residuals, self.outputs, self.targets, strict=True)}
        return tuple(v.subs(written) for v in self.velocities)

    def residual(self) -> Matrices:
        """dW_l/dt + eta_l dR/dW_l, the loss differentiated as a whole: zero matrices prove the flow."""
        return tuple(
            (v + eta * w.applyfunc(lambda entry: sp.diff(self.loss, entry))).applyfunc(sp.expand)
            for v, eta, w in zip(self.explicit, self.learning_rates, self.weights, strict=True)
        )


def gradient_flow(
    depth: int = 2,
    activation: Activation = relu,
    *,
    samples: int = 2,
    width: int = 2,
    inputs: int = 2,
    learning_rates: tuple[sp.Expr, ...] | None = None,
) -> GradientFlow:
    """Derive the flow of a fully connected network with explicit small sizes.

    Parameters
    ----------
    depth : int
        Number of weight layers, at least 2.
    activation : Activation
    samples, width, inputs : int
        n, m and d of the explicit network; the forms found hold for any (they are sums over samples and neurons).
    learning_rates : tuple of sympy.Expr, optional
        Layer-wise, input to output; 1 by default. See :func:`learning_rate_symbols`.
    """
    depth = check_depth(depth)
    check_activation(activation)
    for name, size in (("samples", samples), ("width", width), ("inputs", inputs)):
        if not is_whole(size) or not 1 <= size <= _LARGEST:
            raise TheoryError(
                f"{name} = {shown(size)}; give a small positive integer, at most {_LARGEST}: each is a symbol"
            )
    rates = (sp.S.One,) * depth
    if learning_rates is not None:
        rates = tuple(as_scale(rate, name="learning rate") for rate in listed_or_none(learning_rates) or ())
        if len(rates) != depth:
            raise TheoryError(f"{len(rates)} learning rates for {depth} layers; give one per layer")
    weights = _weight_symbols(depth, width, inputs)
    x = sp.ImmutableDenseMatrix(samples, inputs, lambda i, j: sp.Symbol(f"x_{i + 1}{j + 1}", real=True))
    targets = tuple(sp.symbols(f"y_1:{samples + 1}", real=True))
    residuals = tuple(sp.symbols(f"e_1:{samples + 1}", real=True))
    passes = [_forward_and_back(weights, x.row(i).T, activation) for i in range(samples)]
    velocities = tuple(
        sp.ImmutableDenseMatrix(
            -eta
            / samples
            * sum((e * grads[layer] for e, (_, grads) in zip(residuals, passes, strict=True)), start=0 * w)
        )
        for layer, (eta, w) in enumerate(zip(rates, weights, strict=True))
    )
    outputs = tuple(output for output, _ in passes)
    return GradientFlow(activation, rates, weights, x, targets, residuals, outputs, velocities)


def _weight_symbols(depth: int, width: int, inputs: int) -> Matrices:
    sizes = [inputs, *[width] * (depth - 1), 1]
    names = ("w", "a") if depth == 2 else (*(f"W{layer}" for layer in range(1, depth)), "a")
    return tuple(
        sp.ImmutableDenseMatrix(
            sizes[layer + 1],
            sizes[layer],
            lambda i, j, n=name: sp.Symbol(f"{n}_{j + 1}" if n == "a" else f"{n}_{i + 1}{j + 1}", real=True),
        )
        for layer, name in enumerate(names)
    )


def _forward_and_back(weights: Matrices, x: sp.Matrix, activation: Activation) -> tuple[sp.Expr, list[sp.Matrix]]:
    """f(x) and df/dW_l by the compact form of the module."""
    hidden, preactivations = [x], []
    for w in weights[:-1]:
        preactivations.append(w * hidden[-1])
        hidden.append(preactivations[-1].applyfunc(activation.function))
    output = (weights[-1] * hidden[-1])[0] / alpha
    back = sp.Matrix([[1 / alpha]])
    gradients = [back * hidden[-1].T]
    for layer in reversed(range(len(weights) - 1)):
        slopes = preactivations[layer].applyfunc(activation.derivative)
        back = slopes.multiply_elementwise(weights[layer + 1].T * back)
        gradients.append(back * hidden[layer].T)
    return output, gradients[::-1]
