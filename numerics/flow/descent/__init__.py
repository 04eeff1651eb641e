"""descend(): discrete optimisers, from gradient descent to Adam."""

from numerics.flow.descent.rule import UpdateRule
from numerics.flow.descent.run import descend

__all__ = ["UpdateRule", "descend"]
