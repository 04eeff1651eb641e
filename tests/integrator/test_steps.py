"""How long a step may be: what the controller makes of an error, growth on a plateau, and a stop that is located."""

from types import SimpleNamespace

import numpy as np
import pytest

import numerics as nm
from numerics.flow.controller import PIController
from numerics.flow.run import _loss, _Run
from numerics.flow.runge_kutta import LayerError, distance_error, loss_defect


@pytest.mark.parametrize(("order", "error"), [(2, 2.0), (2, 10.0), (3, 10.0), (5, 100.0)])
def test_another_try_aims_below_the_tolerance(order, error):
    """Of an error c h^order; the factor 0.9 is the safety."""
    assert error * PIController(order).rejected(error) ** order == pytest.approx(0.9**order)


def test_the_next_step_goes_by_this_error_and_by_the_one_before():
    assert PIController(2).accepted(1.0) == pytest.approx(0.9)  # before the first step: as if the error had been 1
    assert PIController(7).accepted(2.0**-10) == pytest.approx(0.9 * 2)
    controller = PIController(4)
    controller.accepted(2.0**-10)
    assert controller.accepted(1.0) == pytest.approx(0.9 / 2)
    assert controller.accepted(1.0) == pytest.approx(0.9)


def test_steps_change_by_bounded_factors():
    controller = PIController(7)
    assert controller.accepted(0.0) == 5.0
    assert controller.accepted(1.0) == pytest.approx(0.9 * 10 ** (-4 / 7))  # no error counts as 1e-10
    controller = PIController(2)
    controller.accepted(0.0)
    assert controller.accepted(1.0) == 0.1
    assert PIController(2).rejected(1e9) == 0.1
    assert PIController(2).rejected(1.0 + 1e-9) == 0.7


def test_the_error_of_a_distance():
    """|D + x| - |D| = x.D/|D| + |x|^2/(2 |D|), relative to |D|, and neurons that crossed a kink as random numbers add up."""
    part = LayerError(along=-3.0, squares=4.0, kinks=16.0, moved=2.0)
    assert distance_error(part) == pytest.approx((3.0 + 2.0 + 4.0) / 2.0)
    assert distance_error(LayerError(0.0, 0.0, 0.0, 0.0)) == 0.0
    assert distance_error(LayerError(0.0, 1.0, 0.0, 0.0)) == np.inf
    rng = np.random.default_rng(0)
    D, x = rng.standard_normal(9), 1e-4 * rng.standard_normal(9)
    one = distance_error(LayerError(x @ D, x @ x, 0.0, D @ D))
    assert one == pytest.approx(abs(np.linalg.norm(D + x) / np.linalg.norm(D) - 1), rel=1e-2)


def test_the_defect_of_the_loss_is_of_third_order():
    """Of dR/dt = -|grad R|^2 along R = exp(-t): 0.8 (R0 - R1) - 0.4 h (R0 + R1) = -h^3/15 to leading order."""

    def defect(h):
        start, end = (SimpleNamespace(loss=R, loss_rate=R) for R in (7.0, 7.0 * np.exp(-h)))
        return loss_defect(start, end, h)

    assert defect(1e-2) == pytest.approx(1e-6 / 15, rel=2e-2)
    assert defect(1e-1) == pytest.approx(1e-3 / 15, rel=6e-2)


X, Y = nm.datasets.four_points()
GROWTH = {"kink-exact": 3.0, "exponential": 0.7, "rkc": 0.5, "dormand-prince": 0.5}
DEEP_GROWTH = {"rkc": 0.5}


@pytest.mark.parametrize(
    ("method", "deep"), [*((method, False) for method in GROWTH), *((method, True) for method in DEEP_GROWTH)]
)
def test_on_a_plateau_a_step_lets_no_weight_grow_by_more_than_the_method_resolves(method, deep):
    """Weights so small that the residual stays -y: only growth limits the steps, at a rate of (kappa/n) sum |y_i| |x_i|."""
    rng = np.random.default_rng(0)
    u, v = 1e-12 * rng.standard_normal(6), 1e-12 * rng.standard_normal((6, 2))
    network = (
        nm.DeepNetwork.from_weights([v, u[None]], activation="linear") if deep else nm.TwoLayer(u, v, 1.0, 1.0, 1.0)
    )
    rate = np.abs(Y) @ np.linalg.norm(X, axis=1) / len(Y)
    powers = (
        (3 / 4, 2 / 3) if method == "kink-exact" else (1.0, 0.0)
    )  # of rtol, below 1e-2: growth, and error beyond it
    for rtol, fine in ((1e-3, 0.1), (1e-2, 1.0), (0.9, 1.0)):
        growth = (DEEP_GROWTH if deep else GROWTH)[method] * fine ** powers[0]
        run = nm.gradient_flow(network, X, Y, method=method, rtol=rtol, t_max=12 / rate, throw=False)
        steps = rate * np.diff(run.trajectory.t)
        assert run.status is nm.Status.TIME_REACHED
        assert steps[0] == pytest.approx(min(growth, np.sqrt(rtol * fine ** powers[1])), rel=1e-6)
        assert steps.max() == pytest.approx(growth, rel=1e-6)


@pytest.mark.parametrize(("rtol", "fine"), [(1e-3, 0.1), (1e-2, 1.0), (0.9, 1.0)])
def test_on_a_plateau_no_neuron_of_a_deep_network_grows_by_more_than_half_or_turns_by_more_than_a_tenth(rtol, fine):
    """Weights as above, of a linear network: they turn towards sum_i y_i x_i and its output weight, and then grow at its rate."""
    rng = np.random.default_rng(0)
    network = nm.DeepNetwork.from_weights(
        [1e-12 * rng.standard_normal((6, 2)), 1e-12 * rng.standard_normal((1, 6))], activation="linear"
    )
    rate = float(np.linalg.norm(Y @ X)) / len(Y)
    run = nm.gradient_flow(network, X, Y, method="exponential", rtol=rtol, t_max=12 / rate, throw=False)
    steps = rate * np.diff(run.trajectory.t)
    assert run.status is nm.Status.TIME_REACHED
    assert steps.max() == pytest.approx(0.5 * fine, rel=1e-4)
    velocity = network.jacobian(X).transposed_product(Y / len(Y))
    pairs = zip(velocity[0][0], velocity[1][0, 0], network.weights[0][0], network.weights[1][0, 0], strict=True)
    turning = [
        np.sqrt((v @ v - (v @ w) ** 2 / (w @ w)) / (w @ w + a * a)) for v, _, w, a in pairs
    ]  # a number cannot turn
    fastest = np.abs(Y) @ np.linalg.norm(X, axis=1) / len(Y)  # what the first step is a tenth of the time of
    assert steps[0] == pytest.approx(min(rate * 0.1 * fine / max(turning), 0.1 * rate / fastest), rel=1e-6)


def located(log_value, *, match=2e-2, known=None):
    """Tries of a run whose first step, to 1, went past where the log of a loss vanishes; ``known``: what the kernel foresees."""
    tried = []
    kernel = None if known is None else np.eye(1)
    trial = SimpleNamespace(loss=np.exp(log_value(1.0)), kernel=None)

    def attempt(h):
        tried.append(h)
        trial.loss = np.exp(log_value(h))
        return 0.0, h

    run = SimpleNamespace(
        point=SimpleNamespace(loss=np.exp(log_value(0.0)), kernel=kernel, penalty=0.0),
        trial=trial,
        match=match,
        _attempt=attempt,
    )
    run._foresee = known
    h, step = _Run._locate(run, 1.0, 1.0, 1.0, _loss)
    assert step == h
    assert h == (tried or [1.0])[-1]
    assert 0.0 < h <= 1.0
    return tried


@pytest.mark.parametrize(
    ("log_value", "tries"),
    [
        (lambda h: 0.01 - 0.02 * h, []),  # near enough as it is
        (lambda h: 1 - 2 * h, [0.5]),
        (lambda h: 1 - 100 * h, [0.05, 0.01]),  # neither end is come nearer to than a twentieth
        (lambda h: 99 - 100 * h, [0.95, 0.99]),
        # the first try is off by 1: then the value at an end that stays is halved, from the second time on
        (lambda h: 1 - 2 * h - (h == 0.5), [0.5, 0.25, 1 / 3, 0.4]),
        (lambda h: 1 - 2 * h + (h == 0.5), [0.5, 0.75, 2 / 3, 0.6]),
        (lambda h: -np.inf if h == 0.5 else 1 - 2 * h, [0.5, 0.025]),  # a loss of 0 went past as well
    ],
)
def test_a_stop_is_located_by_false_position(log_value, tries):
    found = located(log_value)
    assert found[: len(tries)] == pytest.approx(tries)
    assert len(found) == len(tries) or log_value(0.5) != 0.0  # the rest goes on


@pytest.mark.parametrize(
    "log_value", [lambda h: 1 - 2 * h**6, lambda h: 2 * (1 - h) ** 6 - 1, lambda h: np.cos(3 * h**3)]
)
def test_an_end_that_would_creep_is_halved(log_value):
    """Plain false position takes more than the twelve tries there are for the first two."""
    found = located(log_value, match=1e-6)
    assert abs(log_value(found[-1])) < 1e-6
    assert len(found) <= 10


def test_a_stop_is_where_the_kernel_foresees_it_but_for_the_factor_of_the_last_try():
    def foresee(loss, h):
        return min(h, (1 - np.log(loss)) / 2), np.exp(1 - 2 * h)

    assert located(lambda h: 1 - 2 * h + (h > 0) * np.log(0.8), known=foresee) == pytest.approx([(1 + np.log(0.8)) / 2])


def test_a_stop_that_the_kernel_foresees_beyond_the_step_is_located_all_the_same():
    found = located(lambda h: 1 - 2 * h, known=lambda loss, h: (h, 1.0))
    assert found == pytest.approx([0.5])
