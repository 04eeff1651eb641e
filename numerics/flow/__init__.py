"""gradient_flow(), descend(): networks of any depth, trained to a Solution."""

from numerics.flow.descent import UpdateRule, descend
from numerics.flow.run import gradient_flow
from numerics.flow.solution import Progress, Snapshots, Solution, Statistics, Status, Trajectory

__all__ = [
    "Progress",
    "Snapshots",
    "Solution",
    "Statistics",
    "Status",
    "Trajectory",
    "UpdateRule",
    "descend",
    "gradient_flow",
]
