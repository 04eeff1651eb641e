"""A module as a network: its derivatives, its flow beside the engines of this package, and what it refuses."""

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import numerics as nm
from numerics.flow.deep.problem import DeepProblem

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from numerics.flow.modules.problem import ModuleProblem  # noqa: E402
from numerics.pytorch import Module  # noqa: E402


class Perceptron(nn.Module):
    """The module of a DeepNetwork of one copy, in its uniform coordinates."""

    def __init__(self, network):
        super().__init__()
        self.kappa, self.activation = network.kappa, network.activation
        self.names = network.layers
        for name, w in zip(network.layers, network.weights, strict=True):
            self.register_parameter(name, nn.Parameter(torch.from_numpy(w[0].copy())))

    def forward(self, x):
        step = torch.relu if self.activation.homogeneous else torch.tanh
        for name in self.names[:-1]:
            x = step(x @ getattr(self, name).T)
        return self.kappa * (x @ getattr(self, self.names[-1]).T).squeeze(1)


class Tied(nn.Module):
    """One matrix in two places."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(4, 4, bias=False)
        self.second = self.first
        self.last = nn.Linear(4, 2)

    def forward(self, x):
        return self.last(torch.tanh(self.second(torch.tanh(self.first(x)))))


def pair(activation="relu", sigmas=(1, 0.2, 0.2), width=30):
    deep = nm.DeepNetwork.sample((2, width, width, 1), sigmas, rng=1, activation=activation)
    laws = ({"W1": 1, "W2": -1}, {"W2": 1, "a": -1}) if activation == "relu" else ()
    return deep, Module.of(Perceptron(deep), conserved=laws)


MODULES = {
    "biases": (lambda: nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 2)), (3,)),
    "batch norm": (lambda: nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.GELU(), nn.Linear(8, 1)), (3,)),
    "layer norm": (lambda: nn.Sequential(nn.Linear(3, 8), nn.LayerNorm(8), nn.SiLU(), nn.Linear(8, 1)), (3,)),
    "images": (lambda: nn.Sequential(nn.Conv2d(2, 3, 3), nn.Tanh(), nn.Flatten(), nn.Linear(12, 1)), (2, 4, 4)),
    "tied": (Tied, (4,)),
}


@pytest.mark.parametrize("kind", MODULES)
def test_derivatives_are_those_of_differences(kind):
    torch.manual_seed(0)
    make, sample = MODULES[kind]
    network, random = Module.of(make()), np.random.default_rng(0)
    X = random.standard_normal((4, *sample))
    forward, jacobian = network.forward(X), network.jacobian(X)
    v = [random.standard_normal(w.shape) for w in network.weights]
    c = random.standard_normal(len(jacobian.rows))

    def moved(h):
        return [w + h * part for w, part in zip(network.weights, v, strict=True)]

    h = 1e-5
    slope = (forward.output(moved(h)) - forward.output(moved(-h))).ravel() / (2 * h)
    np.testing.assert_allclose(jacobian.product(v), slope, atol=1e-8)
    np.testing.assert_allclose(forward.push(network.weights, v), jacobian.product(v), atol=1e-12)
    pulled = forward.pull(network.weights)[1](c)
    np.testing.assert_allclose(np.concatenate([p.ravel() for p in jacobian.transposed_product(c)]), pulled, atol=1e-12)
    np.testing.assert_allclose(sum(jacobian.kernels()), jacobian.rows @ jacobian.rows.T, atol=1e-12)
    np.testing.assert_allclose(nm.tangent_kernel(network, X), jacobian.rows @ jacobian.rows.T, atol=1e-12)
    bent = (forward.pull(moved(h))[1](c) - forward.pull(moved(-h))[1](c)) / (2 * h)
    np.testing.assert_allclose(forward.curvature(network.weights, c)(v), bent, atol=1e-7)


def test_a_tied_parameter_is_one_layer():
    assert Module.of(Tied()).layers == ("first.weight", "last.weight", "last.bias")


@pytest.mark.filterwarnings("ignore:tanh is homogeneous")
@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_equal_steps_are_those_of_the_deep_engine(four_points, activation):
    X, y = four_points
    deep, module = pair(activation)
    one, other = DeepProblem(deep, X, y, "rkc", None), ModuleProblem(module, X, y, "rkc", None)
    one.flow.balance = None  # which puts the deep engine's steps back on the balance law
    h = step_for(deep, X)
    for _ in range(20):
        for problem in (one, other):
            problem.method.prepare(problem.point)
            problem.point.radius = 20 / h  # as many stages
            problem.method.attempt(problem.point, h, problem.trial)
            problem.point, problem.trial = problem.trial, problem.point
    assert other.point.loss < 0.5 * module_loss(module, X, y)
    np.testing.assert_allclose(other.point.residual, one.point.residual, rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose(other.point.moved, one.point.moved, rtol=1e-6)
    np.testing.assert_allclose(other.point.y, one.point.y, rtol=1e-6, atol=1e-9)


@pytest.mark.filterwarnings("ignore:tanh is homogeneous")
@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_exponential_steps_are_simpson_s_by_the_deep_network_s_own_jacobian(four_points, activation):
    """Its networks know nothing of PyTorch, nor of the passes of a step."""
    X, y = four_points
    network, module = pair(activation)
    problem, h = ModuleProblem(module, X, y, "exponential", None), step_for(network, X)

    def moved(*parts):
        changes = [jacobian.transposed_product(c) for jacobian, c in parts]
        pairs = zip(network.weights, zip(*changes, strict=True), strict=True)
        return replace(network, weights=tuple(w - sum(change) for w, change in pairs))

    for _ in range(20):
        problem.method.prepare(problem.point)
        problem.method.attempt(problem.point, h, problem.trial)
        problem.point, problem.trial = problem.trial, problem.point
        first, residual = network.jacobian(X), network(X) - y
        c = integral(h, residual, first)
        last = moved((first, c)).jacobian(X)
        half = moved((first, 3 / 8 * c), (last, c / 8)).jacobian(X)
        last = moved((half, c)).jacobian(X)
        network = moved((first, c / 6), (half, 2 / 3 * c), (last, c / 6))
    assert problem.point.loss < 0.5 * module_loss(module, X, y)
    np.testing.assert_allclose(problem.point.residual, network(X) - y, rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose(
        problem.point.y, np.concatenate([w.ravel() for w in network.weights]), rtol=1e-6, atol=1e-9
    )


def integral(h, residual, jacobian):
    """int_0^h e ds/n of a residual that a kernel makes decay."""
    n = len(residual)
    rates, modes = np.linalg.eigh(sum(jacobian.kernels()) / n)
    return modes @ (-np.expm1(-rates * h) / rates * (modes.T @ residual)) / n


def step_for(network, X):
    return 0.3 / float(np.linalg.eigvalsh(nm.tangent_kernel(network, X) / len(X))[-1])


def module_loss(network, X, y):
    return float(np.sum((network(X) - y) ** 2)) / (2 * len(y))


@pytest.mark.parametrize("method", ["exponential", "rkc"])
def test_a_run_is_that_of_the_deep_engine(four_points, method):
    X, y = four_points
    deep, module = pair()
    one, other = (nm.gradient_flow(net, X, y, method=method, loss_tol=1e-4) for net in (deep, module))
    for layer in deep.layers:
        assert other.relative_distance[layer] == pytest.approx(one.relative_distance[layer], rel=2e-2)
    assert other.conserved_drift < 1e-2
    measured, reference = (nm.layer_observables(run.network, run.initial) for run in (other, one))
    for layer in deep.layers:
        assert measured[layer].relative_distance == pytest.approx(other.relative_distance[layer])
        spectral = reference[layer].spectral_relative_distance
        assert measured[layer].spectral_relative_distance == pytest.approx(spectral, rel=2e-2)


@pytest.mark.filterwarnings("ignore:tanh is homogeneous")
@pytest.mark.parametrize("method", ["exponential", "rkc"])
def test_the_run_keeps_to_the_accuracy_asked_for(four_points, method):
    X, y = four_points
    _, module = pair("tanh")
    fine = nm.gradient_flow(module, X, y, rtol=1e-4, loss_tol=1e-3, method="rkc")
    usual = nm.gradient_flow(module, X, y, rtol=1e-2, loss_tol=1e-3, method=method)
    for layer in module.layers:
        assert usual.relative_distance[layer] == pytest.approx(fine.relative_distance[layer], rel=1e-2)


def test_several_outputs_are_one_network_each_where_nothing_is_shared(four_points):
    X, _y = four_points
    torch.manual_seed(0)
    net = Module.of(nn.Linear(2, 3, bias=False))
    targets = X @ [[0.5, -0.2, 1.0], [0.1, 0.4, -0.3]]
    run = nm.gradient_flow(net, X, targets, loss_tol=1e-6, times=[0.1])
    rows = [
        nm.gradient_flow(
            Module.of(replace_row(net, k)), X, targets[:, k], loss_tol=1e-30, t_max=run.t, times=[0.1], throw=False
        )
        for k in range(3)
    ]
    assert run.loss == pytest.approx(sum(row.loss for row in rows), rel=1e-6)
    assert run.snapshots.outputs.shape == (1, 4, 3)
    np.testing.assert_allclose(run.snapshots.outputs[0], np.stack([r.snapshots.outputs[0] for r in rows], axis=1))
    assert run.to_xarray()["snapshot_output"].dims == ("snapshot", "sample", "output")


def replace_row(network, k):
    layer = nn.Linear(2, 1, bias=False, dtype=torch.float64)
    layer.weight = nn.Parameter(torch.from_numpy(network.weights[0][k : k + 1].copy()))
    return nn.Sequential(layer, nn.Flatten(0))


def test_cross_entropy_follows_small_steps_of_gradient_descent(four_points):
    X, _ = four_points
    labels = np.array([0, 2, 1, 1])
    torch.manual_seed(1)
    net = Module.of(nn.Sequential(nn.Linear(2, 12), nn.Tanh(), nn.Linear(12, 3)), centred=False)
    run = nm.gradient_flow(net, X, labels, loss="cross-entropy", loss_tol=0.7)
    assert run.converged
    assert run.stats.method == "rkc"
    steps = 1500
    weights = [w.copy() for w in net.weights]
    forward = net.forward(X)
    for _ in range(steps):
        f, pullback = forward.pull(weights)
        p = np.exp(f.reshape(4, 3))
        p /= p.sum(axis=1, keepdims=True)
        p[np.arange(4), labels] -= 1
        slope = np.split(pullback(p.ravel() / 4), np.cumsum([w.size for w in weights])[:-1])
        weights = [w - run.t / steps * part.reshape(w.shape) for w, part in zip(weights, slope, strict=True)]
    slow = nm.layer_observables(replace(net, weights=tuple(weights)), net)
    for layer, rd in run.relative_distance.items():
        assert rd == pytest.approx(slow[layer].relative_distance, rel=2e-2)


def test_learning_rates_of_layers_are_those_of_the_deep_engine(four_points):
    X, y = four_points
    weights = [np.random.default_rng(k).standard_normal(s) / 3 for k, s in enumerate([(10, 2), (10, 10), (1, 10)])]
    rates = (0.5, 2.0, 1.0)
    deep = nm.DeepNetwork.from_weights(weights, learning_rates=rates)
    module = Module.of(
        Perceptron(replace(deep, weights=tuple(w[None] for w in weights), kappa=1.0)),
        centred=False,
        learning_rates=dict(zip(deep.layers, rates, strict=True)),
    )
    one, other = (nm.gradient_flow(net, X, y, loss_tol=1e-2, method="rkc") for net in (deep, module))
    assert other.t == pytest.approx(one.t * deep.time_unit, rel=0.05)
    for layer in deep.layers:
        assert other.relative_distance[layer] == pytest.approx(one.relative_distance[layer], rel=2e-2)


def test_a_layer_that_starts_at_zero_reports_its_distance(four_points):
    X, y = four_points
    model = nn.Sequential(nn.Linear(2, 8, bias=False), nn.Tanh(), nn.Linear(8, 1), nn.Flatten(0))
    nn.init.zeros_(model[2].bias)
    run = nm.gradient_flow(Module.of(model), X, y, loss_tol=1e-2)
    moved = abs(run.network.weights[-1] - run.initial.weights[-1]).item()
    assert run.initial.layers[-1] == "2.bias"
    assert run.relative_distance["2.bias"] == pytest.approx(moved)
    assert nm.layer_observables(run.network, run.initial)["2.bias"].spectral_relative_distance == pytest.approx(moved)
    assert run.relative_distance["0.weight"] > 0


@pytest.mark.parametrize("seed", range(4))
def test_a_sample_on_which_all_neurons_are_dead_is_an_end(seed):
    X, y = np.array([[1.0, 0.2], [0.3, 1.0], [-1.0, -1.0]]), np.array([0.5, 0.3, 0.7])
    torch.manual_seed(seed)
    layers = [
        nn.Linear(2, 8, bias=False),
        nn.ReLU(),
        nn.Linear(8, 8, bias=False),
        nn.ReLU(),
        nn.Linear(8, 1, bias=False),
    ]
    nn.init.uniform_(layers[0].weight)  # the third sample is behind every neuron
    run = nm.gradient_flow(Module.of(nn.Sequential(*layers)), X, y, loss_tol=1e-8, throw=False)
    assert run.status is nm.Status.STATIONARY
    assert run.loss == pytest.approx(0.7**2 / 6, rel=1e-6)
    np.testing.assert_allclose(run.network(X).ravel(), [0.5, 0.3, 0.0], atol=1e-6)


def test_the_module_given_is_left_as_it_is(four_points):
    X, y = four_points
    model = nn.Sequential(nn.Linear(2, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Linear(8, 1))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    nm.gradient_flow(Module.of(model), X, y, loss_tol=1e-2)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert next(model.parameters()).dtype == torch.float32
    assert next(model.parameters()).requires_grad


def linear():
    return Module.of(nn.Linear(2, 1))


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: Module.of(3), "module is of type int; give a torch.nn.Module"),
        (lambda: Module.of(nn.ReLU()), "no parameters that ask for a gradient"),
        (lambda: Module.of(nn.Sequential(nn.Linear(2, 1), nn.Dropout())), "1 is dropout in training mode"),
        (lambda: Module.of(nn.Linear(2, 1), learning_rates={"w": 1}), "'w', which is no layer; the layers are weight, bias"),
        (lambda: Module.of(nn.Linear(2, 1), learning_rates={"bias": 0}), "the learning rate of bias = 0 is not positive"),
        (lambda: Module.of(nn.Linear(2, 1), learning_rates=2), "learning_rates = 2; give a mapping"),
        (lambda: Module.of(nn.Linear(2, 1), conserved=[{"U": 1}]), "conserved names 'U', which is no layer"),
        (lambda: linear()(np.ones((3, 5))), "Linear does not take X of shape (3, 5) and type float64"),
        (lambda: linear()(np.ones((3, 0))), "X has shape (3, 0); give at least one sample"),
        (lambda: linear()(np.ones((2, 3, 2))), "the module's output for 2 samples has"),
        (lambda: nm.gradient_flow(linear(), np.eye(2), [1, 2, 3]), "y has shape (3,) and the module's output (2, 1)"),
        (lambda: nm.gradient_flow(linear(), np.eye(2), [1, 2], threads=2), "threads = 2 for a Module"),
        (lambda: nm.gradient_flow(linear(), np.eye(2), [1, 2], weight_decay=0.1), "weight_decay for a Module"),
        (lambda: nm.gradient_flow(linear(), np.eye(2), [1, 2], method="kink-exact"), "method = 'kink-exact'; use one of auto"),
        (lambda: nm.gradient_flow(linear(), np.eye(2), [1, 2], loss="hinge"), "loss = 'hinge'; use one of squares"),
        (lambda: nm.gradient_flow(linear(), np.eye(2), [0, 1], loss="cross-entropy"), "at least two classes"),
        (
            lambda: nm.gradient_flow(Module.of(nn.Linear(2, 3)), np.eye(2), [0, 3], loss="cross-entropy"),
            "give 2 integers from 0 to 2",
        ),
        (
            lambda: nm.gradient_flow(
                Module.of(nn.Linear(2, 3)), np.eye(2), [0, 1], loss="cross-entropy", method="exponential"
            ),
            "method = 'exponential'; use one of auto, rkc",
        ),
    ],
)  # fmt: skip
def test_refused_in_one_line(call, says):
    with pytest.raises(nm.InputError) as error:
        call()
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_importing_the_package_does_not_import_pytorch():
    code = "import sys, numerics; assert 'torch' not in sys.modules; numerics.pytorch; assert 'torch' in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_without_pytorch_one_line_says_what_to_install():
    code = "import sys; sys.modules['torch'] = None; import numerics; numerics.pytorch"
    found = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    last = found.stderr.strip().splitlines()[-1]
    assert last.startswith("numerics.errors.MissingPackageError: numerics.pytorch needs PyTorch")
    assert "pip install 'phasetheory[torch]'" in last


def test_every_public_name_has_its_place_in_the_reference():
    page = (Path(__file__).parents[2] / "docs" / "api" / "pytorch.md").read_text()
    assert set(re.findall(r"^   (\w+)$", page, re.M)) == set(nm.pytorch.__all__)
