"""gradient_flow(), gradient_flows(), descend(): networks of any depth, trained to a Solution."""

from numerics.flow.batch import gradient_flows
from numerics.flow.collapse import collapse_bound, collapse_threshold
from numerics.flow.decay import normalised_decay
from numerics.flow.descent import UpdateRule, descend
from numerics.flow.dropout import as_dropout, settling_time
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
    "as_dropout",
    "collapse_bound",
    "collapse_threshold",
    "descend",
    "gradient_flow",
    "gradient_flows",
    "normalised_decay",
    "settling_time",
]
