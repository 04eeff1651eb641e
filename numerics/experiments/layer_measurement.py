"""What a scan keeps of a trained network, layer by layer."""

from collections.abc import Sequence

from numerics.flow.solution import Solution
from numerics.networks.deep import DeepNetwork
from numerics.observe.distances import layer_observables
from numerics.scans.experiment import Observable, Outcome

__all__ = ["NORMS", "measured_layers", "observables_of_layers"]

#: Norms in which distances are measured.
NORMS = ("frobenius", "spectral")


def observables_of_layers(layers: Sequence[str]) -> dict[str, Observable]:
    """Relative distances in both norms, and what tells whether to trust them."""
    layer, both = {"layer": tuple(layers)}, {"layer": tuple(layers), "norm": NORMS}
    return {
        "relative_distance": Observable(
            "relative distance from the start: largest over the run, spectral at the end", both
        ),
        "stable_rank": Observable("stable rank of the weight change at the end", layer),
        "loss": Observable("loss R at the end"),
        "time": Observable("normalised time at the end"),
        "evaluations": Observable("passes over the weights"),
        "conserved_drift": Observable("change of the conserved quantities left at the end, relative"),
    }


def measured_layers(solution: Solution) -> Outcome:
    """The observables of a run of a :class:`DeepNetwork`."""
    assert isinstance(solution.network, DeepNetwork)
    assert isinstance(solution.initial, DeepNetwork)
    found = layer_observables(solution.network, solution.initial)
    values = {
        "relative_distance": [
            [solution.sup_relative_distance[layer], part.spectral_relative_distance] for layer, part in found.items()
        ],
        "stable_rank": [part.stable_rank for part in found.values()],
        "loss": solution.loss,
        "time": solution.t,
        "evaluations": solution.stats.evaluations,
        "conserved_drift": solution.conserved_drift,
    }
    return Outcome(values, "" if solution.converged else solution.message)
