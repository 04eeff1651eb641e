"""Hypothesis profiles, and what the tests of the integrators share."""

import os

import numpy as np
import pytest
from hypothesis import settings

import numerics as nm
from numerics.flow.two_layer import METHODS, Chunks, Point
from numerics.flow.two_layer.state import RightHandSide

settings.register_profile("local", deadline=None, max_examples=50)
settings.register_profile("ci", deadline=None, max_examples=50, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")


class Bench:
    """A network loaded into the integrators' own objects, for tests below the level of gradient_flow."""

    def __init__(self, network, X, y, method="rkc", threads=1):
        m, d = network.v.shape
        self.rhs = RightHandSide(network, X, y, Chunks(m, threads))
        self.start, self.point, self.other = (Point(m, d, len(y)) for _ in range(3))
        for point in (self.start, self.point):
            point.u[:] = network.u
            point.v[:] = network.v.T
        self.rhs.update_residual(self.point)
        self.rhs.evaluate(self.point, self.other)
        self.integrator = METHODS[method](self.rhs, self.start, self.rhs.chunks)
        self.integrator.prepare(self.point)

    def advance(self, time, steps, *, radius=None):
        """u and v, flat as (1 + d, m), after ``steps`` equal steps; ``radius`` replaces the spectral radius."""
        for _ in range(steps):
            if radius is not None:
                self.point.radius = radius
            self.integrator.attempt(self.point, time / steps, self.other)
            self.point, self.other = self.other, self.point
            self.integrator.prepare(self.point)
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
