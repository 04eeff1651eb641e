"""The compiled loop over steps in the plane makes the steps of the loop in Python, and stops where that stops.

Runs of few neurons that come to the fit are compiled from start to end; others are begun in Python, as those that something is
asked of on the way.
"""

import numpy as np
import pytest

import numerics as nm
from numerics.flow.run import _Run
from numerics.flow.two_layer.kink_exact_planar import KinkExactPlanar

X, Y = nm.datasets.four_points()
UNFITTABLE = nm.datasets.from_arrays([-1.0, 0.2, 0.2, 1.0], [0.5, -0.4, 0.6, 0.3])


@pytest.fixture
def stepwise(monkeypatch):
    """Runs without the compiled loop."""

    def run(*given, **options):
        with monkeypatch.context() as patch:
            begin = KinkExactPlanar.__init__

            def without(self, flow):
                begin(self, flow)
                assert self.loop is not None
                self.loop = None

            patch.setattr(KinkExactPlanar, "__init__", without)
            patch.setattr("numerics.flow.run.fitted", lambda networks, *given: [None] * len(networks))
            return nm.gradient_flow(*given, **options)

    return run


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"rtol": 1e-3},
        {"rtol": 0.3},
        {"loss_tol": 1e-12},
        {"loss_levels": [1e-2, 3e-2, 1e-4]},
        {"loss_tol": 1e-30, "grad_tol": 1e-4},
        {"t_max": 0.7},
        {"times": [1e-3, 0.5, 0.6, 3.0], "keep_weights": True},
        {"loss_levels": [2e-2], "times": [0.5]},
        {"max_steps": 7},
        {"callback": lambda progress: progress.loss < 1e-2},
        {"max_seconds": 100.0},
    ],
)
@pytest.mark.parametrize(
    ("gamma", "gamma_prime", "activation"), [(0.5, 0.0, "relu"), (1.75, 0.0, "relu"), (1.4, -0.4, 0.2)]
)
def test_the_steps_are_the_same(stepwise, gamma, gamma_prime, activation, options):
    start = nm.TwoLayer.sample(60, gamma, gamma_prime, X, rng=1, activation=activation)
    compare(stepwise, start, X, Y, options)


@pytest.mark.parametrize("gamma", [0.5, 1.75])
def test_the_end_at_rest_is_the_same(stepwise, gamma):
    """Thousands of steps may go by at rest: only the loop in Python knows that nothing is about to grow."""
    run = compare(stepwise, nm.TwoLayer.sample(60, gamma, 0, UNFITTABLE[0]), *UNFITTABLE, {})
    assert run.status is nm.Status.UNFITTABLE


def test_more_steps_than_the_record_has_room_for_at_first(stepwise):
    run = compare(stepwise, nm.TwoLayer.sample(60, 1.75, 0, X, rng=1), X, Y, {"rtol": 3e-4})
    assert run.stats.accepted > 200


@pytest.mark.parametrize(
    ("options", "begun"),
    [
        ({}, False),
        ({"method": "kink-exact", "threads": 1, "loss_levels": [1e-2]}, False),
        ({"callback": lambda progress: False}, True),
        ({"times": [1.0]}, True),
        ({"t_max": 1e9}, True),
        ({"grad_tol": 1e-9}, True),
        ({"max_steps": 3}, True),  # begun again, to say how far it came
        ({"loss_tol": 10.0}, True),
        ({"method": "exponential"}, True),
        ({"weight_decay": 1e-9}, True),
    ],
)
def test_which_runs_are_begun_in_python(options, begun, monkeypatch):
    """Those that something is asked of on the way, or that come to another end than the fit."""
    calls = []
    monkeypatch.setattr("numerics.flow.run._Run", lambda *given: calls.append(given) or _Run(*given))
    start = nm.TwoLayer.sample(60, 0.5, 0.0, X, rng=1)
    nm.gradient_flow(start, X, Y, throw=False, **options)
    assert bool(calls) == begun


def compare(stepwise, start, inputs, targets, options):
    """Equal to rounding: Python sums the n squares of a loss in another order."""
    ours, theirs = (flow(start, inputs, targets, throw=False, **options) for flow in (nm.gradient_flow, stepwise))
    assert ours.status is theirs.status
    for count in ("accepted", "rejected", "evaluations", "kernel_evaluations"):
        assert getattr(ours.stats, count) == getattr(theirs.stats, count)
    close(ours.trajectory.t, theirs.trajectory.t)
    close(ours.trajectory.loss, theirs.trajectory.loss)
    close(ours.snapshots.outputs, theirs.snapshots.outputs)
    for layer in ("w", "a"):
        close(ours.trajectory.relative_distance[layer], theirs.trajectory.relative_distance[layer])
    scale = np.abs(theirs.network.v).max()
    np.testing.assert_allclose(ours.network.v, theirs.network.v, atol=1e-8 * scale)
    for mine, other in zip(ours.snapshots.networks, theirs.snapshots.networks, strict=True):
        np.testing.assert_allclose(mine.v, other.v, atol=1e-8 * scale)
    return ours


def close(ours, theirs):
    np.testing.assert_allclose(ours, theirs, rtol=1e-8, atol=1e-14)


def test_a_loss_that_a_forecast_goes_round_is_found_by_false_position():
    """A neuron on the way makes the forecast right on either side, and wrong on the other."""
    start = nm.TwoLayer.sample(100, 1.4, -0.4, X, rng=2)
    for options in ({}, {"callback": lambda progress: None}):  # in one call, and from loop to loop
        run = nm.gradient_flow(start, X, Y, **options)
        assert run.loss == pytest.approx(1e-6, rel=0.02)
        assert run.stats.evaluations <= run.stats.accepted + 8
