"""descend(): discrete optimisers, from gradient descent to Adam."""

from numerics.flow.descent.optimizer import Optimizer
from numerics.flow.descent.run import descend

__all__ = ["Optimizer", "descend"]
