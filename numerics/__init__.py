"""numerics: integrate the gradient flow of sampled networks, and check the theory by experiment."""

from numerics import datasets, slopes
from numerics.errors import GradientFlowError, InputError
from numerics.flow import gradient_flow
from numerics.networks import TwoLayer
from numerics.observables import Features, conserved_drift, features, relative_distance
from numerics.plan import Plan
from numerics.seeds import cell_seed
from numerics.solution import Progress, Snapshots, Solution, Status
from numerics.verify import Verification, verify

__all__ = [
    "Features",
    "GradientFlowError",
    "InputError",
    "Plan",
    "Progress",
    "Snapshots",
    "Solution",
    "Status",
    "TwoLayer",
    "Verification",
    "cell_seed",
    "conserved_drift",
    "datasets",
    "features",
    "gradient_flow",
    "relative_distance",
    "slopes",
    "verify",
]
