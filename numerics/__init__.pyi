"""The public names and where each is from; type checkers read this file, and Python too (:mod:`phasetheory.public_names`)."""

from numerics import datasets, slopes
from numerics import pytorch as pytorch  # PyTorch is an extra: not among the names of a star
from numerics.datasets import load_data
from numerics.errors import GradientFlowError, InputError, MissingPackageError, ScanError
from numerics.experiments.allowance import Allowance
from numerics.experiments.condensation_map import CondensationPlan
from numerics.experiments.decay_walk import DecayWalk, Walk, decay_walk
from numerics.experiments.first_directions import FirstDirections, compare_with_first_directions, first_directions
from numerics.experiments.graph_plan import GraphPlan
from numerics.experiments.location import Location, locate
from numerics.experiments.mean_field import MeanField
from numerics.experiments.plan import Plan
from numerics.experiments.portraits import Portrait, train_points
from numerics.experiments.prediction import Prediction
from numerics.experiments.reduced_flow import Cluster, ReducedFlow, reduced_flow
from numerics.experiments.refinement import refine
from numerics.experiments.scaling_check import ScalingCheck, scaling_check
from numerics.experiments.tangent_check import (
    LinearApproximation,
    TangentComparison,
    compare_with_tangent,
    limiting_rate,
    linear_approximation,
)
from numerics.experiments.verify import Verification, verify
from numerics.experiments.virtual_width import MeanFieldSlopes, mean_field_slopes
from numerics.experiments.weight_scales import Beta2Plan
from numerics.flow import (
    Progress,
    Snapshots,
    Solution,
    Status,
    UpdateRule,
    collapse_bound,
    collapse_threshold,
    descend,
    gradient_flow,
    gradient_flows,
    normalised_decay,
    settling_time,
)
from numerics.networks import DeepNetwork, TwoLayer
from numerics.networks.sampling import sample_network
from numerics.networks.seeds import cell_seed
from numerics.observe.condensation import Condensation, OrientationHistogram, condensation, orientation_histogram
from numerics.observe.distances import LayerObservables, conserved_drift, layer_observables, relative_distance
from numerics.observe.features import Features, Similarity, cosine_similarity, features
from numerics.observe.tangent_kernel import tangent_kernel
from numerics.observe.tangent_model import LinearizedFlow, TangentModel, linearize
from numerics.scans import Dask, Experiment, Observable, Outcome, Processes, Serial, Threads, open_scan, scan

__all__ = [
    "Allowance",
    "Beta2Plan",
    "Cluster",
    "Condensation",
    "CondensationPlan",
    "Dask",
    "DecayWalk",
    "DeepNetwork",
    "Experiment",
    "Features",
    "FirstDirections",
    "GradientFlowError",
    "GraphPlan",
    "InputError",
    "LayerObservables",
    "LinearApproximation",
    "LinearizedFlow",
    "Location",
    "MeanField",
    "MeanFieldSlopes",
    "MissingPackageError",
    "Observable",
    "OrientationHistogram",
    "Outcome",
    "Plan",
    "Portrait",
    "Prediction",
    "Processes",
    "Progress",
    "ReducedFlow",
    "ScalingCheck",
    "ScanError",
    "Serial",
    "Similarity",
    "Snapshots",
    "Solution",
    "Status",
    "TangentComparison",
    "TangentModel",
    "Threads",
    "TwoLayer",
    "UpdateRule",
    "Verification",
    "Walk",
    "cell_seed",
    "collapse_bound",
    "collapse_threshold",
    "compare_with_first_directions",
    "compare_with_tangent",
    "condensation",
    "conserved_drift",
    "cosine_similarity",
    "datasets",
    "decay_walk",
    "descend",
    "features",
    "first_directions",
    "gradient_flow",
    "gradient_flows",
    "layer_observables",
    "limiting_rate",
    "linear_approximation",
    "linearize",
    "load_data",
    "locate",
    "mean_field_slopes",
    "normalised_decay",
    "open_scan",
    "orientation_histogram",
    "reduced_flow",
    "refine",
    "relative_distance",
    "sample_network",
    "scaling_check",
    "scan",
    "settling_time",
    "slopes",
    "tangent_kernel",
    "train_points",
    "verify",
]
