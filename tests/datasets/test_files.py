"""Data by name and from files: every form is read, and what is wrong is named with its row."""

import numpy as np
import pytest

import numerics as nm
from numerics.datasets.files import read_data

X, Y = np.array([[0.5, 1.5], [1.0, -2.0], [0.25, 3.0]]), np.array([1.0, -1.0, 0.5])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("four-points", nm.datasets.four_points()),
        ("curve", nm.datasets.curve()),
        ("curve:7", nm.datasets.curve(7)),
        ("mnist:3", nm.datasets.mnist(3)),
    ],
)
def test_by_name(name, expected):
    for found, wanted in zip(nm.load_data(name), expected, strict=True):
        np.testing.assert_array_equal(found, wanted)


def write(path, kind):
    table = np.column_stack([X, Y])
    if kind == "csv":
        path.write_text("\n".join(",".join(map(str, row)) for row in table) + "\n")
    elif kind == "csv with names":
        path.write_text("﻿x1, y ,x2\n\n" + "\n".join(f"{a},{y},{b}" for (a, b), y in zip(X, Y, strict=True)))
    elif kind == "npy":
        np.save(path, table)
    else:
        np.savez(path, x=X, y=Y)


@pytest.mark.parametrize("kind", ["csv", "csv with names", "npy", "npz"])
def test_every_form_is_read(tmp_path, kind):
    path = tmp_path / f"data.{kind.split()[0]}"
    write(path, kind)
    found, targets = nm.load_data(str(path))
    np.testing.assert_array_equal(found, np.column_stack([X, np.ones(3)]))
    np.testing.assert_array_equal(targets, Y)


def test_inputs_on_a_line(tmp_path):
    np.savez(tmp_path / "line.npz", x=[1, 2, 3], y=[0, 1, 0])
    assert read_data(tmp_path / "line.npz")[0].tolist() == [[1, 1], [2, 1], [3, 1]]


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("x,y\n1,2\n3,four\n", r"row 3, column 2: 'four' is not a number"),
        ("1,2\n3\n", r"row 2, column 2: the value is missing; remove the row"),
        ("1,2\n\n3,nan\n", r"row 3, column 2: the value is missing \('nan'\)"),
        ("1,2\n3,4\n1,5\n", r"rows 1 and 3: the same x with different y, 2 and 5"),
        ("0,2\n1,4\n-0.0,5\n", r"rows 1 and 3: the same x with different y, 2 and 5"),
        ("1\n2\n", r"row 1: one column"),
        ("", r"is empty"),
        ("x,y\n", r"holds no samples"),
    ],
)
def test_a_table_with_a_mistake(tmp_path, text, match):
    (tmp_path / "data.csv").write_text(text)
    with pytest.raises(nm.InputError, match=match) as caught:
        nm.load_data(str(tmp_path / "data.csv"))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("arrays", "match"),
    [
        ({"x": X, "z": Y}, r"has arrays x, z; give x"),
        ({"x": X, "y": Y[:2]}, r"x has shape \(3, 2\) and y \(2,\)"),
        ({"x": X, "y": np.array(["a", "b", "c"])}, r"y has type <U1: text; give numbers"),
        ({"x": X, "y": np.array([1, np.inf, 2])}, r"row 1: not a finite"),
        ({"x": X, "y": np.array([None, 1, 2])}, r"cannot read"),
    ],
)
def test_arrays_with_a_mistake(tmp_path, arrays, match):
    np.savez(tmp_path / "data.npz", **arrays)
    with pytest.raises(nm.InputError, match=match):
        read_data(tmp_path / "data.npz")


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("nothing", "data 'nothing' is not known; give four-points, curve"),
        ("mnist", "'' is not a number of samples"),
        ("mnist:many", "'many' is not a number of samples"),
        ("mnist:2000", "n = 2000; give an integer from 1 to 1000"),
        ("mnist:3:/nowhere", "has neither train-images"),
        ("gone.csv", "there is no file gone.csv"),
        ("four-points:3", "is not known"),
    ],
)
def test_names_that_are_not_known(name, match):
    with pytest.raises(nm.InputError, match=match):
        nm.load_data(name)


def test_files_that_are_something_else(tmp_path):
    for ending in ("npy", "npz"):
        (tmp_path / f"data.{ending}").write_text("hello")
        with pytest.raises(nm.InputError, match="cannot read"):
            read_data(tmp_path / f"data.{ending}")
    np.save(tmp_path / "flat.npy", Y)
    with pytest.raises(nm.InputError, match=r"has shape \(3,\)"):
        read_data(tmp_path / "flat.npy")
    with pytest.raises(nm.InputError, match=r"ends in '\.xlsx'"):
        read_data(tmp_path / "data.xlsx")
