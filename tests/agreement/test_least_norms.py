"""What weight decay and dropout minimise in the end, as the documents state it, on the four points: norms and the threshold.

The predicted numbers are those of this project's own trained networks: V = 1.8011 and 0.0309 at mu = 0.02 and 0.2, 0 at 0.23.
"""

import numpy as np
import pytest
import sympy as sp
from scipy.optimize import linprog, nnls

import numerics as nm
import phasetheory as pt

X, y = nm.datasets.four_points()
KINKS = np.arctan2(X[:, 1], X[:, 0])[:, None] + [np.pi / 2, -np.pi / 2]
ANGLES = np.append(np.pi * np.arange(7200) / 3600, KINKS)
FEATURES = np.maximum(X @ np.array([np.cos(ANGLES), np.sin(ANGLES)]), 0)  # sigma(v.x) of directions v, kinks included
FEATURES = FEATURES[:, FEATURES.any(axis=0)]
BOTH = np.hstack([FEATURES, -FEATURES])  # coefficients of both signs


def least(weights):
    """Least sum_j weight_j |c_j| of all c with sum_j c_j phi_j = y on the data, and how many are not zero."""
    found = linprog(np.tile(weights, 2), A_eq=BOTH, b_eq=y)
    return found.fun, int(np.sum(found.x > 1e-9))


def end_of_decay(mu):
    """V at the minimum of (1/2n)|f - y|^2 + mu V over these directions.

    The residual y - f is the point nearest to y among those that push no direction harder than mu: least distance
    programming, as a problem of nonnegative least squares (Lawson and Hanson 1974, chapter 23).
    """
    n = len(y)
    system = np.vstack([-BOTH, BOTH.T @ y - n * mu])
    last = np.append(np.zeros(n), 1.0)
    rest = system @ nnls(system, last)[0] - last
    f = rest[:n] / rest[n] if abs(rest[n]) > 1e-12 else np.zeros(n)
    return float((y - f) @ f / (n * mu))


def test_norms_of_the_data_take_at_most_as_many_directions_as_samples():
    in_data, directions = least(np.linalg.norm(FEATURES, axis=0))
    assert in_data == pytest.approx(4.294, abs=2e-3)  # N of the programme of dropout
    assert directions <= len(y)
    variation, directions = least(np.ones(FEATURES.shape[1]))
    assert variation == pytest.approx(5.414, abs=2e-3)
    assert directions <= len(y)


def test_the_threshold_of_collapse_is_the_largest_first_push():
    threshold = max(abs(direction.value) for direction in pt.condensed_directions(X, y)) / len(y)
    assert threshold == pytest.approx(0.2236225, abs=1e-7)
    assert np.max(np.abs(FEATURES.T @ y)) / len(y) == pytest.approx(threshold, abs=1e-4)
    assert end_of_decay(1.01 * threshold) < 1e-9
    assert end_of_decay(0.97 * threshold) == pytest.approx(8.8e-3, abs=5e-5)


@pytest.mark.parametrize(("mu", "variation"), [(0.02, 1.8011), (0.2, 0.0309)])
def test_the_variation_norm_at_the_end(mu, variation):
    assert end_of_decay(mu) == pytest.approx(variation, rel=1e-3)


@pytest.mark.parametrize("depth", [3, 4])
def test_one_chain_is_kept_up_to_the_largest_pull(depth):
    z, optimum, curvature = sp.symbols("z z_0 h", positive=True)
    pull = curvature * (optimum - z) * z ** (1 - sp.Rational(2, depth))
    place = optimum * sp.Rational(depth - 2, 2 * depth - 2)
    assert sp.simplify(sp.diff(pull, z).subs(z, place)) == 0
    assert sp.simplify(sp.diff(pull, z, 2).subs(z, place)).is_negative
