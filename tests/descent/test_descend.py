"""The discrete optimisers: against plain NumPy twins, against the theory's sign descent, and what they do when they cannot."""

import numpy as np
import pytest

import numerics as nm
import numerics.flow.descent.run as runs
import phasetheory as pt
from numerics.flow.descent.rate import derived_rate
from numerics.flow.descent.rule import rule_of
from numerics.flow.descent.state import state_of
from numerics.observe.tangent_kernel import tangent_kernel

NAMES = ("adam", "sign", "gradient-descent", "momentum")
OPTIMIZERS = (*NAMES, nm.UpdateRule.adam((0.8, 0.95), epsilon=0.05), nm.UpdateRule.adam((0.0, 0.5)))


def textbook(name_or_rule, weights, gradients_of, rate, steps):
    """The optimisers as their papers write them, on a list of arrays."""
    rule = rule_of(name_or_rule)
    weights = [w.copy() for w in weights]
    first, second = ([np.zeros_like(w) for w in weights] for _ in range(2))
    for step in range(1, steps + 1):
        for i, g in enumerate(gradients_of(weights)):
            if rule.name == "sign":
                weights[i] -= rate * np.sign(g)
            elif rule.name == "adam":
                first[i] = rule.first * first[i] + (1 - rule.first) * g
                second[i] = rule.second * second[i] + (1 - rule.second) * g**2
                size = np.sqrt(second[i] / (1 - rule.second**step)) + rule.epsilon
                moved = first[i] / (1 - rule.first**step)
                weights[i] -= rate * np.divide(moved, size, out=np.zeros_like(g), where=size > 0)
            else:
                first[i] = rule.first * first[i] + g
                weights[i] -= rate * first[i]
    return weights


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=[getattr(o, "name", o) for o in OPTIMIZERS])
@pytest.mark.parametrize("slope", [0.0, 0.3])
def test_steps_are_those_of_the_textbook_for_two_layers_and_deep(optimizer, slope):
    random = np.random.default_rng(1)
    X, y = random.standard_normal((5, 3)), random.standard_normal(5)
    two = nm.TwoLayer.sample(600, 0.7, 0.2, X, rng=2, activation=slope)  # more than one block of neurons
    deep = nm.DeepNetwork.from_weights([two.v, two.u[None]], alpha=1 / two.kappa, activation=slope)

    def gradients(weights):
        v, u = weights
        z = X @ v.T
        active = np.where(z > 0, 1.0, slope)
        error = two.kappa * (active * z) @ u - y
        return (two.kappa / 5) * ((error[:, None] * active * u).T @ X), (two.kappa / 5) * (error @ (active * z))

    rate = 1e-3
    v, u = textbook(optimizer, (two.v, two.u), gradients, rate, 30)
    run = nm.descend(two, X, y, optimizer=optimizer, rate=rate, max_steps=30, throw=False)
    np.testing.assert_allclose(run.network.u, u, rtol=1e-7, atol=1e-12)
    np.testing.assert_allclose(run.network.v, v, rtol=1e-7, atol=1e-12)
    deeper = nm.descend(deep, X, y, optimizer=optimizer, rate=rate, max_steps=30, throw=False)
    np.testing.assert_allclose(deeper.network.weights[0][0], v, rtol=1e-7, atol=1e-12)
    np.testing.assert_allclose(deeper.trajectory.loss, run.trajectory.loss, rtol=1e-9)
    assert run.relative_distance["w"] == pytest.approx(np.linalg.norm(v - two.v) / np.linalg.norm(two.v), rel=1e-9)
    assert run.t == run.stats.accepted == 30
    assert run.status is nm.Status.STEP_BUDGET


def test_batches_are_a_partition_of_the_samples_in_every_epoch():
    X, y = nm.datasets.four_points()
    network = nm.TwoLayer.sample(50, 0.5, 0, X, rng=0, antisymmetric=False)
    state = state_of(network, X, y, rule_of("gradient-descent"))
    whole = nm.descend(network, X, y, optimizer="gradient-descent", rate=1e-9, max_steps=1, throw=False)
    halves = nm.descend(network, X, y, optimizer="gradient-descent", rate=1e-9, batch=2, max_steps=2, throw=False)
    # two steps on halves, each the mean of two samples, are to first order two on all
    moved = [(run.network.u - state.start.u) for run in (whole, halves)]
    np.testing.assert_allclose(moved[1], 2 * moved[0], rtol=1e-5, atol=1e-15)
    one, same, other = (
        nm.descend(network, X, y, batch=1, rng=seed, max_steps=20, throw=False).trajectory.loss for seed in (0, 0, 1)
    )
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("exponents", [(0.5, 0.0), (1.0, 0.0), (1.5, -0.25)])
def test_gradient_descent_and_momentum_approach_the_flow_as_their_rate_falls(exponents):
    X, y = nm.datasets.four_points()
    start = nm.TwoLayer.sample(400, *exponents, X, rng=0)
    flow = nm.gradient_flow(start, X, y, loss_tol=1e-4, rtol=1e-3)
    largest = np.linalg.eigvalsh(tangent_kernel(start, X))[-1] / 4
    for optimizer in map(rule_of, ("gradient-descent", "momentum")):
        derived = nm.descend(start, X, y, optimizer=optimizer, loss_tol=1e-4)
        assert derived.status is nm.Status.LOSS_REACHED
        rate = derived_rate(state_of(start, X, y, optimizer), optimizer, start.kappa, largest) / 20
        run = nm.descend(start, X, y, optimizer=optimizer, loss_tol=1e-4, rate=rate)
        for layer, distance in flow.sup_relative_distance.items():
            assert derived.sup_relative_distance[layer] == pytest.approx(distance, rel=0.2)
            assert run.sup_relative_distance[layer] == pytest.approx(distance, rel=0.01)


@pytest.mark.parametrize("optimizer", ["adam", "sign"])
def test_sign_descent_and_adam_move_every_weight_at_the_same_speed(optimizer):
    """RD_l of the lazy regime: u/F_l with the same u for both layers; gradient flow has the ratio of the kernels instead."""
    X, y = nm.datasets.four_points()
    start = nm.TwoLayer.sample(2000, 0.25, 0.25, X, rng=0)
    run = nm.descend(start, X, y, optimizer=optimizer, loss_tol=1e-5)
    per_weight = [np.abs(now - then).max() for now, then in ((run.network.u, start.u), (run.network.v, start.v))]
    assert per_weight[0] == pytest.approx(per_weight[1], rel=0.35)


def test_the_derived_rate_follows_the_scales_of_the_network():
    """Weights times c, alpha times c^3: in uniform coordinates the same network, and the same rate."""
    X, y = nm.datasets.four_points()
    for optimizer in map(rule_of, NAMES):
        for kappa in (1e-4, 10.0):
            rates = []
            for c in (1.0, 3.0):
                network = nm.DeepNetwork.sample((2, 30, 30, 1), (c, c, c), alpha=c**3 / kappa, rng=0)
                largest = np.linalg.eigvalsh(tangent_kernel(network, X))[-1] / 4
                rates.append(derived_rate(state_of(network, X, y, optimizer), optimizer, network.kappa, largest))
            assert rates[1] == pytest.approx(rates[0], rel=1e-9)


def test_a_rate_of_ones_own_is_kept_and_refused_when_it_diverges():
    X, y = nm.datasets.four_points()
    start = nm.TwoLayer.sample(100, 0.5, 0, X, rng=0)
    with pytest.raises(nm.GradientFlowError, match="diverged at this rate; give a lower one, or leave rate out"):
        nm.descend(start, X, y, optimizer="gradient-descent", rate=1e3)
    blind = nm.TwoLayer(np.ones(4), -np.ones((4, 2)), kappa=0.1, kappa_prime=1)
    still = nm.descend(blind, np.abs(X), y, optimizer="gradient-descent", rate=0.1, throw=False)
    assert (still.status, still.t) == (nm.Status.STILL, 100)
    assert nm.descend(blind, np.abs(X), y, throw=False).status is nm.Status.STILL
    run = nm.descend(start, X, y, optimizer="gradient-descent", rate=1e-3, max_steps=10, throw=False)
    assert run.stats.why == "rate 0.001, as asked"
    assert "max_steps" in run.message


def test_sign_descent_settles_in_a_minimum_of_its_own():
    """Of equal inputs with different targets: half the variance, and no rate that helps."""
    X, y = np.array([[1.0, 1.0], [1.0, 1.0]]), np.array([1.0, -1.0])
    run = nm.descend(nm.TwoLayer.sample(50, 1, 0, X, rng=0), X, y, optimizer="sign", throw=False)
    assert run.status is nm.Status.UNFITTABLE
    assert run.at_rest
    four, targets = nm.datasets.four_points()
    start = nm.TwoLayer.sample(1024, 1.75, 0, four, rng=0)  # all neurons of a sign in the corner that sum y x points to
    settled = nm.descend(start, four, targets, optimizer="sign", throw=False)
    assert settled.status is nm.Status.SETTLED
    assert settled.loss < settled.trajectory.loss[0]
    start = nm.TwoLayer.sample(
        256, 1.75, 0, four, rng=2
    )  # lands where no gradient is left, before its rate is lowered far
    still = nm.descend(start, four, targets, throw=False)
    assert (still.status, still.loss) == (nm.Status.SETTLED, pytest.approx(settled.loss, rel=1e-9))
    assert still.t < settled.t


def test_a_callback_sees_the_run_and_stops_it():
    X, y = nm.datasets.four_points()
    seen = []
    run = nm.descend(nm.TwoLayer.sample(50, 1, 0, X, rng=0), X, y, callback=lambda p: seen.append(p) or len(seen) == 2)
    assert run.status is nm.Status.CALLBACK
    assert [p.steps for p in seen] == [100, 200]
    assert seen[-1].relative_distance == run.relative_distance
    assert "adam" in repr(run)
    assert run.to_xarray().attrs["status"] == "CALLBACK"


@pytest.mark.parametrize("decay", [0.02, (0.01, 0.04)])
def test_gradient_descent_with_weight_decay_goes_to_the_flow(four_points, decay):
    X, y = four_points
    start = nm.TwoLayer.draw(100, 0.1, 1, 2, rng=1)
    options = {"weight_decay": decay, "loss_tol": 1e-30}
    flow = nm.gradient_flow(start, X, y, t_max=20.0, rtol=1e-4, **options)
    errors = []
    for rate in (0.04, 0.02):
        run = nm.descend(
            start, X, y, optimizer="gradient-descent", rate=rate, max_steps=round(20 / rate), throw=False, **options
        )
        errors.append(abs(run.relative_distance["w"] / flow.relative_distance["w"] - 1))
    assert errors[1] < 1e-3
    assert errors[1] < 0.7 * errors[0]


def test_adamw_shrinks_beside_its_step_and_adam_within_it(four_points):
    X, y = four_points
    deep = nm.DeepNetwork.sample((2, 6, 5, 1), (1, 0.5, 0.5), rng=1)
    for start in (nm.TwoLayer.draw(10, 0.1, 1, 2, rng=1), deep):
        one = {"rate": 1e-3, "max_steps": 1, "throw": False}
        plain, decoupled, coupled, sign = (
            nm.descend(start, X, y, optimizer=optimizer, weight_decay=decay, **one).network
            for optimizer, decay in (("adam", 0), ("adamw", 0.5), ("adam", 0.5), ("sign", 0.5))
        )
        for w0, w, shrunk, pulled, signed in zip(*map(_weights, (start, plain, decoupled, coupled, sign)), strict=True):
            np.testing.assert_allclose(shrunk - w, -1e-3 * 0.5 * w0, atol=1e-12)
            np.testing.assert_allclose(pulled, signed, atol=1e-12)  # the first step of Adam is that of sign descent
            assert np.any(pulled != w)


def _weights(network):
    return (network.u, network.v) if isinstance(network, nm.TwoLayer) else network.weights


@pytest.mark.parametrize("slope", [0.0, 0.3])
def test_masked_steps_are_those_of_a_plain_twin(slope):
    random = np.random.default_rng(1)
    X, y = random.standard_normal((5, 3)), random.standard_normal(5)
    start = nm.TwoLayer.sample(600, 0.7, 0.2, X, rng=2, activation=slope)  # more than one block of neurons
    rate, kept, steps = 1e-2, 0.8, 7
    run = nm.descend(
        start, X, y, optimizer="gradient-descent", rate=rate, dropout=kept, rng=5, max_steps=steps, throw=False
    )
    u, v, draws = start.u.copy(), start.v.copy(), np.random.default_rng(5)
    for _ in range(steps):
        gains = (draws.random((5, 600)) < kept) / kept
        z = X @ v.T
        active = gains * np.where(z > 0, 1.0, slope)
        weights = start.kappa * ((active * z) @ u * start.kappa - y) / 5
        u, v = u - rate * weights @ (active * z), v - rate * (weights[:, None] * active * u).T @ X
    np.testing.assert_allclose(run.network.u, u, rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(run.network.v, v, rtol=1e-10, atol=1e-14)
    assert run.loss == pytest.approx(np.sum((run.network(X) - y) ** 2) / 10, rel=1e-10)  # of all neurons
    one, same, other = (
        nm.descend(start, X, y, dropout=kept, rng=seed, max_steps=20, throw=False).trajectory.loss for seed in (0, 0, 1)
    )
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


@pytest.mark.slow
@pytest.mark.parametrize("kept", [0.5, 0.8])
def test_training_with_masks_goes_to_the_averaged_flow_as_its_rate_falls(four_points, kept):
    """At tau = 10, from P = 20, kappa' = 1: the mean over three seeds of the masks within 1 percent."""
    X, y = four_points
    start = nm.TwoLayer.draw(100, 0.2, 1, 2, rng=0)
    step, steps = 1e-3, 10_000  # of tau, kappa times the normalised time
    flow = nm.gradient_flow(start, X, y, dropout=kept, t_max=step * steps / start.kappa, loss_tol=1e-30, rtol=1e-3)
    plain = nm.gradient_flow(start, X, y, t_max=step * steps / start.kappa, loss_tol=1e-30)
    options = {"optimizer": "gradient-descent", "rate": step / start.kappa, "max_steps": steps, "loss_tol": 1e-30}
    runs = [nm.descend(start, X, y, dropout=kept, rng=seed, throw=False, **options) for seed in range(3)]
    for layer in ("w", "a"):
        mean = np.mean([run.relative_distance[layer] for run in runs])
        assert mean == pytest.approx(flow.relative_distance[layer], rel=0.01)
        assert abs(plain.relative_distance[layer] / mean - 1) > 0.1


def test_masks_of_several_layers_are_refused(four_points):
    deep = nm.DeepNetwork.sample((2, 5, 5, 1), (1, 1, 1), rng=0)
    with pytest.raises(nm.InputError, match="the masks of several layers multiply"):
        nm.descend(deep, *four_points, dropout=0.5)


@pytest.mark.parametrize("gamma", [0.5, 1.75])
@pytest.mark.parametrize("options", [{}, {"batch": 2}, {"rate": 1e-3}, {"optimizer": "gradient-descent"}])
def test_snapshots_are_the_run_that_ends_there_and_change_nothing(gamma, options):
    X, y = nm.datasets.four_points()
    start = nm.TwoLayer.sample(60, gamma, 0, X, rng=0)
    times = (430, 1, 77, 100, 250)
    options |= {"loss_tol": 1e-12, "throw": False}
    plain = nm.descend(start, X, y, max_steps=450, **options)
    run = nm.descend(start, X, y, max_steps=450, times=times, keep_weights=True, **options)
    assert np.array_equal(run.network.u, plain.network.u)
    assert np.array_equal(run.trajectory.loss, plain.trajectory.loss)
    assert run.snapshots.t.tolist() == sorted(times)
    for k, t in enumerate(sorted(times)):
        there = nm.descend(start, X, y, max_steps=t, **options)
        network = run.snapshots.networks[k]
        assert np.array_equal(network.u, there.network.u)
        assert np.array_equal(network.v, there.network.v)
        assert run.snapshots.loss[k] == there.loss
        assert {
            layer: values[k] for layer, values in run.snapshots.relative_distance.items()
        } == there.relative_distance
        assert np.allclose(run.snapshots.outputs[k], network(X), rtol=0, atol=1e-9)


def test_a_deep_network_and_a_run_that_ends_before_have_the_snapshots_they_got_to():
    X, y = nm.datasets.four_points()
    start = nm.sample_network(pt.three_layer("m^2", 1, 1, 1), 12, 2, rng=0)
    run = nm.descend(start, X, y, max_steps=120, times=(3, 110, 500), throw=False)
    assert run.snapshots.t.tolist() == [3, 110]
    assert run.snapshots.networks == ()
    assert run.snapshots.loss.tolist() == run.trajectory.loss[[3, 110]].tolist()
    assert run.snapshots.outputs.shape == (2, 4)
    fitted = nm.descend(nm.TwoLayer.sample(60, 0.5, 0, X, rng=0), X, y, loss_tol=1e-3)
    end = int(fitted.t)
    again = nm.descend(nm.TwoLayer.sample(60, 0.5, 0, X, rng=0), X, y, loss_tol=1e-3, times=(end, end + 1))
    assert (again.t, again.snapshots.t.tolist()) == (end, [end])


def test_a_window_that_is_undone_takes_its_snapshots_along(monkeypatch):
    monkeypatch.setattr(runs, "derived_rate", lambda *given: 50 * derived_rate(*given))
    X, y = nm.datasets.four_points()
    start = nm.TwoLayer.sample(60, 0.5, 0, X, rng=0)
    options = {"optimizer": "gradient-descent", "max_steps": 300, "throw": False}
    run = nm.descend(start, X, y, times=(5, 50, 150), keep_weights=True, **options)
    assert run.stats.rejected > 0
    assert run.snapshots.t.tolist() == [5, 50, 150]
    assert len(run.snapshots.networks) == 3
    assert run.snapshots.loss.tolist() == run.trajectory.loss[[5, 50, 150]].tolist()


@pytest.mark.parametrize(
    ("times", "said"),
    [((0,), "times = 0; give counts of steps"), ((1.5,), "times"), ("12", "times = '12'; give counts")],
)
def test_counts_that_are_none_are_refused(times, said):
    X, y = nm.datasets.four_points()
    with pytest.raises(nm.InputError, match=said):
        nm.descend(nm.TwoLayer.sample(60, 0.5, 0, X, rng=0), X, y, times=times)
