"""Arguments of the wrong kind are refused in one line that says what to give, wherever the package is entered from Python."""

from fractions import Fraction

import numpy as np
import pytest

import numerics as nm
import phasetheory as pt

X, Y = nm.datasets.four_points()
NET = nm.TwoLayer.sample(10, 1, 0, X)
DEEP = nm.DeepNetwork.sample((2, 8, 8, 1), (1, 0.5, 0.5))
HE = pt.initialization("he")

CALLS = {
    "linearize(None)": lambda: nm.linearize(None),
    "linearize(object)": lambda: nm.linearize(object()),
    "linearize(layers=3)": lambda: nm.linearize(NET, layers=3),
    "flow(complex time)": lambda: nm.linearize(NET).flow(X, Y)(np.array([1j])),
    "flow(text)": lambda: nm.linearize(NET).flow(X, Y)("x"),
    "scan(None)": lambda: nm.scan(None),
    "scan(3)": lambda: nm.scan(3, "store.zarr"),
    "refine(None)": lambda: nm.refine(None, rounds=1),
    "open_scan(None)": lambda: nm.open_scan(None),
    "linear_approximation(None)": lambda: nm.linear_approximation(None),
    "Plan.of(None)": lambda: nm.Plan.of(None),
    "write(text)": lambda: pt.write("derivation"),
    "to_abc(text)": lambda: pt.to_abc("he"),
    "statements(3)": lambda: pt.statements(3),
    "phase_diagram(network=3)": lambda: pt.phase_diagram(network=3),
    "scaling_check(None)": lambda: nm.scaling_check(None),
    "scaling_check(3)": lambda: nm.scaling_check(3),
    "scaling_check(class)": lambda: nm.scaling_check(lambda width, rng: None),
    "sample_network(None)": lambda: nm.sample_network(None, 10, 2),
    "sample_network(width=10.5)": lambda: nm.sample_network(HE, 10.5, 2),
    "sample_network(inputs=0)": lambda: nm.sample_network(HE, 10, 0),
    "sample_network(inputs=2.5)": lambda: nm.sample_network(HE, 10, 2.5),
    "relative_distance(None)": lambda: nm.relative_distance(None, NET),
    "relative_distance(deep)": lambda: nm.relative_distance(NET, DEEP),
    "conserved_drift(None)": lambda: nm.conserved_drift(None, None),
    "layer_observables(two layers)": lambda: nm.layer_observables(NET, NET),
    "features(None)": lambda: nm.features(None),
    "condensation(network)": lambda: nm.condensation(NET),
    "orientation_histogram(None)": lambda: nm.orientation_histogram(None),
    "orientation_histogram(bins=0)": lambda: nm.orientation_histogram(nm.features(NET), 0),
    "cosine_similarity(None)": lambda: nm.cosine_similarity(None),
    "cosine_similarity(count=1)": lambda: nm.cosine_similarity(nm.features(NET), 1),
    "tangent_kernel(None)": lambda: nm.tangent_kernel(None, X),
    "tangent_kernel(nan)": lambda: nm.tangent_kernel(NET, X * np.nan),
    "output(nan)": lambda: NET(np.where(X == 1, np.nan, X)),
    "deep output(inf)": lambda: DEEP(np.where(X == 1, np.inf, X)),
    "compare_with_tangent(None)": lambda: nm.compare_with_tangent(None, X, Y),
    "train_points(data=None)": lambda: nm.train_points(data=None),
    "train_points([1])": lambda: nm.train_points([1], data=(X, Y)),
    "train_points([])": lambda: nm.train_points([], data=(X, Y)),
    "train_points(seed=x)": lambda: nm.train_points([(1, 0)], data=(X, Y), seed="x"),
    "train_points(seed=-1)": lambda: nm.train_points([(1, 0)], data=(X, Y), seed=-1),
    "train_points(twice)": lambda: nm.train_points([(1, 0), ("1.0", 0)], data=(X, Y)),
    "cell_seed(float)": lambda: nm.cell_seed(0.5, width=10, seed=0),
    "cell_seed(seed=1.5)": lambda: nm.cell_seed(Fraction(1), width=10, seed=1.5),
    "Plan(data=None)": lambda: nm.Plan(data=None),
    "Plan(data=three)": lambda: nm.Plan(data=(X, Y, Y)),
    "Plan(widths=1000)": lambda: nm.Plan(widths=1000),
    "Plan(widths=text)": lambda: nm.Plan(widths="100,200"),
    "Plan(points=3)": lambda: nm.Plan(points=3),
    "Plan(points=[1])": lambda: nm.Plan(points=[1]),
    "Plan(points=text)": lambda: nm.Plan(points=["10"]),
    "Plan(points of three)": lambda: nm.Plan(points=[(1, 2, 3)]),
    "Plan(points with None)": lambda: nm.Plan(points=[(None, 0)]),
    "Plan(activation=[1])": lambda: nm.Plan(activation=[1]),
    "Plan(activation=bytes)": lambda: nm.Plan(activation=b"relu"),
    "Plan(seeds=many)": lambda: nm.Plan(seeds=10**9),
    "Plan.grid(one number)": lambda: nm.Plan.grid(gamma=1, gamma_prime=0),
    "Plan.grid(one coordinate)": lambda: nm.Plan.grid(gamma=[1]),
    "Plan.grid(another option)": lambda: nm.Plan.grid(gamma=[1], gamma_prime=[0], gamme=[1]),
    "Plan.quick(text)": lambda: nm.Plan.quick("relu"),
    "verify(text)": lambda: nm.verify("he"),
    "Beta2Plan(None)": lambda: nm.Beta2Plan(beta2_exponents=None),
    "Beta2Plan(text)": lambda: nm.Beta2Plan(beta2_exponents=["x"]),
    "CondensationPlan.paper(x)": lambda: nm.CondensationPlan.paper("x"),
    "load_data(None)": lambda: nm.load_data(None),
    "load_data(3)": lambda: nm.load_data(3),
    "curve(2.0)": lambda: nm.datasets.curve(2.0),
    "curve(True)": lambda: nm.datasets.curve(True),
    "mnist(text)": lambda: nm.datasets.mnist("5"),
    "mnist(path=3)": lambda: nm.datasets.mnist(5, 3),
    "gradient_flow(method=None)": lambda: nm.gradient_flow(NET, X, Y, method=None),
    "gradient_flow(threads=0)": lambda: nm.gradient_flow(NET, X, Y, threads=0),
    "gradient_flow(threads=1.5)": lambda: nm.gradient_flow(NET, X, Y, threads=1.5),
    "gradient_flow(times of times)": lambda: nm.gradient_flow(NET, X, Y, times=[[1.0, 2.0]]),
    "descend(optimizer=adamw)": lambda: nm.descend(NET, X, Y, optimizer="adamw"),
    "descend(optimizer=None)": lambda: nm.descend(NET, X, Y, optimizer=None),
    "descend(rate=0)": lambda: nm.descend(NET, X, Y, rate=0),
    "descend(rate=True)": lambda: nm.descend(NET, X, Y, rate=True),
    "descend(batch=0)": lambda: nm.descend(NET, X, Y, batch=0),
    "descend(batch=many)": lambda: nm.descend(NET, X, Y, batch=1000),
    "descend(max_steps=1.5)": lambda: nm.descend(NET, X, Y, max_steps=1.5),
    "descend(callback=3)": lambda: nm.descend(NET, X, Y, callback=3),
    "descend(network=None)": lambda: nm.descend(None, X, Y),
    "descend(targets)": lambda: nm.descend(NET, X, np.ones(2)),
    "UpdateRule.adam(betas=1)": lambda: nm.UpdateRule.adam((0.9, 1.0)),
    "UpdateRule.adam(three betas)": lambda: nm.UpdateRule.adam((0.9, 0.9, 0.9)),
    "UpdateRule.adam(epsilon)": lambda: nm.UpdateRule.adam(epsilon=-1e-8),
    "UpdateRule.momentum(nan)": lambda: nm.UpdateRule.momentum(np.nan),
    "deep from_weights(None)": lambda: nm.DeepNetwork.from_weights(None),
    "deep from_weights(text)": lambda: nm.DeepNetwork.from_weights("ab"),
    "deep from_weights(nan)": lambda: nm.DeepNetwork.from_weights([np.full((3, 2), np.nan), np.ones((1, 3))]),
    "deep from_weights(fan)": lambda: nm.DeepNetwork.from_weights([np.ones((3, 2)), np.ones((2, 3))]),
    "deep alpha=None": lambda: nm.DeepNetwork.sample((2, 4, 1), (1, 1), alpha=None),
    "from_weights(flat w)": lambda: nm.TwoLayer.from_weights([1, 2], [1, 2], alpha=1, beta1=1, beta2=1),
    "sample(width=10^20)": lambda: nm.TwoLayer.sample(10**20, 1, 0, X),
    "Processes(0)": lambda: nm.Processes(0),
    "Dask(workers=0)": lambda: nm.Dask(workers=0),
    "Dask(workers=text)": lambda: nm.Dask(workers="two"),
    "Processes(1.5)": lambda: nm.Processes(1.5),
    "sample(antisymmetric=text)": lambda: nm.TwoLayer.sample(10, 1, 0, X, antisymmetric="no"),
    "sample(antisymmetric=0)": lambda: nm.TwoLayer.sample(10, 1, 0, X, antisymmetric=0),
    "deep antisymmetric=None": lambda: nm.DeepNetwork.sample((2, 4, 1), (1, 1), antisymmetric=None),
    "deep centred=text": lambda: nm.DeepNetwork.sample((2, 4, 1), (1, 1), centred="x"),
    "deep from_weights(centred=1)": lambda: nm.DeepNetwork.from_weights([np.ones((3, 2)), np.ones((1, 3))], centred=1),
    "sample_network(antisymmetric=x)": lambda: nm.sample_network(HE, 10, 2, antisymmetric="x"),
    "gradient_flow(throw=no)": lambda: nm.gradient_flow(NET, X, Y, throw="no"),
    "gradient_flow(keep_weights=1)": lambda: nm.gradient_flow(NET, X, Y, keep_weights=1),
    "Allowance(finite_width=text)": lambda: nm.Allowance(finite_width="x"),
    "Allowance(critical=-1)": lambda: nm.Allowance(critical=-1),
    "Allowance(widest_interval=None)": lambda: nm.Allowance(widest_interval=None),
    "Allowance(distance=nan)": lambda: nm.Allowance(distance=float("nan")),
    "Allowance(mean_difference=True)": lambda: nm.Allowance(mean_difference=True),
}


@pytest.mark.parametrize("call", CALLS)
def test_arguments_that_are_refused(call):
    with pytest.raises((nm.InputError, pt.TheoryError)) as caught:
        CALLS[call]()
    message = str(caught.value)
    assert "; " in message
    assert "\n" not in message
    assert len(message) < 400


def test_a_path_is_as_good_as_its_text(tmp_path):
    (tmp_path / "mine.csv").write_text("x,y\n1,2\n2,3\n")
    np.testing.assert_array_equal(nm.load_data(tmp_path / "mine.csv")[1], nm.load_data(str(tmp_path / "mine.csv"))[1])


def test_points_and_widths_may_be_any_sequence():
    plan = nm.Plan(points=(point for point in [(1, 0)]), widths=iter([100, 200]))
    assert (plan.points, plan.widths) == (((Fraction(1), Fraction(0)),), (100, 200))


def test_numbers_and_truth_values_of_numpy_are_as_good_as_those_of_python():
    run = nm.gradient_flow(NET, X, Y, threads=np.int64(1), throw=np.True_, keep_weights=np.False_)
    assert run.loss == nm.gradient_flow(NET, X, Y, threads=1).loss
    assert nm.Processes(np.int32(2)).processes == 2
    assert nm.TwoLayer.sample(10, 1, 0, X, antisymmetric=np.False_).width == 10
    assert nm.Allowance(critical=np.float32(0.5), distance=0) == nm.Allowance(critical=0.5, distance=0.0)
