"""The lists of Everett et al. (arXiv 2407.05872), for SGD and for Adam, against what is derived here.

Their layers are embedding, hidden, readout; any number of hidden ones. Learning rates are those of their full alignment.
"""

import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

import phasetheory as pt
from phasetheory.networks.abc import AbcParametrization
from phasetheory.scaling.optimizers import as_optimizer

HALF = sp.Rational(1, 2)
rationals = st.fractions(min_value=-2, max_value=2, max_denominator=4).map(sp.Rational)
MULTIPLIERS = {
    "standard": ((0, 0, 0), (0, HALF, HALF)),
    "tangent": ((0, HALF, HALF), (0, 0, 0)),
    "muP": ((-HALF, 0, HALF), (HALF, HALF, HALF)),
    "mean field": ((0, HALF, 1), (0, 0, 0)),
}
RATES = {
    "gradient-flow": {
        "standard": (-HALF, HALF, 1),
        "tangent": (-HALF, -HALF, 0),
        "muP": (0, 0, 0),
        "mean field": (-1, -1, -1),
    },
    "adam": {
        "standard": (0, 1, 1),
        "tangent": (0, HALF, HALF),
        "muP": (HALF, 1, HALF),
        "mean field": (0, HALF, 0),
    },
}
optimizers = pytest.mark.parametrize("optimizer", RATES)
depths = pytest.mark.parametrize("depth", [2, 3, 5])


def published(name, optimizer, depth):
    lists = (*MULTIPLIERS[name], RATES[optimizer][name])
    return AbcParametrization(*((first, *[hidden] * (depth - 2), last) for first, hidden, last in lists))


def network(name, optimizer, depth):
    return published(name, optimizer, depth).network(optimizer=optimizer)


@optimizers
@depths
def test_mu_p_is_the_critical_point_of_its_optimiser(optimizer, depth):
    net = network("muP", optimizer, depth)
    assert set(net.slopes("spectral", optimizer=optimizer).values()) == {0}
    point = pt.critical_point(depth, optimizer=optimizer).network()
    (s, alpha), (t, beta) = (n.exponents.absorbed(as_optimizer(optimizer)) for n in (net, point))
    (shift,) = {x - y for x, y in zip(s, t, strict=True)}
    assert alpha - beta == depth * shift


@pytest.mark.parametrize(("depth", "critical"), [(2, True), (3, False), (5, False)])
def test_the_list_of_one_optimiser_is_not_critical_under_the_other(depth, critical):
    """Negative control. Without hidden layers the two lists differ by a common factor on the rates, which is the clock."""
    for own, other in (("gradient-flow", "adam"), ("adam", "gradient-flow")):
        slopes = published("muP", own, depth).network(optimizer=other).slopes("spectral", optimizer=other)
        assert (set(slopes.values()) == {0}) is critical


@optimizers
@depths
@pytest.mark.parametrize("pair", [("muP", "mean field"), ("standard", "tangent")])
def test_their_equivalences_are_one_network(optimizer, depth, pair):
    first, second = (published(name, optimizer, depth) for name in pair)
    theta = [y - x for x, y in zip(first.a, second.a, strict=True)]
    assert first.shifted(theta, optimizer=optimizer) == second
    one, other = (lists.network(optimizer=optimizer) for lists in (first, second))
    assert one.exponents == other.exponents
    assert one.slopes(optimizer=optimizer) == other.slopes(optimizer=optimizer)


@pytest.mark.slow
@given(
    st.lists(rationals, min_size=3, max_size=3), st.lists(rationals, min_size=9, max_size=9), st.sampled_from([*RATES])
)
def test_a_shift_of_a_shifts_c_by_the_order_of_the_optimiser(theta, lists, optimizer):
    given_lists = AbcParametrization(tuple(lists[:3]), tuple(lists[3:6]), tuple(lists[6:]))
    shifted = given_lists.shifted(theta, optimizer=optimizer)
    assert shifted.network(optimizer=optimizer).exponents == given_lists.network(optimizer=optimizer).exponents
    order = {"gradient-flow": 2, "adam": 1}[optimizer]
    assert shifted.c == tuple(c - order * t for c, t in zip(given_lists.c, theta, strict=True))


@optimizers
@depths
def test_the_largest_rate_beside_theirs(optimizer, depth):
    """A common factor on the rates of the list: none for muP; m^(-1/2) in the standard one, where theirs lets the readout be.

    Full alignment of theirs leaves the initial readout unaligned with the change of the features (omega = 1/2). Under the square
    loss it gets aligned, which makes P = m^(1/2) there. Cross entropy bounds the derivative and allows theirs.
    """
    for name, factor in {"muP": 0, "mean field": 0, "standard": -HALF, "tangent": -HALF}.items():
        net = network(name, optimizer, depth)
        assert net.capacity == -factor
        assert net.learning_rate_scaling(optimizer=optimizer).largest_step == factor


@given(
    st.integers(0, 3).flatmap(lambda n: st.lists(rationals, min_size=n + 2, max_size=n + 2)),
    st.fractions(HALF.p / HALF.q, 1, max_denominator=8),
)
def test_with_an_aligned_readout_their_conditions_for_adam_are_ours(c, readout):
    """Their chain of conditions (alpha = u = 1, omega = 1/2 below and 1 at the readout), with a = 0, stable at the start, P >= 1.

    r_1 = a_1 + c_1, r_l = min(a_l + c_l - 1, r_(l-1)), r_L = min(a_L + b_L + r_(L-1) - omega_L, a_L + c_L - 1): all >= 0.
    """
    readout = sp.Rational(readout.numerator, readout.denominator)
    c = [rate + 2 for rate in c]
    first, *hidden, last = c
    b = (0, *[HALF] * len(hidden), readout)

    def room(omega):
        """How much all c_l may fall together: exactly, by the conditions above."""
        below = min([first, *(x - 1 for x in hidden)])
        return min(below, below + readout - omega, last - 1)

    net = pt.from_abc(a=(0,) * len(c), b=b, c=c, optimizer="adam")
    largest = net.learning_rate_scaling(optimizer="adam").largest_step
    assert net.capacity >= 0
    assert largest == room(1)
    assert room(HALF) >= room(1)  # theirs
