"""The whole derivation for a network: every step carried out and checked, in one object."""

from dataclasses import dataclass
from functools import cached_property
from typing import overload

import sympy as sp

from phasetheory.diagrams.boundaries import Boundary
from phasetheory.diagrams.diagram import PhaseDiagram, phase_diagram
from phasetheory.diagrams.graphs import GraphDiagram
from phasetheory.documents.graphs import GraphDerivation
from phasetheory.dynamics.activations import Activation, relu
from phasetheory.dynamics.balance import BalanceLaw, balance_laws
from phasetheory.dynamics.dropout import DropoutFlow, check_two_layers, dropout_flow
from phasetheory.dynamics.gradient_flow import GradientFlow, check_depth, gradient_flow, learning_rate_symbols
from phasetheory.dynamics.normalization import Normalization, normalize
from phasetheory.dynamics.weight_decay import DecayedFlow, decayed_flow
from phasetheory.errors import TheoryError, shown
from phasetheory.networks.graph import Graph
from phasetheory.networks.network import Network, check_network
from phasetheory.scaling.capacity import capacity_boundary
from phasetheory.scaling.optimizers import GRADIENT_FLOW, Optimizer, as_optimizer
from phasetheory.scaling.weight_decay import check_gradient_flow
from phasetheory.symbols.prose import text

WIDE = 4  # deepest network that is written out with two neurons in a layer, and its scales one by one
_DEEPEST = 50  # ten seconds; every step takes the cube of the depth

__all__ = ["Check", "Derivation", "derive"]


@dataclass(frozen=True)
class Check:
    """An identity the derivation rests on and whether its residual vanished symbolically.

    Attributes
    ----------
    prose : str
        The identity, its formulas between dollar signs; :attr:`statement` is how one reads it.
    holds : bool
    """

    prose: str
    holds: bool

    @property
    def statement(self) -> str:
        """The identity as one reads it in a terminal."""
        return text(self.prose)


@dataclass(frozen=True)
class Derivation:
    """Flow, normalisation, balance laws and boundaries of a depth and activation, and of one network if given.

    Attributes
    ----------
    depth : int
    activation : Activation
    network : Network or None
        The network whose exponents and regime are stated at the end.
    flow : GradientFlow
        Equations of motion, explicit for two samples, neurons and inputs; for one sample beyond two layers, and for one
        neuron in a layer beyond four (a network of width w has w^(L-1) paths, each a term).
    normalized : Normalization
    conserved : tuple of BalanceLaw
        None under another optimiser than gradient flow.
    optimizer : Optimizer
    decayed : DecayedFlow or None
        The flow with weight decay, where it was asked for.
    dropout : DropoutFlow or None
        The flow averaged over the masks of dropout, where it was asked for.
    """

    depth: int
    activation: Activation
    network: Network | None
    flow: GradientFlow
    normalized: Normalization
    conserved: tuple[BalanceLaw, ...]
    optimizer: Optimizer = GRADIENT_FLOW
    decayed: DecayedFlow | None = None
    dropout: DropoutFlow | None = None

    @cached_property
    def diagram(self) -> PhaseDiagram:
        """The phase diagram on the standard slice of this depth."""
        return phase_diagram(self.depth, optimizer=self.optimizer)

    @cached_property
    def boundaries(self) -> dict[str, Boundary]:
        """Boundary of each layer on the standard slice; empty for activations of degree other than 1."""
        if self.activation.degree != 1:
            return {}
        return {layer: self.diagram.boundary(layer) for layer in self.diagram.layers}

    @property
    def capacity_boundary(self) -> sp.Expr:
        """Value of gamma at which the capacity is of order one, for any degree."""
        return capacity_boundary(self.depth, self.activation)

    @cached_property
    def checks(self) -> tuple[Check, ...]:
        """Every step's proof, evaluated."""
        every = (
            Check("homogeneity: $σ(c z) = c^p σ(z)$ for $c > 0$", _zero(self.activation.homogeneity_residual())),
            Check("Euler's identity: $z σ'(z) = p σ(z)$", _zero(self.activation.euler_residual())),
            Check("the equations of motion are $-η_l ∂R/∂W_l$, entry by entry", _zero_matrices(self.flow.residual())),
            Check("the time unit is $c = Π_l (σ_l²/η_l)^(1/L)$", self._time_unit_solves()),
            Check("the substituted flow is the normalised flow", _zero_matrices(self.normalized.residual())),
            Check(
                "the normalised flow, scales put back, is the original flow",
                _zero_matrices(self.normalized.round_trip()),
            ),
        )
        if self.optimizer == GRADIENT_FLOW:
            balance = Check("balance law, per neuron and per layer", all(law.proved for law in self.conserved))
            return (*every, balance, *self._decay_checks(), *self._dropout_checks())
        scale, entry = sp.Symbol("c", positive=True), sp.Symbol("z", real=True)
        forgets = sp.sign(scale * entry) == sp.sign(entry)
        return (*every, Check("$sign(c z) = sign(z)$ for $c > 0$: with the flow the signs are normalised too", forgets))

    def _decay_checks(self) -> tuple[Check, ...]:
        if self.decayed is None:
            return ()
        return (
            Check(
                "weight decay: $f(W) = exp(-Λ t) f(O)$ for $W_l = exp(-λ_l t) O_l$",
                self.decayed.output_residual() == 0,
            ),
            Check(
                "weight decay: $Λ = Σ_l p^(L-l) λ_l$, and the clocks are $exp((2 λ_l - Λ) t)$",
                _zero(self.decayed.rates_residual()),
            ),
            Check(
                "weight decay: $O$ follows the flow without it, with the clocks above",
                _zero_matrices(self.decayed.residual()),
            ),
            Check("weight decay: $κ = 1$ at the unit scale $ρ$", self.decayed.unit_residual() == 0),
            Check(
                "weight decay: its balance law, per neuron and per layer",
                _zero(self.decayed.balance_residuals(self.conserved)),
            ),
        )

    def _dropout_checks(self) -> tuple[Check, ...]:
        if self.dropout is None:
            return ()
        g, n = sp.symbols("g_1:3", positive=True), sp.symbols("n_1:3", positive=True)
        shared = (g[0] ** 2 / n[0] + g[1] ** 2 / n[1]) * sum(n) - sum(g) ** 2
        return (
            Check("dropout: the mean over all masks is $R + (q/(2n)) Σ_i Σ_k f_k(x_i)²$", self.dropout.residual() == 0),
            Check(
                "dropout: its flow is that of $e_i + q f_k(x_i)$, neuron by neuron",
                _zero_matrices(self.dropout.flow_residual()),
            ),
            Check("dropout: the balance law holds as it stands", _zero(self.dropout.balance_residuals(self.conserved))),
            Check("dropout: $f_k = κ ā_k σ(w̄_k·x)$", self.dropout.scale_residual(self.normalized) == 0),
            Check(
                "dropout: shares in proportion to $g_j$ are best",
                sp.cancel(shared - (g[0] * n[1] - g[1] * n[0]) ** 2 / (n[0] * n[1])) == 0,
            ),
        )

    @property
    def unit_rates(self) -> bool:
        """Whether every learning rate is 1."""
        return set(self.flow.learning_rates) == {sp.S.One}

    def _time_unit_solves(self) -> bool:
        normal = self.normalized
        squares = (s**2 / eta for s, eta in zip(normal.sigmas, self.flow.learning_rates, strict=True))
        return sp.powsimp(normal.time_unit**self.depth / sp.Mul(*squares)) == 1

    def _repr_html_(self) -> str:
        from phasetheory.documents.writing import for_notebook  # it reads derivations: imported when one is shown

        return for_notebook(self, "html")

    def _repr_latex_(self) -> str:
        from phasetheory.documents.writing import for_notebook  # it reads derivations: imported when one is shown

        return for_notebook(self, "latex")


@overload
def derive(network: Graph | GraphDiagram) -> GraphDerivation: ...
@overload
def derive(
    network: Network | None = None,
    *,
    depth: int | None = None,
    activation: Activation | None = None,
    optimizer: str | Optimizer = GRADIENT_FLOW,
    weight_decay: bool = False,
    dropout: bool = False,
) -> Derivation: ...
def derive(
    network: Network | Graph | GraphDiagram | None = None,
    *,
    depth: int | None = None,
    activation: Activation | None = None,
    optimizer: str | Optimizer = GRADIENT_FLOW,
    weight_decay: bool = False,
    dropout: bool = False,
) -> Derivation | GraphDerivation:
    """Carry out the derivation for a network, or for a depth and activation in general, under an optimiser.

    Parameters
    ----------
    network : Network, Graph or GraphDiagram, optional
        A graph, or a plane of graphs, has its paths, and takes no other argument.
    depth : int, optional
    activation : Activation, optional
        Of no network in particular; 2 and relu by default.
    optimizer : str or Optimizer
    weight_decay : bool
        Whether every layer decays as well, dW_l/dt = .. - lambda_l W_l: the map onto the flow without, and its checks.
    dropout : bool
        Whether hidden neurons are dropped, two layers: the average over the masks, and its checks.

    Raises
    ------
    TheoryError
        More than 50 layers: the equations of motion are written out. Weight decay under another optimiser than gradient
        flow.

    Examples
    --------
    >>> derive().normalized.time_unit
    beta1*beta2
    >>> derive(weight_decay=True).decayed.kappa_decay
    exp(t*(-lambda_a - lambda_w))
    """
    _check_flags(weight_decay=weight_decay, dropout=dropout)
    if weight_decay and dropout:
        raise TheoryError("weight_decay and dropout: each is worked out alone; give one of them")
    chosen = as_optimizer(optimizer)
    if isinstance(network, Graph | GraphDiagram):
        asked = {"depth": depth is not None, "activation": activation is not None, "optimizer": chosen != GRADIENT_FLOW}
        asked |= {"weight_decay": weight_decay, "dropout": dropout}
        if told := [name for name, value in asked.items() if value]:
            raise TheoryError(f"{told[0]}: not worked out for graphs; leave it out")
        return GraphDerivation(network) if isinstance(network, Graph) else GraphDerivation(network.graph, network)
    if network is not None:
        check_network(network, "give phasetheory.Network(..), or depth=")
        depth, activation = network.depth, network.activation
    depth, activation = 2 if depth is None else check_depth(depth), relu if activation is None else activation
    check_depth(depth, deepest=_DEEPEST)
    rates = learning_rate_symbols(depth) if network is not None and set(network.learning_rates) != {sp.S.One} else None
    samples, width = (2 if depth == 2 else 1), (2 if depth <= WIDE else 1)
    flow = gradient_flow(depth, activation, samples=samples, width=width, learning_rates=rates)
    if weight_decay:
        check_gradient_flow(chosen, "weight decay")
    if dropout:
        check_gradient_flow(chosen, "dropout")
        check_two_layers(depth)
    conserved = balance_laws(flow) if chosen == GRADIENT_FLOW else ()
    normalized = normalize(flow)
    decayed = decayed_flow(flow, normalized) if weight_decay else None
    dropped = dropout_flow(flow) if dropout else None
    return Derivation(depth, activation, network, flow, normalized, conserved, chosen, decayed, dropped)


def _check_flags(**flags: bool) -> None:
    for name, value in flags.items():
        if not isinstance(value, bool):
            raise TheoryError(
                f"{name} = {shown(value)}; give True to have it derived; a number goes into phasetheory.with_{name}"
            )


def _zero(residuals: tuple[sp.Expr, ...]) -> bool:
    return all(r == 0 for r in residuals)


def _zero_matrices(residuals: tuple[sp.ImmutableDenseMatrix, ...]) -> bool:
    return all(r.is_zero_matrix is True for r in residuals)
