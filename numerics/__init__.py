"""numerics: integrate the gradient flow of sampled networks, and check the theory by experiment."""

from numerics import datasets, slopes
from numerics.condensation import Condensation, OrientationHistogram, condensation, orientation_histogram
from numerics.condensation_map import CondensationPlan
from numerics.data_files import load_data
from numerics.deep import DeepNetwork
from numerics.deep.observables import LayerObservables, layer_observables
from numerics.errors import GradientFlowError, InputError, ScanError
from numerics.features import Features, Similarity, cosine_similarity, features
from numerics.flow import gradient_flow
from numerics.linear_approximation import (
    LinearApproximation,
    TangentComparison,
    compare_with_tangent,
    limiting_rate,
    linear_approximation,
)
from numerics.linearized import LinearizedFlow, TangentModel, linearize
from numerics.networks import TwoLayer
from numerics.observables import conserved_drift, relative_distance
from numerics.plan import Plan
from numerics.refinement import refine
from numerics.sampling import sample_network
from numerics.scaling_check import ScalingCheck, scaling_check
from numerics.scans import Dask, Experiment, Observable, Outcome, Processes, Serial, open_scan, scan
from numerics.seeds import cell_seed
from numerics.slice_plan import SlicePlan
from numerics.solution import Progress, Snapshots, Solution, Status
from numerics.tangent_kernel import tangent_kernel
from numerics.verify import Verification, verify
from numerics.verify_slice import SliceVerification, verify_slice

__all__ = [
    "Condensation",
    "CondensationPlan",
    "Dask",
    "DeepNetwork",
    "Experiment",
    "Features",
    "GradientFlowError",
    "InputError",
    "LayerObservables",
    "LinearApproximation",
    "LinearizedFlow",
    "Observable",
    "OrientationHistogram",
    "Outcome",
    "Plan",
    "Processes",
    "Progress",
    "ScalingCheck",
    "ScanError",
    "Serial",
    "Similarity",
    "SlicePlan",
    "SliceVerification",
    "Snapshots",
    "Solution",
    "Status",
    "TangentComparison",
    "TangentModel",
    "TwoLayer",
    "Verification",
    "cell_seed",
    "compare_with_tangent",
    "condensation",
    "conserved_drift",
    "cosine_similarity",
    "datasets",
    "features",
    "gradient_flow",
    "layer_observables",
    "limiting_rate",
    "linear_approximation",
    "linearize",
    "load_data",
    "open_scan",
    "orientation_histogram",
    "refine",
    "relative_distance",
    "sample_network",
    "scaling_check",
    "scan",
    "slopes",
    "tangent_kernel",
    "verify",
    "verify_slice",
]
