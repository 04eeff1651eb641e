"""Networks of any depth: sampled weights, Jacobian, gradient flow, observables."""

from numerics.deep.network import DeepNetwork
from numerics.deep.problem import DeepProblem

__all__ = ["DeepNetwork", "DeepProblem"]
