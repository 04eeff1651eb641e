"""The public names and where each is from; type checkers read this file, and Python too (:mod:`phasetheory.public_names`)."""

from phasetheory.condensation.directions import CondensedDirections, Direction, condensed_directions
from phasetheory.diagrams.boundaries import Boundary, Segment
from phasetheory.diagrams.diagram import PhaseDiagram, phase_diagram
from phasetheory.diagrams.graphs import GraphDiagram, graph_diagram
from phasetheory.diagrams.lines import slopes_on_slice
from phasetheory.diagrams.regions import Region
from phasetheory.diagrams.weight_decay import DecayedDiagram, decayed_diagram
from phasetheory.documents.derivation import Check, Derivation, derive
from phasetheory.documents.graphs import GraphDerivation
from phasetheory.documents.statements import statements
from phasetheory.documents.summary import describe
from phasetheory.documents.writing import write
from phasetheory.dynamics.activations import Activation, leaky_relu, linear, relu, relu_power
from phasetheory.dynamics.balance import BalanceLaw, balance_laws
from phasetheory.dynamics.conserved import ConservedQuantity, conserved_quantities
from phasetheory.dynamics.dropout import DropoutFlow, dropout_flow
from phasetheory.dynamics.gradient_flow import GradientFlow, gradient_flow
from phasetheory.dynamics.normalization import Normalization, normalize
from phasetheory.dynamics.weight_decay import DecayedFlow, decayed_flow
from phasetheory.errors import ExpressionError, NotHomogeneousError, NotPowerLawError, TheoryError
from phasetheory.finite_width.prediction import FiniteWidth, finite_width
from phasetheory.networks.abc import AbcParametrization, from_abc, to_abc
from phasetheory.networks.architectures.attention import attention
from phasetheory.networks.architectures.chain import convolutional, fully_connected
from phasetheory.networks.architectures.families import Family, architecture, architectures
from phasetheory.networks.architectures.recurrent import recurrent
from phasetheory.networks.architectures.residual import residual
from phasetheory.networks.at_width import AtWidth, at_width
from phasetheory.networks.catalogue import Biases
from phasetheory.networks.critical import CriticalPoint, critical_point
from phasetheory.networks.dropout import WithDropout, with_dropout
from phasetheory.networks.graph import Architecture, Graph
from phasetheory.networks.initializations import describe_initialization, initialization, initializations
from phasetheory.networks.layers import Bias, Cap, Layer, Parallel, Path, Series, Share
from phasetheory.networks.network import Network, three_layer, two_layer
from phasetheory.networks.weight_decay import WithWeightDecay, with_weight_decay
from phasetheory.scaling.capacity import capacity_boundary
from phasetheory.scaling.learning_rates import LearningRateScaling
from phasetheory.scaling.optimizers import Optimizer
from phasetheory.scaling.regimes import Basis, Regime, Statement, classify
from phasetheory.symbols.exponents import exponent
from phasetheory.symbols.expressions import d, m, parse_scale

__all__ = [
    "AbcParametrization",
    "Activation",
    "Architecture",
    "AtWidth",
    "BalanceLaw",
    "Basis",
    "Bias",
    "Biases",
    "Boundary",
    "Cap",
    "Check",
    "CondensedDirections",
    "ConservedQuantity",
    "CriticalPoint",
    "DecayedDiagram",
    "DecayedFlow",
    "Derivation",
    "Direction",
    "DropoutFlow",
    "ExpressionError",
    "Family",
    "FiniteWidth",
    "GradientFlow",
    "Graph",
    "GraphDerivation",
    "GraphDiagram",
    "Layer",
    "LearningRateScaling",
    "Network",
    "Normalization",
    "NotHomogeneousError",
    "NotPowerLawError",
    "Optimizer",
    "Parallel",
    "Path",
    "PhaseDiagram",
    "Regime",
    "Region",
    "Segment",
    "Series",
    "Share",
    "Statement",
    "TheoryError",
    "WithDropout",
    "WithWeightDecay",
    "architecture",
    "architectures",
    "at_width",
    "attention",
    "balance_laws",
    "capacity_boundary",
    "classify",
    "condensed_directions",
    "conserved_quantities",
    "convolutional",
    "critical_point",
    "d",
    "decayed_diagram",
    "decayed_flow",
    "derive",
    "describe",
    "describe_initialization",
    "dropout_flow",
    "exponent",
    "finite_width",
    "from_abc",
    "fully_connected",
    "gradient_flow",
    "graph_diagram",
    "initialization",
    "initializations",
    "leaky_relu",
    "linear",
    "m",
    "normalize",
    "parse_scale",
    "phase_diagram",
    "recurrent",
    "relu",
    "relu_power",
    "residual",
    "slopes_on_slice",
    "statements",
    "three_layer",
    "to_abc",
    "two_layer",
    "with_dropout",
    "with_weight_decay",
    "write",
]
