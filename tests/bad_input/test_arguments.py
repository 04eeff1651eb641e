"""Arguments of the wrong kind are refused in one line that says what to give, wherever the package is entered from Python."""

from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

import numerics as nm
import phasetheory as pt

X, Y = nm.datasets.four_points()
NET = nm.TwoLayer.sample(10, 1, 0, X)
DEEP = nm.DeepNetwork.sample((2, 8, 8, 1), (1, 0.5, 0.5))
HE = pt.initialization("he")
X_, Y_ = sp.symbols("x y", real=True)
PLAN = nm.Plan(points=[(1, 0)], widths=(10, 20), seeds=1)
RUNS = nm.scan(PLAN, executor=nm.Serial())

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
    "Network(learning_rates=[])": lambda: pt.Network((1, 1), learning_rates=[]),
    "Network(learning_rates=array)": lambda: pt.Network((1, 1), learning_rates=np.zeros((0, 2))),
    "classify(True)": lambda: pt.classify(True),
    "classify(large)": lambda: pt.classify(10**400),
    "classify(critical=True)": lambda: pt.classify(0, critical=True),
    "parse_scale(symbols=text)": lambda: pt.parse_scale("m", symbols="x"),
    "parse_scale(symbols=3)": lambda: pt.parse_scale("m", symbols=3),
    "parse_scale(comment)": lambda: pt.parse_scale("m # width"),
    "phase_diagram(depth=time)": lambda: pt.phase_diagram(np.timedelta64(2, "s")),
    "gradient_flow(samples=many)": lambda: pt.gradient_flow(samples=10**9),
    "balance_laws(None)": lambda: pt.balance_laws(None),
    "normalize(text)": lambda: pt.normalize("relu"),
    "slopes_on_slice(3)": lambda: pt.slopes_on_slice(3),
    "AbcParametrization(3)": lambda: pt.AbcParametrization(3, (0, 0), (0, 0)),
    "write(form=array)": lambda: pt.write(pt.derive(), np.ones(2)),
    "slopes(norm=array)": lambda: HE.slopes(np.ones(2)),
    "slope(list)": lambda: pt.phase_diagram().slope(["w"]),
    "evaluate(layer)": lambda: pt.phase_diagram().evaluate(1.0, 0.0, layers=["b"]),
    "network_at(3)": lambda: pt.phase_diagram().network_at(3),
    "relu_power(m)": lambda: pt.relu_power(pt.m),
    "leaky_relu(d)": lambda: pt.leaky_relu("d"),
    "Activation(zero)": lambda: pt.Activation("none", right=0),
    "coordinate as a factor": lambda: pt.phase_diagram(network=pt.Network((X_, pt.m**-Y_)), coordinates=(X_, Y_)),
    "TwoLayer(seed=3)": lambda: nm.TwoLayer(np.ones(2), np.ones((2, 2)), 1, 1, seed=3),
    "output_weights(symbol)": lambda: NET.output_weights(X_),
    "input_weights(0)": lambda: NET.input_weights(0),
    "draw(inputs=large)": lambda: nm.TwoLayer.draw(10, 1, 1, 10**400),
    "sample(activation=array)": lambda: nm.TwoLayer.sample(10, 1, 0, X, activation=np.ones(2)),
    "deep sigmas=set": lambda: nm.DeepNetwork.sample((2, 4, 1), {1, 2}),
    "gradient_flow(method=array)": lambda: nm.gradient_flow(NET, X, Y, method=np.ones(2)),
    "gradient_flow(overflow)": lambda: nm.gradient_flow(nm.TwoLayer.draw(10, 1e300, 1, 2, antisymmetric=False), X, Y),
    "check_data(overflow)": lambda: nm.datasets.check_data(X * 1e200, Y),
    "read_data(None)": lambda: nm.datasets.read_data(None),
    "tangent_kernel(layers=nested)": lambda: nm.tangent_kernel(NET, X, layers=[["w"]]),
    "limiting_rate(None)": lambda: nm.limiting_rate(None, X, Y),
    "features(layer=array)": lambda: nm.features(DEEP, np.ones(2)),
    "condensation(rng=text)": lambda: nm.condensation(nm.features(NET), rng="x"),
    "condensation(rng=None)": lambda: nm.condensation(nm.features(NET), rng=None),
    "orientation_histogram(reference)": lambda: nm.orientation_histogram(nm.features(NET), reference=[1, 0]),
    "orientation_histogram(bins=many)": lambda: nm.orientation_histogram(nm.features(NET), 2**63),
    "conserved_drift(removed=short)": lambda: nm.conserved_drift(NET, NET, np.ones(2)),
    "conserved_drift(other width)": lambda: nm.conserved_drift(NET, nm.TwoLayer.sample(12, 1, 0, X)),
    "compare_with_tangent(kappa)": lambda: nm.compare_with_tangent(nm.TwoLayer.draw(10, 1e-200, 1, 2), X, Y),
    "cell_seed(width=text)": lambda: nm.cell_seed(1, width="10", seed=0),
    "cell_seed(True)": lambda: nm.cell_seed(True, width=10, seed=0),
    "Plan(loss_levels={})": lambda: nm.Plan(loss_levels={}),
    "Plan(widths=set)": lambda: nm.Plan(widths={10, 20}),
    "Plan(data_name=3)": lambda: nm.Plan(data_name=3),
    "Plan(data=zeros)": lambda: nm.Plan(data=(X, 0 * Y)),
    "Plan(loss_tol=1)": lambda: nm.Plan(loss_tol=1),
    "CondensationPlan(loss_levels)": lambda: nm.CondensationPlan(loss_levels=[1e-2]),
    "linear_approximation(loss_levels)": lambda: nm.linear_approximation(nm.Plan(loss_levels=[1e-2])),
    "linear_approximation(layers='')": lambda: nm.linear_approximation(nm.Plan(), layers=""),
    "scaling_check(depth of a network)": lambda: nm.scaling_check(HE, depth=2),
    "scaling_check(data=0)": lambda: nm.scaling_check(HE, data=0),
    "scaling_check(widths=3)": lambda: nm.scaling_check(HE, widths=3),
    "train_points(3)": lambda: nm.train_points(3, data=(X, Y)),
    "train_points(pair of one)": lambda: nm.train_points([(1,)], data=(X, Y)),
    "train_points(data=[X])": lambda: nm.train_points(data=[X]),
    "train_points(loss_tol=text)": lambda: nm.train_points(data=(X, Y), loss_tol="x"),
    "MeanField(nodes=text)": lambda: nm.MeanField(X, Y, nodes="x"),
    "MeanField(rtol=None)": lambda: nm.MeanField(X, Y, rtol=None),
    "locate(loss_tol=1)": lambda: nm.locate("he", X, Y, width=10, loss_tol=1),
    "mean_field_slopes(set)": lambda: nm.mean_field_slopes({1, 2}),
    "scan(store=3)": lambda: nm.scan(PLAN, 3, executor=nm.Serial()),
    "scan(extend=1)": lambda: nm.scan(PLAN, executor=nm.Serial(), extend=1),
    "scan(retry_failed='no')": lambda: nm.scan(PLAN, executor=nm.Serial(), retry_failed="no"),
    "scan(progress=3)": lambda: nm.scan(PLAN, executor=nm.Serial(), progress=3),
    "refine(along=seed)": lambda: nm.refine(PLAN, rounds=0, along="seed"),
    "refine(select=list)": lambda: nm.refine(PLAN, rounds=0, select=["w"]),
    "refine(select=other)": lambda: nm.refine(PLAN, rounds=0, select={"layer": "b", "norm": "frobenius"}),
    "Dask(timeout=text)": lambda: nm.Dask("tcp://x:1", timeout="x"),
    "Dask(timeout=0)": lambda: nm.Dask("tcp://x:1", timeout=0),
    "Dask(scheduler=3)": lambda: nm.Dask(3),
    "Dask(scheduler='')": lambda: nm.Dask(""),
    "Dask(client=3)": lambda: nm.Dask(client=3),
    "Processes(large)": lambda: nm.Processes(10**400),
    "Observable(labels=3)": lambda: nm.Observable("x", 3),
    "Outcome(values=None)": lambda: nm.Outcome(None),
    "fit(widths=text)": lambda: nm.slopes.fit("ab", [[1], [1]]),
    "fit(masked)": lambda: nm.slopes.fit([10, 20], np.ma.array([[1.0], [2.0]], mask=[[True], [False]])),
    "fit(complex)": lambda: nm.slopes.fit([10, 20], [[1j], [2]]),
    "fit(level=text)": lambda: nm.slopes.fit([10, 20], [[1], [1]], level="x"),
    "fit(level=1e-320)": lambda: nm.slopes.fit([10, 20], [[1], [1]], level=1e-320),
    "fit(resamples=0)": lambda: nm.slopes.fit([10, 20], [[1], [1]], resamples=0),
    "fit(resamples=1.5)": lambda: nm.slopes.fit([10, 20], [[1], [1]], resamples=1.5),
    "fit(rng=None)": lambda: nm.slopes.fit([10, 20], [[1], [1]], rng=None),
    "slope_map(None)": lambda: nm.slopes.slope_map(None),
    "crossings(level=2)": lambda: nm.slopes.crossings(RUNS, level=2),
    "crossings(observable)": lambda: nm.slopes.crossings(RUNS, observable="status"),
    "slope_map(observable=3)": lambda: nm.slopes.slope_map(RUNS, 3),
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
