"""phasetheory: derive in which regime a network trains, and why.

Exact and symbolic (SymPy). The numerical side, which checks every prediction by experiment, is the package ``numerics``.
"""

from phasetheory.abc_parametrization import AbcParametrization, from_abc
from phasetheory.activations import Activation, leaky_relu, linear, relu, relu_power
from phasetheory.balance import BalanceLaw, balance_laws
from phasetheory.boundaries import Boundary, Segment
from phasetheory.capacity import capacity_boundary
from phasetheory.critical import CriticalPoint, critical_point
from phasetheory.derivation import Check, Derivation, derive
from phasetheory.diagrams import PhaseDiagram, Region, phase_diagram
from phasetheory.errors import ExpressionError, NotHomogeneousError, NotPowerLawError, TheoryError
from phasetheory.exponents import exponent
from phasetheory.expressions import d, m, parse_scale
from phasetheory.finite_width import FiniteWidth, finite_width
from phasetheory.gradient_flow import GradientFlow, gradient_flow
from phasetheory.initializations import describe_initialization, initialization, initializations
from phasetheory.learning_rates import LearningRateScaling
from phasetheory.networks import Network, three_layer, two_layer
from phasetheory.normalization import Normalization, normalize
from phasetheory.regimes import Basis, Regime, Statement, classify
from phasetheory.statements import slopes_on_slice, statements

__all__ = [
    "AbcParametrization",
    "Activation",
    "BalanceLaw",
    "Basis",
    "Boundary",
    "Check",
    "CriticalPoint",
    "Derivation",
    "ExpressionError",
    "FiniteWidth",
    "GradientFlow",
    "LearningRateScaling",
    "Network",
    "Normalization",
    "NotHomogeneousError",
    "NotPowerLawError",
    "PhaseDiagram",
    "Regime",
    "Region",
    "Segment",
    "Statement",
    "TheoryError",
    "balance_laws",
    "capacity_boundary",
    "classify",
    "critical_point",
    "d",
    "derive",
    "describe_initialization",
    "exponent",
    "finite_width",
    "from_abc",
    "gradient_flow",
    "initialization",
    "initializations",
    "leaky_relu",
    "linear",
    "m",
    "normalize",
    "parse_scale",
    "phase_diagram",
    "relu",
    "relu_power",
    "slopes_on_slice",
    "statements",
    "three_layer",
    "two_layer",
]
