"""numerics: integrate the gradient flow of sampled networks, and check the theory by experiment."""

from numerics import datasets, slopes
from numerics.datasets.files import load_data
from numerics.errors import GradientFlowError, InputError, ScanError
from numerics.experiments.condensation_map import CondensationPlan
from numerics.experiments.plan import Plan
from numerics.experiments.refinement import refine
from numerics.experiments.scaling_check import ScalingCheck, scaling_check
from numerics.experiments.slice_plan import SlicePlan
from numerics.experiments.tangent_check import (
    LinearApproximation,
    TangentComparison,
    compare_with_tangent,
    limiting_rate,
    linear_approximation,
)
from numerics.experiments.verify import Verification, verify
from numerics.experiments.verify_slice import SliceVerification, verify_slice
from numerics.flow.run import gradient_flow
from numerics.flow.solution import Progress, Snapshots, Solution, Status
from numerics.networks.deep import DeepNetwork
from numerics.networks.sampling import sample_network
from numerics.networks.seeds import cell_seed
from numerics.networks.two_layer import TwoLayer
from numerics.observe.condensation import Condensation, OrientationHistogram, condensation, orientation_histogram
from numerics.observe.distances import LayerObservables, conserved_drift, layer_observables, relative_distance
from numerics.observe.features import Features, Similarity, cosine_similarity, features
from numerics.observe.tangent_kernel import tangent_kernel
from numerics.observe.tangent_model import LinearizedFlow, TangentModel, linearize
from numerics.scans import Dask, Experiment, Observable, Outcome, Processes, Serial, open_scan, scan

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
