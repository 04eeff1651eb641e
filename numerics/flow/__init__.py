"""gradient_flow(): networks of any depth, integrated to a Solution."""

from numerics.flow.run import gradient_flow
from numerics.flow.solution import Progress, Snapshots, Solution, Statistics, Status, Trajectory

__all__ = ["Progress", "Snapshots", "Solution", "Statistics", "Status", "Trajectory", "gradient_flow"]
