"""Text tables in every dialect: what is read, what is said, and what is refused with its row."""

import csv
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import numerics as nm
from numerics.cli import main
from numerics.datasets import load_dataset, read_data

X, Y = np.array([[0.5, 1.5], [1.0, -2.0], [0.25, 3.0]]), np.array([1.0, -1.0, 0.5])


def read(tmp_path, text, target=None, name="data.csv"):
    (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_dataset(str(tmp_path / name), target=target)


@pytest.mark.parametrize(
    "text",
    [
        "a,b,y\n0.5,1.5,1\n1,-2,-1\n0.25,3,0.5\n",
        "y,a,b\n1,0.5,1.5\n-1,1,-2\n0.5,0.25,3\n",
        "a,Y,b\n0.5,1,1.5\n1,-1,-2\n0.25,0.5,3\n",
        "Target,a,b\n1,0.5,1.5\n-1,1,-2\n0.5,0.25,3\n",
        "a, LABEL ,b\n0.5,1,1.5\n1,-1,-2\n0.25,0.5,3\n",
        "a,b,c\n0.5,1.5,1\n1,-2,-1\n0.25,3,0.5\n",  # the last
        "0.5,1.5,1\n1,-2,-1\n0.25,3,0.5",
        "0.5;1.5;1\n1;-2;-1\n0.25;3;0.5\n",
        "0,5;1,5;1\n1;-2;-1\n0,25;3;0,5\n",
        "a\tb\ty\n0,5\t1,5\t1,0\n1\t-2\t-1\n,25\t3\t,5\n",
        "0.5 1.5 1\n1 -2   -1\n0.25 3 5e-1\n",  # as np.savetxt writes it
        "sep=;\na;b;y\n0.5;1.5;1\n1;-2;-1\n0.25;3;0.5\n",  # as Excel likes it
        "# made by hand\na,b,y\n\n0.5,1.5,1 # first\n1,-2,-1\n\n0.25,3,0.5\n# end\n",
        '"a","b, c","y"\n"0.5","1.5","1"\n1,-2,-1\n0.25,3,0.5\n',
        "\ufeffa,b,y\r\n0.5,1.5,1\r\n1,-2,-1\r\n0.25,3,0.5\r\n",
        "a,b,y\n0.5,1.5,1\n1,-2,-1\n0.25,3,0.5\n".encode("utf-16"),
        ",a,b,y\n0,0.5,1.5,1\n1,1,-2,-1\n2,0.25,3,0.5\n",  # as pandas writes it
        "Unnamed: 0,a,b,y\n0,0.5,1.5,1\n1,1,-2,-1\n2,0.25,3,0.5\n",
        "id,a,b,y\n1,0.5,1.5,1\n2,1,-2,-1\n3,0.25,3,0.5\n",
        ",0,1,2\n0,0.5,1.5,1\n1,1,-2,-1\n2,0.25,3,0.5\n",  # as pandas writes an array
        "+0.5, 1.50,1.\n1 ,-2E0,-1\n25e-2,3,.5\n",
    ],
)
def test_every_dialect(tmp_path, text):
    found = read(tmp_path, text)
    np.testing.assert_array_equal(found.X, np.column_stack([X, np.ones(3)]))
    np.testing.assert_array_equal(found.y, Y)


@pytest.mark.parametrize(
    ("text", "notes"),
    [
        ("a,b,c\n1,2,3\n2,3,4\n", ("inputs a, b; target c", "samples: 2")),
        ("1,2,3\n2,3,4\n", ("inputs column 1, column 2; target column 3", "the columns have no names", "samples: 2")),
        ("a,Y\n1,2\n2,3\n", ("inputs a; target Y", "samples: 2")),
        (
            ",a,y\n0,5,2\n1,6,3\n",
            ("inputs a; target y", "column 1 without a name counts the rows and is left out", "samples: 2"),
        ),
        ("id,a,y\n1,5,2\n2,6,3\n", ("inputs a; target y", "id counts the rows and is left out", "samples: 2")),
        ("id,a,y\n7,5,2\n9,6,3\n", ("inputs id, a; target y", "samples: 2")),  # a number like any other
        (
            "one,a,y\n1,5,2\n1,6,3\n",
            (
                "inputs one, a; target y",
                "one is the same in every row; the constant for the bias is appended besides",
                "samples: 2",
            ),
        ),
        (
            "x,animal\n1,dog\n2,cat\n3,dog\n",
            ("inputs x; target animal", "labels 'cat' as -1, 'dog' as +1", "samples: 3"),
        ),
        ("x,y,\n1,2,\n2,3,\n", ("inputs x; target y", "column 3 is empty and is left out", "samples: 2")),
        ("a,b,id\n1,5,1\n3,6,2\n", ("inputs a; target b", "id counts the rows and is left out", "samples: 2")),
        ("x;y\n0,5;1\n0,7;2\n", ("inputs x; target y", "decimal commas: '0,5' is 0.5", "samples: 2")),
        ("x;y\n1,234;1\n2,5;2\n", ("inputs x; target y", "decimal commas: '1,234' is 1.234", "samples: 2")),
        ("x,gene\n1,DEC1\n2,SEPT2\n", ("inputs x; target gene", "labels 'DEC1' as -1, 'SEPT2' as +1", "samples: 2")),
        ("# mine\nx,y\n1,2\n#3,4\n5,6\n", ("inputs x; target y", "comment lines left out: 2", "samples: 2")),
        ("0,1,y\n5,6,1\n6,7,2\n", ("inputs 0, 1; target y", "samples: 2")),  # names that pandas made up
        (
            "0,1,2\n5,6,1\n",
            (
                "inputs column 1, column 2; target column 3",
                "the columns have no names",
                "row 1 (0, 1, 2 and so on) is a sample, not names",
                "samples: 2",
            ),
        ),
        (
            "0,5,1\n1,7,2\n2,6,1\n",
            (
                "inputs column 1, column 2; target column 3",
                "the columns have no names",
                "column 1 counts the rows and is an input",
                "samples: 3",
            ),
        ),
        ("\x1b[31mx,y\n1,2\n2,3\n", ("inputs '\\x1b[31mx'; target y", "samples: 2")),
        ("x,y\n1,True\n2,False\n", ("inputs x; target y", "labels 'False' as -1, 'True' as +1", "samples: 2")),
    ],
)
def test_what_was_taken_is_said(tmp_path, text, notes):
    assert read(tmp_path, text).notes == notes


def test_two_labels_are_signs(tmp_path):
    assert read(tmp_path, "x,animal\n1,dog\n2,cat\n3,dog\n").y.tolist() == [1, -1, 1]


@pytest.mark.parametrize(
    ("text", "target", "message"),
    [
        ("y,x,y\n1,2,3\n", None, "y (column 1) and y (column 3) may be the target; say which with --target NAME"),
        ("y,label\n1,2\n", None, "y (column 1) and label (column 2) may be the target"),
        ("y,x,y\n1,2,3\n", "y", "target 'y' is there 2 times; the columns are y, x, y"),
        ("a,b\n1,2\n", "c", "target 'c' is not there; the columns are a, b"),
        ("1,2\n", "c", "target 'c' is not there; the columns have no names; give a number from 1 to 2"),
        ("x,y\n1_0,2\n", None, "row 2, column 1: '1_0' is not a number"),
        ("x,y\n0x10,2\n", None, "row 2, column 1: '0x10' is not a number"),
        ("x,y\n1,2\n\n# note\n,3\n", None, "row 5, column 1: the value is missing; remove the row, or fill it in"),
        ("x,y\n1,NA\n", None, "row 2, column 2: the value is missing ('NA')"),
        ("x,y\n1,-inf\n", None, "row 2, column 2: '-inf' is not a finite number"),
        ("x,y\n1e999,1\n", None, "row 2, column 1: '1e999' is not a finite number"),
        ("x,y\n2026-11-26,1\n", None, "row 2, column 1: '2026-11-26' is not a number; of a date give a number"),
        ("x,y\nblue,1\nred,2\n", None, "row 2, column 1: 'blue' is not a number; of words give numbers"),
        ("x,y\n1,a\n2,b\n3,c\n", None, "row 2, column 2: 'a' is not a number"),
        ("x,y\n1,2%\n2,4%\n", None, "row 2, column 2: '2%' is not a number"),
        ("x,y\n1,a\n2,3\n", None, "row 2, column 2: 'a' is not a number"),
        ("x,y\n1,a\n2,\n", None, "row 2, column 2: 'a' is not a number"),
        (
            'x,y\n"1,5",2\n',
            None,
            "row 2, column 1: '1,5' is not a number; with decimal commas separate the columns by ;",
        ),
        ("x;y\n1.000,5;2\n", None, "row 2, column 1: '1.000,5' is not a number"),
        ("x,y\n1,2\n3,4,5\n", None, "row 3: 3 values, not 2 as in row 1"),
        ("x,y\n1,2\n3\n", None, "row 3, column 2: the value is missing"),
        (",x,y\n5,1,2\n9,3,4\n", None, "column 1 has no name and does not count the rows; name it"),
        ("index,y\n0,1\n1,2\n", None, "nothing is left but the target y"),
        ("x,y\n", None, "holds no samples"),
        ("# only this\n\n", None, "is empty"),
        ("größe,y\n1,2\n".encode("latin-1"), None, "it is not text in UTF-8; save it as UTF-8"),
        ("x\n1\n", None, "row 1: one column"),
        ("1_0,2_0\n3,4\n", None, "row 1, column 1: '1_0' is not a number; write it without _"),  # and no name
        ("True,1\nFalse,2\n", None, "row 1, column 1: 'True' is not a number; of truth values give 1 and 0"),
        ("12:30,1\n", None, "row 1, column 1: '12:30' is not a number; of a time"),
        ("x,y\n\uff11,2\n", None, "row 2, column 1: '\uff11' is not a number"),  # a digit of another script
        ("x,y\n1\u00a0,2\n", None, "row 2, column 1: '1\\xa0' is not a number"),
        ("x,y\n1+2j,2\n", None, "row 2, column 1: '1+2j' is not a number"),
        ("x,y\n1d5,2\n", None, "row 2, column 1: '1d5' is not a number"),
        ("x;y\n0,5;1\n0.7;2\n", None, "row 3, column 1: '0.7' has a decimal point where other numbers have a comma"),
        ("x;y\n1.234,5;1\n", None, "write it without marks between thousands"),
        ("x,x,y\n1,2,3\n", None, "columns 1 and 2 are both named x; give each a name of its own"),
        ("x,y\n1,yes\n2,Yes\n", None, "row 2, column 2: 'yes' is not a number; give numbers, or two words only"),
        ("x,y\n1,Jan 2020\n2,Feb 2020\n", None, "row 2, column 2: 'Jan 2020' is not a number; of a date"),
        ("x,y\n1-Jan-20,1\n", None, "row 2, column 1: '1-Jan-20' is not a number; of a date"),
        ("x,y\n1,nan\n2,cat\n", None, "row 2, column 2: the value is missing ('nan')"),
        ("x,y\n1,+\n2,-\n", None, "row 2, column 2: '+' is not a number; give numbers, or two words only"),
        ("# y x\n1.0 2.0\n2.0 3.0\n", None, "a comment names the columns y, x; take its # away so that they count"),
        ('x,y\n"1,2\n2,3\n', None, "a quote is opened and not closed"),
        ("1,2\n", "0", "target '0' is not there; the columns have no names; give a number from 1 to 2"),
        ("x,y\n1,2\n", "1", "target '1' is not there; the columns are x, y"),
        (",x,y\n0,1,2\n", "", "target '' is not there"),
        ("x,y\n1,2\n1,3\n", None, "rows 2 and 3: the same x with different y, 2 and 3"),
    ],
)
def test_refused_with_the_place(tmp_path, text, target, message):
    with pytest.raises(nm.InputError) as caught:
        read(tmp_path, text, target)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_target_by_its_name(tmp_path):
    text = "Price,size,rooms\n10,1,2\n20,2,3\n"
    for target in ("Price", "price"):
        found = read(tmp_path, text, target)
        assert found.y.tolist() == [10, 20]
        assert found.name == f"{tmp_path / 'data.csv'}:{target}"
        np.testing.assert_array_equal(nm.load_data(found.name)[1], found.y)
    np.testing.assert_array_equal(read_data(tmp_path / "data.csv", "size")[1], [1, 2])
    with pytest.raises(nm.InputError, match="both say what the target is"):
        load_dataset(f"{tmp_path / 'data.csv'}:size", target="rooms")
    for name in ("four-points", "curve:7", "mnist:3"):
        with pytest.raises(nm.InputError, match="has no columns to choose from"):
            load_dataset(name, target="y")


def test_a_field_that_goes_on_over_lines_keeps_the_row(tmp_path):
    with pytest.raises(nm.InputError, match="row 4, column 1: 'two' is not a number"):
        read(tmp_path, '"a\nlong name",y\n1,2\ntwo,3\n')


FLOATS = st.floats(-1e6, 1e6).map(lambda value: float(f"{value:.6g}"))


@settings(max_examples=60)
@given(
    table=st.lists(st.tuples(FLOATS, FLOATS, FLOATS), min_size=1, max_size=6, unique_by=lambda row: row[:2]),
    separator=st.sampled_from(",;\t"),
    comma=st.booleans(),
    names=st.booleans(),
    end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    mark=st.booleans(),
)
def test_what_is_written_is_read(tmp_path_factory, table, separator, comma, names, end, quoting, mark):
    def cell(value):
        return str(value).replace(".", ",") if comma and separator != "," else str(value)

    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=separator, lineterminator=end, quoting=quoting)
    if names:
        writer.writerow(["first", "y", "second"])
    writer.writerows([cell(a), cell(b), cell(c)] for a, b, c in table)
    path = tmp_path_factory.mktemp("table") / "data.csv"
    path.write_bytes(stream.getvalue().encode("utf-8-sig" if mark else "utf-8"))
    inputs, targets = ((0, 2), 1) if names else ((0, 1), 2)
    expected = np.array(table, dtype=float)
    if len({tuple(row[list(inputs)]) for row in expected}) < len(expected):
        return  # the same input twice
    X, y = read_data(path)
    np.testing.assert_array_equal(X[:, :-1], expected[:, list(inputs)])
    np.testing.assert_array_equal(y, expected[:, targets])


@pytest.mark.parametrize(
    ("arrays", "notes"),
    [
        ({"x": X, "y": Y}, ("inputs x; target y",)),
        ({"X": X, "Y": Y}, ("inputs X; target Y",)),
        (
            {"x_train": X, "y_train": Y[:, None], "x_test": X, "y_test": Y},
            ("inputs x_train; target y_train", "not used: x_test, y_test", "y_train (3, 1) is taken as (3,)"),
        ),
        ({"arr_0": X, "arr_1": Y}, ("inputs arr_0; target arr_1",)),
        (
            {"x": np.arange(12, dtype=np.uint8).reshape(3, 2, 2), "y": Y},
            (
                "inputs x; target y",
                "x (3, 2, 2) is flattened to (3, 4)",
                "x holds integers from 0 to 11, which are not scaled; divide by 255 for 0 to 1",
            ),
        ),
    ],
)
def test_arrays_by_name(tmp_path, arrays, notes):
    np.savez(tmp_path / "data.npz", **arrays)
    found = load_dataset(tmp_path / "data.npz")
    assert found.notes == (*notes, "samples: 3")
    np.testing.assert_array_equal(found.y, Y)
    assert found.X.shape == (3, np.size(next(iter(arrays.values()))) // 3 + 1)


def test_arrays_that_are_ambiguous(tmp_path):
    np.savez(tmp_path / "data.npz", x=X, y=Y, x_train=X, y_train=Y)
    with pytest.raises(nm.InputError, match="x, y or x_train, y_train; say which with --target NAME"):
        read_data(tmp_path / "data.npz")
    np.savez(tmp_path / "data.npz", x=X, price=Y)
    np.testing.assert_array_equal(read_data(tmp_path / "data.npz", "price")[1], Y)
    np.savez(tmp_path / "test.npz", x_train=X, y_train=Y, x_test=X[:2], y_test=Y[:2])
    np.testing.assert_array_equal(read_data(tmp_path / "test.npz", "y_test")[0][:, :-1], X[:2])  # and not x_train
    np.savez(tmp_path / "both.npz", x=X, X=X, y=Y)
    with pytest.raises(nm.InputError, match="x, y or X, y"):
        read_data(tmp_path / "both.npz")
    with pytest.raises(nm.InputError, match="target 'cost' is not there beside inputs x; the arrays are x, price"):
        read_data(tmp_path / "data.npz", "cost")
    np.save(tmp_path / "data.npy", np.column_stack([X, Y]))
    with pytest.raises(nm.InputError, match="the columns of an array have no names; put it last, or give its number"):
        read_data(tmp_path / "data.npy", "y")
    found = load_dataset(tmp_path / "data.npy", target="2")
    np.testing.assert_array_equal(found.y, X[:, 1])
    np.testing.assert_array_equal(found.X[:, :-1], np.column_stack([X[:, 0], Y]))
    assert found.notes[0] == "inputs: the 2 other columns; target: column 2"


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": X[:, :0], "y": Y}, "holds no inputs, only a target"),
        ({"x": X, "y": Y > 0}, "y has type bool: truth values"),
        ({"x": X, "y": np.eye(3)}, "of classes one number each, such as y.argmax(axis=1)"),
        ({"x": X, "y": np.array(["a", "b", "c"])}, "y has type <U1: text"),
        ({"x": X, "y": np.array([None, 1, 2])}, "cannot read"),
    ],
)
def test_arrays_that_are_refused(tmp_path, arrays, message):
    np.savez(tmp_path / "data.npz", **arrays)
    with pytest.raises(nm.InputError) as caught:
        load_dataset(tmp_path / "data.npz")
    assert message in str(caught.value)


def test_arrays_under_the_ending_of_the_other_kind(tmp_path):
    np.savez(tmp_path / "pair.npz", x=X, y=Y)
    np.save(tmp_path / "one.npy", X)
    (tmp_path / "pair.npz").rename(tmp_path / "pair.npy")
    (tmp_path / "one.npy").rename(tmp_path / "one.npz")
    for name, message in (("pair.npy", "call it .npz"), ("one.npz", "call it .npy")):
        with pytest.raises(nm.InputError, match=message):
            load_dataset(tmp_path / name)


def test_bytes_and_large_numbers_are_said_not_to_be_scaled(tmp_path):
    np.save(tmp_path / "bytes.npy", np.array([[3, 200, 1], [4, 100, 2]], dtype=np.uint8))
    assert any(
        "the array holds integers from 1 to 200, which are not scaled" in n for n in note(tmp_path / "bytes.npy")
    )
    assert "inputs reach 400000, not scaled" in read(tmp_path, "price,rooms\n300000,3\n400000,4\n").notes
    assert "targets reach 400000, not scaled" in read(tmp_path, "price,rooms\n300000,3\n400000,4\n", "price").notes


def note(path):
    return load_dataset(path).notes


def test_two_words_in_an_array_are_signs(tmp_path):
    np.savez(tmp_path / "data.npz", x=X, y=np.array(["no", "yes", "no"]))
    found = load_dataset(tmp_path / "data.npz")
    assert found.y.tolist() == [-1, 1, -1]
    assert "labels 'no' as -1, 'yes' as +1" in found.notes


def test_a_file_that_is_not_read_is_named_by_its_ending(tmp_path):
    (tmp_path / "data.xlsx").write_bytes(b"PK")
    with pytest.raises(nm.InputError, match=r"files that end in '\.xlsx' are not read; save it as \.csv"):
        load_dataset(tmp_path / "data.xlsx")


def test_a_target_with_a_colon_is_loaded_again_by_name(tmp_path):
    found = read(tmp_path, "a,b:c\n1,2\n2,3\n", "b:c")
    assert found.y.tolist() == nm.load_data(found.name)[1].tolist() == [2, 3]


def test_many_columns_are_named_in_few_words(tmp_path):
    names = [f"p{i}" for i in range(100)]
    found = read(tmp_path, ",".join([*names, "y"]) + "\n" + ("0," * 100 + "1\n") + ("0," * 99 + "1,2\n"))
    assert found.notes[0] == "inputs p0 to p99 (100); target y"
    assert max(map(len, found.notes)) < 120


@pytest.mark.slow
def test_the_commands_say_what_they_took(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "p.csv").write_text(",x,price,z\n0,-1,0.5,0\n1,0,-0.5,1\n2,1,0.3,0\n")
    call = [
        "scan",
        "--data",
        "p.csv",
        "--target",
        "price",
        "--gamma",
        "0.5,1",
        "--gamma-prime",
        "0",
        "--widths",
        "20,40",
    ]
    assert main([*call, "--seeds", "1", "--serial"]) == 0
    out, err = capsys.readouterr()
    assert "phasetheory: p.csv:price: inputs x, z; target price; column 1 without a name counts the rows" in err
    assert nm.open_scan("runs.zarr").attrs["data"] == "p.csv:price"
    assert "--data p.csv:price" in nm.open_scan("runs.zarr").attrs["command"]
    assert main(["features", "--data", "p.csv:price", "--point", "1,0", "--width", "20", "--json"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("{")
    assert "target price" in err
    assert main(["condense", "--target", "y"]) == 2
    assert "four-points has no columns to choose from" in capsys.readouterr().err
