"""Data to train on: X of shape (n, d) with the constant 1 for the bias as last column, y of shape (n,)."""

import gzip
import zlib
from importlib.resources import files
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from numerics.arrays import listed, real_array, whole_number
from numerics.errors import InputError, check_type

__all__ = ["SHIPPED", "check_data", "check_pair", "curve", "four_points", "from_arrays", "mnist", "one_kink"]

#: Kinds of data that come with the package; what else there is is the user's.
SHIPPED = ("four-points", "curve", "mnist")

_MOST = 1_000_000  # points of the curve
_LARGEST = 1e150  # of an input or a target: sums of squares stay within the float range
_IDX_UBYTE = 0x0800  # magic number of a file of unsigned bytes; its number of dimensions is added


def four_points() -> tuple[np.ndarray, np.ndarray]:
    """Four points on a line, the experiment of the book.

    The sources print their points only as a figure; these are ours: well separated, and not to be fitted by one kink.

    Returns
    -------
    X : float64 (4, 2)
        Position and the constant 1.
    y : float64 (4,)
    """
    return from_arrays([-1.0, -0.35, 0.3, 1.0], [0.7, -0.5, 0.2, -0.6])


def curve(samples: int = 80) -> tuple[np.ndarray, np.ndarray]:
    """Equally spaced points of a smooth curve, deliberately close: y = tanh(3x)/2 on [-1, 1].

    The tangent kernel resolves neighbours only by the kinks between them. For 80 samples and a width of 1000 (antisymmetric
    start, gamma' = 0) its condition number is about 1e8: 1.3e8 for ``rng=0``, quartiles 1e7 and 1e9 over 100 seeds, and
    singular for one start in five, where three neighbours have no kink between them. It is 4e4 for infinite width.
    Gradient descent feels every digit of it.

    Parameters
    ----------
    samples : int
        Number of points n, at least 2.

    Returns
    -------
    X : float64 (n, 2)
        Position and the constant 1.
    y : float64 (n,)
    """
    samples = whole_number(samples, "samples", 2, f"give an integer >= 2 and <= {_MOST:_}", most=_MOST)
    x = np.linspace(-1.0, 1.0, samples)
    return from_arrays(x, np.tanh(3 * x) / 2)


def one_kink(samples: int = 16, *, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Samples in the plane of a teacher with one kink, y = relu((4 x_1 + 3 x_2 - 2)/5), x normal.

    One neuron fits it, and a kernel does not find it: what a network learns between few samples tells rich from lazy training.

    Parameters
    ----------
    samples : int
        Number of points n.
    seed : int
        Of the points.

    Returns
    -------
    X : float64 (n, 3)
        Position and the constant 1.
    y : float64 (n,)
    """
    samples = whole_number(samples, "samples", 1, f"give an integer >= 1 and <= {_MOST:_}", most=_MOST)
    seed = whole_number(seed, "seed", 0, "give 0 or a positive integer")
    x = np.random.default_rng(seed).standard_normal((samples, 2))
    return from_arrays(x, np.maximum((x @ [4.0, 3.0] - 2.0) / 5.0, 0.0))


def mnist(n: int, path: str | PathLike[str] | None = None) -> tuple[np.ndarray, np.ndarray]:
    """The first n digits of the MNIST training file, one output: the label, as in the paper.

    Pixels are divided by 255. The label is the digit itself, 0.0 to 9.0, neither centred nor scaled: a factor of order one in y
    moves no exponent. The first 1000 digits come with the package; they are the work of Yann LeCun, Corinna Cortes and
    Christopher J. C. Burges, under the licence CC BY-SA 3.0 (``numerics/data/MNIST.txt``).

    Parameters
    ----------
    n : int
        Number of samples, at most 1000 without ``path``.
    path : path, optional
        Folder with the original files ``train-images-idx3-ubyte`` and ``train-labels-idx1-ubyte``, gzipped (``.gz``) or not.

    Returns
    -------
    X : float64 (n, 785)
        Pixels in [0, 1], row by row, and the constant 1.
    y : float64 (n,)
        Labels.

    Examples
    --------
    >>> X, y = mnist(5)
    >>> X.shape, y
    ((5, 785), array([5., 0., 4., 1., 9.]))
    """
    if path is None:
        with (
            (files("numerics.datasets") / "data" / "mnist_train_first_1000.npz").open("rb") as file,
            np.load(file) as shipped,
        ):
            images, labels = shipped["images"], shipped["labels"]
        more = "; give path, a folder with the original files, for more"
    else:
        check_type(path, "path", str, PathLike)
        images = _read_idx(Path(path), "train-images-idx3-ubyte", 3)
        labels = _read_idx(Path(path), "train-labels-idx1-ubyte", 1)
        more = ""
        if len(images) != len(labels):
            raise InputError(
                f"{path} has {len(images)} images and {len(labels)} labels; give files that belong together"
            )
    n = whole_number(n, "n", 1, f"give an integer from 1 to {len(images)}{more}", most=len(images))
    return from_arrays(images[:n].reshape(n, -1) / 255.0, labels[:n])


def _read_idx(folder: Path, name: str, dimensions: int) -> np.ndarray:
    """Array of unsigned bytes from an IDX file: magic number, sizes (big-endian 32-bit integers), data in C order."""
    found = [path for path in (folder / name, folder / f"{name}.gz") if path.is_file()]
    if not found:
        raise InputError(f"{folder} has neither {name} nor {name}.gz; give the folder with the original MNIST files")
    file = found[0]
    try:
        raw = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise InputError(f"{file} is not a complete gzip file ({error}); fetch it again") from error
    header = np.frombuffer(raw[: 4 * (dimensions + 1)], dtype=">u4") if len(raw) >= 4 * (dimensions + 1) else None
    if header is None:
        raise InputError(f"{file} is truncated: {len(raw)} bytes are less than its header; fetch it again")
    if header[0] != _IDX_UBYTE + dimensions:
        raise InputError(
            f"{file} has magic number {header[0]}, not {_IDX_UBYTE + dimensions}; give the original {name}"
        )
    shape = tuple(map(int, header[1:]))
    data = np.frombuffer(raw, dtype=np.uint8, offset=header.nbytes)
    if data.size != np.prod(shape):
        raise InputError(f"{file} holds {data.size} bytes of data, its header says {np.prod(shape)}: fetch it again")
    return data.reshape(shape)


def from_arrays(x: ArrayLike, y: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Validated data with the constant 1 appended to every input.

    Parameters
    ----------
    x : array (n,) or (n, k)
        Inputs, without the constant.
    y : array (n,) or (n, 1)
        Targets.

    Returns
    -------
    X : float64 (n, k + 1); y : float64 (n,)
    """
    inputs = real_array(x, "x")
    inputs = inputs[:, None] if inputs.ndim == 1 else inputs
    if inputs.ndim != 2:
        raise InputError(f"x has shape {inputs.shape}; give one row per sample, (n, k)")
    return check_data(np.column_stack([inputs, np.ones(len(inputs))]), y)


def check_pair(data: Any) -> tuple[np.ndarray, np.ndarray]:
    """The same of a pair (X, y)."""
    pair = listed(data, "data", "give a pair (X, y)")
    if len(pair) != 2:
        raise InputError(f"data has {len(pair)} parts; give a pair (X, y)")
    return check_data(*pair)


def check_data(X: ArrayLike, y: ArrayLike, outputs: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """C-contiguous float64 copies of X (n, d) and y (n,) or (n, 1), or an :class:`InputError` that says what is wrong.

    With several ``outputs`` y is (n, outputs).
    """
    X, y = real_array(X, "X", copy=True), real_array(y, "y", copy=True)
    if y.ndim == 2 and y.shape[1] == 1:
        y = y.ravel()
    if outputs > 1 and (X.ndim != 2 or y.shape != (len(X), outputs)):
        raise InputError(
            f"X has shape {X.shape} and y {y.shape}; give (n, d) and (n, {outputs}): the network has {outputs} outputs"
        )
    if outputs == 1 and X.ndim == 2 and y.ndim == 2 and len(X) == len(y):
        raise InputError(
            f"y has shape {y.shape} and the network one output; for several, of two layers too, give "
            f"DeepNetwork.sample((d, m, ..., {y.shape[1]}), ...)"
        )
    if outputs == 1 and (X.ndim != 2 or y.ndim != 1 or len(X) != len(y)):
        raise InputError(f"X has shape {X.shape} and y {y.shape}; give (n, d) and (n,) with the same n")
    if X.size == 0:
        raise InputError(f"X has shape {X.shape}: no data; give at least one sample and one input")
    for name, values in (("X", X), ("y", y)):
        if np.vdot(values, values) < _LARGEST**2:  # and so is every square: one pass, as most data need no other
            continue
        largest = np.maximum.reduce(np.abs(values), axis=None)
        if largest < _LARGEST:
            continue
        if bad := int(np.count_nonzero(~np.isfinite(values))):
            raise InputError(f"{name} contains {bad} NaN or infinite values; remove or replace those samples")
        raise InputError(f"{name} reaches {largest:.3g}, whose square is beyond the float range; rescale it")
    return X, y
