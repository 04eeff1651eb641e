"""gradient_flow(), descend(): networks of any depth, trained to a Solution."""

from numerics.flow.descent import Optimizer, descend
from numerics.flow.run import gradient_flow
from numerics.flow.solution import Progress, Snapshots, Solution, Statistics, Status, Trajectory

__all__ = [
    "Optimizer",
    "Progress",
    "Snapshots",
    "Solution",
    "Statistics",
    "Status",
    "Trajectory",
    "descend",
    "gradient_flow",
]
