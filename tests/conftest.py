"""Hypothesis profiles, and what the tests of the integrators share."""

import gc
import os
from importlib import import_module

import numpy as np
import pytest
from hypothesis import settings

import numerics as nm
from numerics.flow.two_layer.chunks import Chunks
from numerics.flow.two_layer.problem import METHODS
from numerics.flow.two_layer.state import TwoLayerFlow

settings.register_profile("local", deadline=None, max_examples=50)
settings.register_profile("ci", deadline=None, max_examples=50, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")


def pytest_configure():
    """One thread of BLAS and of PyTorch for each worker: workers share the cores, and threads beyond those wait, busily."""
    for library in ("OMP", "OPENBLAS", "MKL"):
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")  # the workers are not started yet


def pytest_collection_modifyitems(items):
    """What needs PyTorch is all in folders of this name."""
    for item in items:
        if "pytorch" in item.path.parts:
            item.add_marker(pytest.mark.extra)


def pytest_collection_finish():
    """What is loaded by now stays: the garbage collector need not look at it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000)


class Recording(dict):
    """A catalogue of messages that remembers what was looked up."""

    def __init__(self, messages):
        super().__init__(messages)
        self.used = set()

    def get(self, message, default=None):
        self.used |= {message} & self.keys()
        return super().get(message, default)


@pytest.fixture(scope="session")
def recording():
    return Recording


#: Modules that start processes if nobody says where to run.
_STARTERS = [import_module(f"numerics.{name}") for name in ("scans.scan", "experiments.verify", "commands.running")]


@pytest.fixture(scope="session", autouse=True)
def cells_in_turn():
    """Cells run in the process of the tests unless a number of processes is given: each takes seconds to start."""
    with pytest.MonkeyPatch.context() as patch:
        for module in _STARTERS:
            patch.setattr(
                module, "Processes", lambda processes=None: nm.Processes(processes) if processes else nm.Serial()
            )
        yield


@pytest.fixture(scope="session", autouse=True)
def compiled_once(worker_id):
    """Two workers begin with different kernels, half a minute each: what both want at one time both compile."""
    inputs = {"gw0": 2, "gw1": 3}.get(worker_id)
    if inputs:
        X, y = np.random.default_rng(0).standard_normal((4, inputs)), np.array([1.0, -1.0, 1.0, -1.0])
        nm.gradient_flow(nm.TwoLayer.sample(4, 1, 0, X), X, y, t_max=1e-3, throw=False)
        if inputs == 2:  # those of weight decay are the same for any inputs
            nm.gradient_flow(nm.TwoLayer.sample(4, 1, 0, X), X, y, max_steps=1, weight_decay=1e-3, throw=False)


@pytest.fixture
def default_processes(monkeypatch):
    """As for a user: processes if nobody says where to run."""
    for module in _STARTERS:
        monkeypatch.setattr(module, "Processes", nm.Processes)


class Bench:
    """A network loaded into the flow's own objects, for tests below the level of gradient_flow."""

    def __init__(self, network, X, y, method="rkc", threads=1):
        self.flow = TwoLayerFlow(network, X, y, Chunks(network.width, threads))
        self.method = METHODS[method](self.flow)
        self.point, self.other = self.method.new_point(), self.method.new_point()
        self.point.load(network)
        self.flow.update_residual(self.point)
        self.flow.evaluate(self.point)
        self.method.prepare(self.point)

    def advance(self, time, steps, *, radius=None):
        """u and v, flat as (1 + d, m), after ``steps`` equal steps; ``radius`` replaces the spectral radius."""
        for _ in range(steps):
            if radius is not None:
                self.point.radius = radius
            self.method.attempt(self.point, time / steps, self.other)
            self.point, self.other = self.other, self.point
            self.method.prepare(self.point)
        return np.concatenate([part.T.ravel() for part in self.point.weights()])


@pytest.fixture(scope="session")
def bench():
    return Bench


@pytest.fixture(scope="session")
def four_points():
    return nm.datasets.four_points()


def twin_forward(u, v, X, kappa, s):
    """Plain NumPy output; v is (m, d)."""
    z = v @ X.T
    return kappa * u @ np.where(z > 0, z, s * z)


def twin_jacobian(u, v, X, kappa, s):
    """J = df/d(u, v) as (n, m) and (n, m, d)."""
    z = (v @ X.T).T
    slope = np.where(z > 0, 1.0, s)
    return kappa * slope * z, kappa * (u * slope)[:, :, None] * X[:, None, :]


@pytest.fixture(scope="session")
def twin():
    return twin_forward, twin_jacobian
