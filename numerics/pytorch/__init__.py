"""nm.pytorch: the user's own networks, given as PyTorch modules. The only part that needs PyTorch, an extra.

``import numerics`` does not import this package; ``numerics.pytorch`` does, and without PyTorch says in one line what to install.
"""

from importlib.util import find_spec

from numerics.errors import missing_torch

if find_spec("torch") is None:
    raise missing_torch("numerics.pytorch")

from numerics.networks.module import Module
from numerics.networks.reference import reference
from numerics.pytorch.check import ModuleScalingCheck, scaling_check
from numerics.pytorch.inspection import Inspection, ParameterInspection, inspect
from numerics.pytorch.laws import ParameterLaw, PowerOfWidth, RateLaw, ScaleLaw, parameter_laws, rate_laws
from numerics.pytorch.monitor import Monitor

__all__ = [
    "Inspection",
    "Module",
    "ModuleScalingCheck",
    "Monitor",
    "ParameterInspection",
    "ParameterLaw",
    "PowerOfWidth",
    "RateLaw",
    "ScaleLaw",
    "inspect",
    "parameter_laws",
    "rate_laws",
    "reference",
    "scaling_check",
]
