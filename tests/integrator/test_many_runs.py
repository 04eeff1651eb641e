"""Many runs in one call are those that are made one by one, to the bit."""

import numpy as np
import pytest

import numerics as nm
from numerics.flow.two_layer import short

X, Y = nm.datasets.four_points()
UNFITTABLE = nm.datasets.from_arrays([-1.0, 0.2, 0.2, 1.0], [0.5, -0.4, 0.6, 0.3])
STARTS = [
    nm.TwoLayer.sample(width, gamma, gamma_prime, X, rng=seed, activation=activation)
    for width, gamma, gamma_prime, activation in (
        (60, 0.5, 0.0, "relu"),
        (1000, 1.75, 0.0, "relu"),
        (2, 1.0, 0.0, 0.2),
        (300, 1.4, -0.4, "relu"),
        (60, 1.2, 0.4, "linear"),
        (5000, 1.2, 0.4, "relu"),
    )
    for seed in range(3)
]


def same(ours, theirs):
    """Whether two runs have the same bits, but for how long they took."""
    pairs = [(getattr(ours, name), getattr(theirs, name)) for name in ("t", "loss", "status", "conserved_drift")]
    pairs += [(ours.relative_distance, theirs.relative_distance)]
    pairs += [(ours.sup_relative_distance, theirs.sup_relative_distance)]
    pairs += [
        (getattr(ours.stats, name), getattr(theirs.stats, name)) for name in ("method", "why", "accepted", "rejected")
    ]
    arrays = [(ours.network.u, theirs.network.u), (ours.network.v, theirs.network.v)]
    arrays += [
        (getattr(ours.trajectory, name), getattr(theirs.trajectory, name)) for name in ("t", "loss", "joint_distance")
    ]
    return all(one == other for one, other in pairs) and all(np.array_equal(*pair) for pair in arrays)


@pytest.mark.parametrize("options", [{}, {"rtol": 1e-3, "loss_levels": [1e-2, 1e-4]}, {"loss_tol": 1e-3, "threads": 3}])
def test_runs_have_the_bits_of_single_ones(options):
    many = nm.gradient_flows(STARTS, X, Y, throw=False, **options)
    for start, run in zip(STARTS, many, strict=True):
        assert run.initial is start
        assert same(run, nm.gradient_flow(start, X, Y, throw=False, **options | {"threads": 1}))
    assert sum(run.converged for run in many) == 12  # two neurons, and linear ones, do not


def test_the_order_of_the_networks_is_kept_whatever_the_company():
    back = nm.gradient_flows(STARTS[::-1], X, Y, throw=False)[::-1]
    assert all(map(same, nm.gradient_flows(STARTS, X, Y, throw=False), back))
    assert nm.gradient_flows([], X, Y) == []


def test_networks_come_out_as_copies_that_keep_no_others_alive():
    run, _ = nm.gradient_flows(STARTS[:2], X, Y)
    assert run.network.u.base.size == 3 * run.network.width
    assert run.network.v.flags.c_contiguous
    assert run.network.v.flags.writeable


def test_what_is_not_for_the_compiled_call_is_run_by_itself(monkeypatch):
    wide = nm.gradient_flow(STARTS[3], X, Y, threads=1)
    monkeypatch.setattr(short, "_WIDEST", 299)
    runs = nm.gradient_flows(STARTS[:5], X, Y, throw=False)
    assert [run.stats.evaluations for run in runs][3] == wide.stats.evaluations
    inputs, targets = np.column_stack([X, X[:, 0] ** 2]), Y
    starts = [nm.TwoLayer.sample(40, 0.5, 0, inputs, rng=seed) for seed in range(2)]
    for start, run in zip(starts, nm.gradient_flows(starts, inputs, targets), strict=True):
        assert same(run, nm.gradient_flow(start, inputs, targets, threads=1))


def test_runs_that_come_to_no_fit_say_so_and_the_others_do_not():
    runs = nm.gradient_flows(STARTS[:3], *UNFITTABLE, throw=False)
    assert {run.status for run in runs} == {nm.Status.UNFITTABLE}
    short_of_steps = nm.gradient_flows(STARTS[:6], X, Y, max_steps=21, throw=False)
    assert {run.status for run in short_of_steps} == {nm.Status.LOSS_REACHED, nm.Status.STEP_BUDGET}
    with pytest.raises(nm.GradientFlowError, match="max_steps was used up") as error:
        nm.gradient_flows(STARTS[:6], X, Y, max_steps=21)
    assert error.value.solution.status is nm.Status.STEP_BUDGET


def test_seconds_of_the_runs_add_up_to_the_call():
    seconds = [run.stats.seconds for run in nm.gradient_flows(STARTS, X, Y, throw=False)]
    assert seconds[3] > 2 * seconds[0]  # of a thousand neurons and of sixty


@pytest.mark.parametrize(
    ("networks", "options", "match"),
    [
        (STARTS[0], {}, "networks = .*; give a list of TwoLayer"),
        ([STARTS[0], "he"], {}, "a network of networks is of type str; give a TwoLayer"),
        ([nm.TwoLayer.sample(40, 1, 0, np.ones((1, 3)))], {}, "and a network 3 inputs"),
        (STARTS, {"threads": 0}, "threads = 0"),
        (STARTS, {"throw": 1}, "throw = 1"),
        (STARTS, {"rtol": 2.0}, "rtol = 2"),
        (STARTS, {"loss_levels": [1e-9]}, "give losses above loss_tol"),
    ],
)
def test_bad_input_is_refused(networks, options, match):
    with pytest.raises(nm.InputError, match=match):
        nm.gradient_flows(networks, X, Y, **options)
