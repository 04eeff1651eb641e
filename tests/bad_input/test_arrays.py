"""What NumPy would turn into floats without a word is refused wherever an array enters, in one line."""

from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

import numerics as nm
from numerics.arrays import positive_number, real_array, real_number, whole_number

COLUMN = [0.0, 1.0, 2.0]
MASKED = np.ma.array(COLUMN, mask=[False, True, False])

#: A column of three numbers in disguise, and what the message says of it.
DISGUISES = {
    "masked": (MASKED, "1 masked values"),
    "complex": (np.array(COLUMN) + 1j, "type complex128"),
    "time differences": (np.array([0, 1, 2], dtype="timedelta64[s]"), "time differences"),
    "dates": (np.array([0, 1, 2], dtype="datetime64[D]"), "dates"),
    "objects": (np.array(COLUMN, dtype=object), "type object"),
    "fractions": ([Fraction(1, 2)] * 3, "type object"),
    "large integers": ([10**400, 1, 2], "type object"),
    "text": (np.array(["0", "1", "2"]), "text"),
    "bytes": (np.array([b"0", b"1", b"2"]), "text"),
    "truth": (np.array([True, False, True]), "truth values"),
    "records": (np.array([(0.0,), (1.0,), (2.0,)], dtype=[("x", float)]), "records"),
    "ragged": ([[0.0], [1.0, 2.0], [2.0]], "all of one length"),
}


def _rows(column):
    """The same in two dimensions."""
    if isinstance(column, list):
        return [[value, 1] if not isinstance(value, list) else value for value in column]
    return column.reshape(-1, 1)


def _train(X, y):
    network = nm.TwoLayer.sample(10, 1, 0, np.ones((3, np.shape(X)[-1] if np.ndim(X) == 2 else 1)))
    return nm.gradient_flow(network, X, y)


PLACES = {
    "from_arrays x": lambda bad: nm.datasets.from_arrays(bad, COLUMN),
    "from_arrays y": lambda bad: nm.datasets.from_arrays(COLUMN, bad),
    "check_data X": lambda bad: nm.datasets.check_data(_rows(bad), COLUMN),
    "check_data y": lambda bad: nm.datasets.check_data(np.ones((3, 2)), bad),
    "gradient_flow y": lambda bad: _train(np.ones((3, 2)), bad),
    "gradient_flow times": lambda bad: nm.gradient_flow(
        nm.TwoLayer.sample(10, 1, 0, np.ones((3, 2))), np.ones((3, 2)), COLUMN, times=bad
    ),
    "Plan": lambda bad: nm.Plan(data=(np.ones((3, 2)), bad)),
    "sample": lambda bad: nm.TwoLayer.sample(10, 1, 0, _rows(bad)),
    "TwoLayer u": lambda bad: nm.TwoLayer(bad, np.ones((3, 2)), 1.0, 1.0),
    "TwoLayer v": lambda bad: nm.TwoLayer(np.ones(3), _rows(bad), 1.0, 1.0),
    "from_weights a": lambda bad: nm.TwoLayer.from_weights(bad, np.ones((3, 2)), alpha=1, beta1=1, beta2=1),
    "from_weights w": lambda bad: nm.TwoLayer.from_weights(np.ones(3), _rows(bad), alpha=1, beta1=1, beta2=1),
    "deep from_weights": lambda bad: nm.DeepNetwork.from_weights([_rows(bad), np.ones((1, 3))]),
    "output": lambda bad: nm.TwoLayer.sample(10, 1, 0, np.ones((1, 2)))(_rows(bad)),
    "deep output": lambda bad: nm.DeepNetwork.sample((1, 4, 1), (1, 1))(_rows(bad)),
    "tangent_kernel": lambda bad: nm.tangent_kernel(nm.TwoLayer.sample(10, 1, 0, np.ones((1, 1))), _rows(bad)),
}


@pytest.mark.parametrize("disguise", DISGUISES)
@pytest.mark.parametrize("place", PLACES)
def test_no_array_is_read_as_what_it_is_not(place, disguise):
    bad, part = DISGUISES[disguise]
    with pytest.raises(nm.InputError) as caught:
        PLACES[place](bad)
    message = str(caught.value)
    assert part in message
    assert ";" in message
    assert "\n" not in message


def test_a_mask_that_hides_nothing_is_no_mask():
    X, y = nm.datasets.from_arrays(np.ma.array(COLUMN), np.ma.array(COLUMN, mask=False))
    assert type(X) is type(y) is np.ndarray
    with pytest.raises(nm.InputError, match="1 masked"):
        nm.datasets.from_arrays([MASKED, MASKED[:1]], COLUMN)


@pytest.mark.parametrize("kind", ["f2", "f4", "f8", "i1", "u1", "i8", "u8", ">f8", np.longdouble])
def test_numbers_of_every_precision_are_equal(kind):
    X, y = nm.datasets.from_arrays(np.array([0, 1, 2], dtype=kind), np.array([1, 2, 3], dtype=kind))
    assert X.dtype == y.dtype == np.dtype("float64")
    np.testing.assert_array_equal(X, [[0, 1], [1, 1], [2, 1]])


def test_data_are_copied_and_contiguous():
    X, y = np.asfortranarray(np.ones((3, 2))), np.arange(3.0)
    for checked in (nm.datasets.check_data(X, y), nm.datasets.check_data(np.ones((3, 2)), y)):
        assert checked[0].flags.c_contiguous
        assert not np.shares_memory(checked[0], X)
        assert not np.shares_memory(checked[1], y)


def test_a_column_of_targets_is_flattened():
    y = nm.datasets.from_arrays(COLUMN, np.array(COLUMN)[:, None])[1]
    np.testing.assert_array_equal(y, COLUMN)
    with pytest.raises(nm.InputError, match="one output"):
        nm.datasets.from_arrays(COLUMN, np.array([COLUMN, COLUMN]).T)
    with pytest.raises(nm.InputError, match="same n"):
        nm.datasets.from_arrays(COLUMN, np.array([COLUMN]))


@pytest.mark.parametrize("shape", [(3, 2, 2), (1, 3, 2, 1), ()])
def test_dimensions(shape):
    bad = np.ones(shape)
    for place in ("from_arrays x", "from_arrays y", "check_data X", "check_data y", "TwoLayer u", "sample"):
        if shape == () and place in ("check_data X", "sample"):
            continue
        with pytest.raises(nm.InputError, match="shape"):
            PLACES[place](bad) if place not in ("check_data X", "sample") else {
                "check_data X": lambda: nm.datasets.check_data(bad, COLUMN),
                "sample": lambda: nm.TwoLayer.sample(10, 1, 0, bad),
            }[place]()


@pytest.mark.parametrize(
    "number", [np.float64(0.5), np.float32(0.5), np.array(0.5), Fraction(1, 2), sp.Rational(1, 2), "0.5"]
)
def test_numbers_of_every_kind_are_equal(number):
    assert real_number(number, "gamma") == 0.5
    start = nm.TwoLayer.sample(np.int64(10), number, 0, np.ones((1, 2)), rng=np.int32(3))
    same = nm.TwoLayer.sample(10, 0.5, 0, np.ones((1, 2)), rng=3)
    np.testing.assert_array_equal(start.v, same.v)
    assert (start.kappa, start.seed) == (same.kappa, same.seed)


@pytest.mark.slow
def test_numpy_numbers_are_equal_in_plans_and_runs():
    plan = nm.Plan(
        points=[(np.float32(0.5), np.int64(0))],
        widths=np.array([100, 200]),
        seeds=np.int16(2),
        rtol=np.float32(0.5),
        loss_tol=np.float64(1e-2),
        activation=np.float32(0.5),
    )
    same = nm.Plan(points=[("1/2", 0)], widths=[100, 200], seeds=2, rtol=0.5, loss_tol=1e-2, activation=0.5)
    assert plan.settings == same.settings
    assert plan.points == same.points
    X, y = nm.datasets.four_points()
    network = nm.DeepNetwork.sample(
        tuple(np.array([2, 8, 1])), np.array([1.0, 0.5]), alpha=np.float32(2), rng=np.uint8(1)
    )
    run = nm.gradient_flow(network, X, y, max_steps=np.int64(3), rtol=np.float32(0.5), throw=False)
    assert run.stats.accepted + run.stats.rejected == 3


_NOT_REAL = (True, np.True_, 1j, np.complex128(1), np.timedelta64(1, "s"), sp.I, sp.Symbol("x"))
_NOT_FINITE = (np.nan, np.inf, "nan", sp.oo, 10**400, 10**5000)
_NOT_ONE = (None, "one", b"1", [1.0], np.ones(2), np.ma.masked)
NO_NUMBERS = {f"{type(value).__name__} {i}": value for i, value in enumerate(_NOT_REAL + _NOT_FINITE + _NOT_ONE)}


@pytest.mark.parametrize("name", NO_NUMBERS)
def test_what_is_no_number(name):
    value = NO_NUMBERS[name]
    for read in (real_number, positive_number):
        with pytest.raises(nm.InputError, match=r"^gamma = [^\n]*; ") as caught:
            read(value, "gamma")
        assert len(str(caught.value)) < 200
    with pytest.raises(nm.InputError, match=r"^width = "):
        whole_number(-value if name.startswith("int") else value, "width", 1, "give an integer >= 1")


def test_limits_of_numbers():
    assert positive_number(np.inf, "t_max", infinite=True) == np.inf
    for bad in (0, -1.0, np.nan, -np.inf):
        with pytest.raises(nm.InputError, match=r"t_max = .* is not positive"):
            positive_number(bad, "t_max", infinite=True)
    assert whole_number(3, "n", 1, "", most=3) == 3
    with pytest.raises(nm.InputError, match="n = 4"):
        whole_number(4, "n", 1, "give an integer up to 3", most=3)
    assert real_array([], "x").dtype == np.dtype("float64")
