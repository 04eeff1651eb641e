r"""Dropout on the hidden neurons of two layers: the loss averaged over all masks, exactly.

In a step each sample sees every hidden neuron with probability r, divided by r. With f_k = a_k sigma(w_k.x)/alpha the part of f
that passes through neuron k, independent b_k in {0, 1} with mean r, and q = (1 - r)/r,

    E (1/2)(sum_k (b_k/r) f_k - y)^2 = (1/2)(f - y)^2 + (q/2) sum_k f_k^2,

since b_k/r has mean 1 and variance q. So at a small rate the weights follow the flow of

    R + (q/2n) sum_i sum_k f_k(x_i)^2 :    neuron k feels the residual e_i + q f_k(x_i).

What is added depends on a_k sigma(w_k.x) alone, so p a_k^2 - |w_k|^2 stays conserved. In normalised weights
f_k = kappa abar_k sigma(wbar_k.x): next to e, of order one, dropout is the number q kappa = q P/m. The penalty is that of
Zhang and Xu 2022. Beyond two layers the masks of several layers multiply, and the average is no sum over neurons.
"""

from dataclasses import dataclass
from itertools import product

import sympy as sp

from phasetheory.dynamics.balance import BalanceLaw
from phasetheory.dynamics.gradient_flow import GradientFlow, Matrices, alpha, check_flow
from phasetheory.dynamics.normalization import Normalization
from phasetheory.errors import TheoryError

__all__ = ["DropoutFlow", "check_two_layers", "dropout_flow"]

_keep = sp.Symbol("r", positive=True)
_ratio = sp.Symbol("q", positive=True)


def check_two_layers(depth: int) -> None:
    """Refuse dropout where its average is not known."""
    if depth != 2:
        raise TheoryError(
            f"dropout with {depth} layers: the masks of several layers multiply, and their average is no sum over neurons; it is "
            "worked out for two layers"
        )


@dataclass(frozen=True)
class DropoutFlow:
    """The flow averaged over the masks.

    Attributes
    ----------
    flow : GradientFlow
        Without dropout.
    keep, ratio : symbols
        r, the probability with which a neuron is kept, and q = (1 - r)/r.
    """

    flow: GradientFlow
    keep: sp.Symbol = _keep
    ratio: sp.Symbol = _ratio

    @property
    def parts(self) -> Matrices:
        """f_k(x_i): one matrix (m,) a sample."""
        w, a = self.flow.weights
        sigma, inputs = self.flow.activation.function, self.flow.inputs
        rows = (inputs.row(i) for i in range(inputs.rows))
        return tuple(
            sp.ImmutableDenseMatrix([ak * sigma((w.row(k) * x.T)[0]) / alpha for k, ak in enumerate(a)]) for x in rows
        )

    @property
    def loss(self) -> sp.Expr:
        """R + (q/2n) sum_i sum_k f_k(x_i)^2."""
        squares = sum(part**2 for parts in self.parts for part in parts)
        return self.flow.loss + self.ratio * squares / (2 * len(self.parts))

    def mean_loss(self) -> sp.Expr:
        """The loss summed over all 2^m masks of every sample, each with its probability."""
        total = sp.S.Zero
        for parts, y in zip(self.parts, self.flow.targets, strict=True):
            for mask in product((0, 1), repeat=len(parts)):
                kept = sum(mask)
                chance = self.keep**kept * (1 - self.keep) ** (len(parts) - kept)
                total += chance * (sum(b * part for b, part in zip(mask, parts, strict=True)) / self.keep - y) ** 2
        return total / (2 * len(self.parts))

    def residual(self) -> sp.Expr:
        """:meth:`mean_loss` minus :attr:`loss`; zero proves the average."""
        ratio = (1 - self.keep) / self.keep
        return sp.cancel(sp.expand(self.mean_loss() - self.loss.subs(self.ratio, ratio)))

    @property
    def velocities(self) -> Matrices:
        """The averaged flow in terms of the residual symbols: those of neuron k with e_i + q f_k(x_i) in the place of e_i."""
        found = []
        for matrix in self.flow.velocities:
            by_neuron = []
            for index, entry in enumerate(matrix):
                neuron = index // (len(matrix) // len(self.parts[0]))
                felt = {
                    e: e + self.ratio * parts[neuron] for e, parts in zip(self.flow.residuals, self.parts, strict=True)
                }
                by_neuron.append(entry.xreplace(felt))
            found.append(sp.ImmutableDenseMatrix(*matrix.shape, by_neuron))
        return tuple(found)

    def flow_residual(self) -> Matrices:
        """The averaged flow plus eta_l times the gradient of :attr:`loss`; zero matrices prove it."""
        errors = zip(self.flow.residuals, self.flow.outputs, self.flow.targets, strict=True)
        written, loss = {e: f - y for e, f, y in errors}, self.loss
        layers = zip(self.velocities, self.flow.learning_rates, self.flow.weights, strict=True)
        return tuple(
            (v.subs(written) + eta * w.applyfunc(lambda entry: sp.diff(loss, entry))).applyfunc(sp.expand)
            for v, eta, w in layers
        )

    def balance_residuals(self, laws: tuple[BalanceLaw, ...]) -> tuple[sp.Expr, ...]:
        """The rates of the conserved quantities along the averaged flow, after Euler's identity; all zero."""
        weights = [entry for matrix in self.flow.weights for entry in matrix]
        moving = dict(zip(weights, (entry for matrix in self.velocities for entry in matrix), strict=True))
        rates = (sum(sp.diff(law.quantity, entry) * v for entry, v in moving.items()) for law in laws)
        return tuple(sp.cancel(sp.together(self.flow.activation.use_euler(rate))) for rate in rates)

    def scale_residual(self, normalized: Normalization) -> sp.Expr:
        """f_k at W_l = sigma_l Wbar_l minus kappa abar_k sigma(wbar_k.x); zero proves that the third number is q kappa."""
        part, activation = self.parts[0][0], self.flow.activation
        pairs = zip(normalized.sigmas, self.flow.weights, strict=True)
        scaled = part.xreplace({entry: scale * entry for scale, w in pairs for entry in w})
        return sp.simplify(activation.pull_out(scaled, frozenset(normalized.sigmas)) - normalized.kappa * alpha * part)


def dropout_flow(flow: GradientFlow) -> DropoutFlow:
    """Dropout on the hidden neurons of ``flow``.

    Raises
    ------
    TheoryError
        More than two layers.

    Examples
    --------
    >>> from phasetheory.dynamics.gradient_flow import gradient_flow
    >>> dropout_flow(gradient_flow(2, samples=1, width=3)).residual()
    0
    """
    check_flow(flow)
    check_two_layers(flow.depth)
    return DropoutFlow(flow)
