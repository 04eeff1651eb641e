"""Coefficients of the Runge-Kutta methods, against other sources and against what their order demands."""

from types import SimpleNamespace

import numpy as np
import pytest
from numpy.polynomial import Chebyshev, Polynomial
from scipy.integrate import RK45

from numerics.flow.rkc import RungeKuttaChebyshev, _chebyshev, chebyshev_coefficients
from numerics.flow.two_layer import dormand_prince


def test_dormand_prince_is_that_of_scipy():
    tableau = np.array([np.pad(row, (0, 6 - len(row))) for row in dormand_prince._A])
    np.testing.assert_allclose(tableau[:5, :5], RK45.A[1:], rtol=1e-15)
    np.testing.assert_allclose(tableau[5], RK45.B, rtol=1e-15)
    np.testing.assert_allclose(dormand_prince._ERROR, -RK45.E, rtol=1e-15)


@pytest.mark.parametrize("degree", [2, 3, 7, 30])
def test_chebyshev_polynomials_and_their_derivatives(degree):
    w0 = 1 + 2 / (13 * degree**2)
    for found, order in zip(_chebyshev(w0, degree), (0, 1, 2), strict=True):
        expected = [(Chebyshev.basis(j).deriv(order) if order else Chebyshev.basis(j))(w0) for j in range(degree + 1)]
        np.testing.assert_allclose(found, expected, rtol=1e-9)


def stability_polynomial(stages):
    """y after a step of h = z for dy/dt = y, by the stages as they are run."""
    z, one = Polynomial([0.0, 1.0]), Polynomial([1.0])
    first, rows = chebyshev_coefficients(stages)
    before, last = one, one + first * z
    for mu, nu, mu_tilde, gamma_tilde in rows:
        before, last = last, (1 - mu - nu) * one + mu * last + nu * before + z * (mu_tilde * last + gamma_tilde * one)
    return last


@pytest.mark.parametrize("stages", [2, 3, 5, 12])
def test_a_chebyshev_step_is_of_second_order_and_stable_over_its_whole_range(stages):
    """1 + z + z^2/2, with |R| below 1 from 0 to -beta: beta = (w0 + 1) T''/T' at w0, about 2/3 (s^2 - 1)(1 - 2/15 eps)."""
    found = stability_polynomial(stages)
    np.testing.assert_allclose(found.coef[:3], [1.0, 1.0, 0.5], rtol=1e-9)
    assert found.degree() == stages
    damping = 2 / 13
    beta = 2 / 3 * (stages**2 - 1) * (1 - 2 / 15 * damping)
    assert np.max(np.abs(found(np.linspace(-beta * 0.99, -1e-3, 4000)))) < 1.0
    assert np.max(np.abs(found(np.linspace(-1.2 * beta, -1.1 * beta, 100)))) > 1.0
    inner = np.abs(found(np.linspace(-0.95 * beta, -0.3 * beta, 2000)))
    assert np.max(inner) < 1 - damping / 4  # damped to 1 - damping/3


@pytest.mark.parametrize("stages", [4, 6, 9, 20])
def test_the_times_of_the_stages(stages):
    """c_j = (T_s'/T_s'') (T_j''/T_j') at w0, about (j^2 - 1)/(s^2 - 1), and c_1 = c_2 by b_1 = 1/w0."""
    first, rows = chebyshev_coefficients(stages)
    times = [0.0, first]
    for mu, nu, mu_tilde, gamma_tilde in rows:
        times.append(mu * times[-1] + nu * times[-2] + mu_tilde + gamma_tilde)
    w0 = 1 + 2 / (13 * stages**2)
    ratios = [Chebyshev.basis(j).deriv(2)(w0) / Chebyshev.basis(j).deriv(1)(w0) for j in range(2, stages + 1)]
    np.testing.assert_allclose(times[2:], np.array(ratios) / ratios[-1], rtol=1e-9)
    assert times[1] == pytest.approx(times[2], rel=1e-12)


@pytest.mark.parametrize("product", [0.0, 1.0, 1.7, 1.8, 3.0, 5.2, 5.4, 40.0, 900.0])
def test_as_many_stages_as_stability_asks_for(product):
    """h times the spectral radius, 15 % more of it; two at least, and not one more than needed."""
    passes = []
    flow = SimpleNamespace(
        new_point=SimpleNamespace,
        euler=lambda point, h, out: passes.append(out),
        stage=lambda y1, y2, y0, coefficients, out: passes.append(out),
        arrive=lambda out: passes.append(None),
    )
    point, out = SimpleNamespace(radius=product / 0.1), SimpleNamespace()
    RungeKuttaChebyshev(flow).step(point, 0.1, out)
    assert passes[-2:] == [out, None]  # the last stage is written to the end of the step
    stages = len(passes) - 1
    assert 0.6533 * (stages**2 - 1) >= 1.15 * product
    assert stages == 2 or 0.6533 * ((stages - 1) ** 2 - 1) <= 1.16 * product
