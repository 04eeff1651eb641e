# mypy: disable-error-code="no-untyped-def, call-overload"
"""A pass through a fully connected network of a homogeneous activation, for few samples, in one call. Numba kernels.

Their twin, for any activation and number of samples, is :class:`numerics.networks.jacobian.Chain`, whose docstring has the
mathematics. Here all arrays are flat: one after the other the layers, in them the copies. ``reads`` holds what the layers read,
a constant unit last where there is a bias, ``back`` the backward signals, ``pre`` the pre-activations of the hidden layers, ``y``
the matrices. The weights can count as moved by the sum of some parts -J^T c, given by ``reads``, ``back`` and c (layers, n k).
All numbers of a pass, and those it is given, are of the precision of its plan, single or double.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from numerics.kernels.eigen import eigen
from numerics.kernels.layers import LINE, ROWS, add, add_along, add_rows, advance, along, retreat
from numerics.kernels.stages import EXACT, UNCOUNTED

__all__ = ["Plan", "differentiate", "factors", "gram", "growth", "numbers", "plan_of", "speeds", "take_back", "write"]

_FAN_IN, _FAN_OUT, _NEURONS, _WEIGHTS, _READS, _BACK, _PRE, _ROWS, _COLUMNS = range(9)  # columns of Plan.layers


class Plan(NamedTuple):
    """Where everything is.

    Attributes
    ----------
    copies, samples, outputs : int
    kappa, unit, slope : float
        Output scale, and what backward signals are in units of: in single precision 1 and the scale, so that squares of these
        signals do not leave its range. Slope of the activation for z < 0.
    layers : int64 (layers + 1, 9)
        fan_in, fan_out, how many of the fan_in are no constant; first place of the layer in ``y``, ``reads``, ``back``, ``pre``
        and in the flat norms of rows and of columns. The last row holds the sizes of these.
    units : float64 (layers,)
        Constant units, where there are any.
    inputs : float (n, d)
    room : float
        For what is needed on the way; half a page apart from the weights, see :func:`numbers`.
    """

    copies: int
    samples: int
    outputs: int
    kappa: float
    unit: float
    slope: float
    layers: np.ndarray
    units: np.ndarray
    inputs: np.ndarray
    room: np.ndarray


def numbers(size: int, dtype: type = np.float64, apart: int = 0) -> np.ndarray:
    """Zeros that begin with a page, or so many bytes after: what crosses lines of the cache takes half as long again."""
    length = size * np.dtype(dtype).itemsize
    flat = np.zeros(length + 4096 + apart, dtype=np.uint8)
    first = -flat.ctypes.data % 4096 + apart
    return flat[first : first + length].view(dtype)


def plan_of(
    shapes: list[tuple[int, ...]],
    units: list[float | None],
    kappa: float,
    slope: float,
    inputs: np.ndarray,
    dtype: type = np.float64,
) -> Plan:
    """The plan of matrices (copies, fan_out, fan_in) of the given shapes, for numbers of a precision."""
    copies, outputs, samples = shapes[0][0], shapes[-1][1], len(inputs)
    layers = np.zeros((len(shapes) + 1, 9), dtype=np.int64)
    for layer, ((_, fan_out, fan_in), unit) in enumerate(zip(shapes, units, strict=True)):
        neurons = fan_in - (unit is not None)
        layers[layer, :3] = fan_in, fan_out, neurons
        hidden = fan_out if layer < len(shapes) - 1 else 0
        sizes = fan_out * fan_in, samples * fan_in, samples * outputs * fan_out, samples * hidden, fan_out, neurons
        layers[layer + 1, 3:] = layers[layer, 3:] + copies * np.array(sizes)
    constants = np.array([0.0 if unit is None else unit for unit in units])
    widest = max(fan_in for _, _, fan_in in shapes) + LINE
    room = numbers(max(3 * samples, 2 * samples * outputs) * widest, dtype, apart=2048)
    inputs = np.ascontiguousarray(inputs, dtype=dtype)
    scale = (kappa, 1.0) if dtype is np.float64 else (1.0, kappa)
    return Plan(copies, samples, outputs, *scale, slope, layers, constants, inputs, room)


@njit(**EXACT)
def differentiate(y, plan, parts, first, second, reads, back, pre, output):
    """Forward and back, into the last four; the weights moved by the ``first`` so many of two parts (reads, back, c).

    What comes back to the last hidden layer, but for the slopes, is known before anything goes forward: so the matrix into it, in
    a network of three layers the only large one, is read once for both ways.
    """
    layers, n, k = plan.layers, plan.samples, plan.outputs
    last, slope = len(layers) - 2, reads.dtype.type(plan.slope)
    moves = parts, (first[0], _lefts(plan, first, parts)), (second[0], _lefts(plan, second, parts - 1))
    output[:] = 0.0
    for copy in range(plan.copies):
        ends = _view(back, layers[last, _BACK], copy, n * k, k)
        ends[:] = 0.0
        for i in range(n):
            for o in range(k):
                ends[i * k + o, o] = plan.kappa
        above = _room(plan, np.int64(0), layers[last, _FAN_IN])
        add(_matrix(y, plan, last, copy), ends, above, layers[last, _FAN_IN])
        _move_back(plan, moves, last, copy, ends, above)
        for layer in range(last):
            w, h = _matrix(y, plan, layer, copy), _enter(plan, reads, pre, slope, layer, copy)
            z = _said(plan, pre, layer, copy)
            z[:] = 0.0
            _move_forward(plan, moves, layer, copy, h, z)
            if layer < last - 1:
                add_along(w, h, z, np.int64(0), w.shape[0])
            else:
                b, below = (
                    _view(back, layers[layer, _BACK], copy, n * k, w.shape[0]),
                    _room(plan, np.int64(1), w.shape[1]),
                )
                _both_ways(w, h, z, above, slope, b, below, layer > 0)
        h, z = _enter(plan, reads, pre, slope, last, copy), np.zeros((n, k), reads.dtype)
        _move_forward(plan, moves, last, copy, h, z)
        add_along(_matrix(y, plan, last, copy), h, z, np.int64(0), k)
        for i in range(n):
            for o in range(k):
                output[i * k + o] += plan.kappa * z[i, o]
        for layer in range(last - 1, 0, -1):
            w, z = _matrix(y, plan, layer, copy), _said(plan, pre, layer - 1, copy)
            b = _view(back, layers[layer, _BACK], copy, n * k, w.shape[0])
            under = _view(back, layers[layer - 1, _BACK], copy, n * k, z.shape[1])
            if layer < last - 1:
                below = _room(plan, np.int64(1), w.shape[1])
                add(w, b, below, w.shape[1])
            _move_back(plan, moves, layer, copy, b, below)
            _bend(z, below, slope, np.int64(0), z.shape[1], under)


@njit(**EXACT, **UNCOUNTED)
def _both_ways(w, h, z, above, slope, b, below, deeper):
    """Z += h w^T, from that and ``above`` the backward signals b, and with ``deeper`` below += b w: w is read once."""
    for low in range(0, w.shape[0], ROWS):
        high = min(low + ROWS, w.shape[0])
        add_along(w, h, z, low, high)
        _bend(z, above, slope, low, high, b)
        if deeper:
            add_rows(w, b, below, w.shape[1], low, high)


@njit(**EXACT, **UNCOUNTED)
def _bend(z, coming, slope, low, high, b):
    """Backward signals of the neurons from ``low`` to ``high``: what comes back to them times their slopes."""
    outputs = b.shape[0] // z.shape[0]
    for i in range(b.shape[0]):
        for j in range(low, high):
            b[i, j] = coming[i, j] if z[i // outputs, j] > 0.0 else slope * coming[i, j]


@njit(**EXACT)
def _enter(plan, reads, pre, slope, layer, copy):
    """What a layer reads, from what the one below said."""
    row, n = plan.layers[layer], plan.samples
    h, neurons = _view(reads, row[_READS], copy, n, row[_FAN_IN]), row[_NEURONS]
    if layer > 0:
        _activate(_said(plan, pre, layer - 1, copy), slope, h)
    for i in range(n):  # loops: assignments of parts of arrays would take a second to compile
        if layer == 0:
            for j in range(neurons):
                h[i, j] = plan.inputs[i, j]
        for j in range(neurons, h.shape[1]):
            h[i, j] = plan.units[layer]
    return h


@njit(**EXACT)
def _said(plan, pre, layer, copy):
    """Pre-activations of a hidden layer."""
    return _view(pre, plan.layers[layer, _PRE], copy, plan.samples, plan.layers[layer, _FAN_OUT])


@njit(**EXACT)
def _matrix(y, plan, layer, copy):
    """That of a layer, in flat weights."""
    row = plan.layers[layer]
    return _view(y, row[_WEIGHTS], copy, row[_FAN_OUT], row[_FAN_IN])


@njit(**EXACT)
def _room(plan, place, size):
    """Zeros (n k, size) and a line, at one of two places."""
    rows = plan.samples * plan.outputs
    room = plan.room[place * (plan.room.size // 2) :][: rows * (size + LINE)].reshape((rows, size + LINE))
    room[:] = 0.0
    return room


@njit(**EXACT)
def gram(plan, reads, back, kernel):
    """Into ``kernel`` (n k, n k): J J^T/(n k)."""
    layers, n, k = plan.layers, plan.samples, plan.outputs
    backs, fronts = np.empty((n * k, n * k), back.dtype), np.empty((n, n), reads.dtype)
    factor = plan.unit * plan.unit / (n * k)
    kernel[:] = 0.0
    for layer in range(len(layers) - 1):
        for copy in range(plan.copies):
            b = _view(back, layers[layer, _BACK], copy, n * k, layers[layer, _FAN_OUT])
            h = _view(reads, layers[layer, _READS], copy, n, layers[layer, _FAN_IN])
            along(b, b, backs)
            along(h, h, fronts)
            for i in range(n * k):
                for j in range(n * k):
                    kernel[i, j] += factor * backs[i, j] * fronts[i // k, j // k]


@njit(**EXACT)
def speeds(plan, reads, back, pre, residual, rows, columns):
    """The fastest that the weights of a hidden neuron turn, in radians a unit of time, and grow, as an exponent.

    ``rows``, ``columns``: squared norms of the matrices. The row of a neuron moves at -sum_i s_i h_i, h_i what it reads, its
    column at -sum_i a_i h_i, h_i what it says, with s and a the backward signals times the residual; both along the weights at a
    rate of sum_i s_i z_i.
    """
    layers, n, k = plan.layers, plan.samples, plan.outputs
    fronts, backs = np.empty((n, n)), np.empty((n, n))
    c = np.empty((len(layers) - 1, n * k))
    c[:] = residual / (n * k)
    moves = _lefts(plan, (reads, back, c), np.int64(1))
    turning, growing = 0.0, 0.0
    for layer in range(len(layers) - 2):
        neurons, above = layers[layer, _FAN_OUT], layers[layer + 1]
        square, along_both = np.empty(neurons), np.empty(neurons)
        for copy in range(plan.copies):
            h = _view(reads, layers[layer, _READS], copy, n, layers[layer, _FAN_IN])
            s = _view(moves, layers[layer, _BACK] // k, copy, n, neurons)
            z = _view(pre, layers[layer, _PRE], copy, n, neurons)
            said = _view(reads, above[_READS], copy, n, above[_FAN_IN])
            a = _view(moves, above[_BACK] // k, copy, n, above[_FAN_OUT])
            along(h, h, fronts)
            along(a, a, backs)
            square[:], along_both[:] = 0.0, 0.0
            for i in range(n):
                for j in range(neurons):
                    along_both[j] += s[i, j] * z[i, j]
                for o in range(n):
                    front, rear = fronts[i, o], backs[i, o]
                    for j in range(neurons):
                        square[j] += front * s[i, j] * s[o, j] + rear * said[i, j] * said[o, j]
            row = rows[layers[layer, _ROWS] + copy * neurons :][:neurons]
            column = columns[above[_COLUMNS] + copy * neurons :][:neurons]
            for j in range(neurons):
                if row[j] > 0.0 and column[j] > 0.0:
                    size, radial = row[j] + column[j], along_both[j]
                    turning = max(turning, (square[j] - radial * radial * (1.0 / row[j] + 1.0 / column[j])) / size)
                    growing = max(growing, 2 * abs(radial) / size)
    return np.sqrt(turning), growing


@njit(**EXACT)
def growth(norms, gains, constants, lengths, residual):
    """The bound of :meth:`numerics.flow.deep.state.DeepFlow.growth_bound`, but for kappa/n and the slopes.

    norms, gains, constants (layers,): spectral norms with their gains, these, constant units or nan.
    lengths, residual (n,): |x_i| and |e_i|.
    """
    depth = norms.size
    signals, squares, below = np.zeros(depth), lengths * lengths, 1.0
    for layer in range(depth):
        if constants[layer] == constants[layer] and below > 0:  # else nothing goes through
            squares += (constants[layer] / below) ** 2
        for i in range(residual.size):
            signals[layer] += residual[i] * np.sqrt(squares[i])
        below *= norms[layer]
    signal = signals.max()
    if not signal > 0:
        return 0.0
    blocks, rates = np.zeros((depth, depth)), np.empty(depth)
    for j in range(depth):
        for k in range(j):
            others = gains[j] * gains[k] * signals[k] / signal
            for layer in range(depth):
                if layer != j and layer != k:
                    others *= norms[layer]
            blocks[j, k] = blocks[k, j] = others
    eigen(blocks, rates, np.empty((depth, depth)), np.empty((depth, depth)))
    return signal * rates.max()


@njit(**EXACT)
def factors(plan, rows, columns, balances, left, row_factors, column_factors):
    """What multiplies rows and columns of every matrix so that |row|^2 - |column|^2 of hidden neurons is left balance.

    Flat, like the squared norms ``rows`` and ``columns``. r > 0 with r^2 rows - columns/r^2 = left balance, without cancellation;
    1 for a neuron without weights on one side, for inputs and for outputs, and everywhere if there are no balances.

    Returns the largest sum of the two norms of a neuron.
    """
    row_factors[:] = 1.0
    column_factors[:] = 1.0
    first = plan.layers[1, _COLUMNS]
    largest = 0.0
    for neuron in range(columns.size - first):  # rows of a layer are as many as columns of the next
        row, column = rows[neuron], columns[first + neuron]
        largest = max(largest, row + column)
        if balances.size > 0 and row > 0.0 and column > 0.0:
            balance = left * balances[neuron]
            root = np.sqrt(balance * balance + 4 * row * column)
            square = (balance + root) / (2 * row) if balance >= 0.0 else 2 * column / (root - balance)
            row_factors[neuron] = np.sqrt(square)
            column_factors[first + neuron] = 1.0 / row_factors[neuron]
    return largest


@njit(**EXACT)
def write(y, single, start, plan, first, second, third, row_factors, column_factors, most, rows, columns, squares):
    """Move the weights by three parts, then multiply rows and columns; norms of the result into the last three.

    ``single``: weights in single precision, to be the same, or empty.
    Nothing is done, and False comes back, if an entry could move by ``most``.
    """
    layers = plan.layers
    lefts = _lefts(plan, first, np.int64(1)), _lefts(plan, second, np.int64(1)), _lefts(plan, third, np.int64(1))
    for layer in range(len(layers) - 1):
        for copy in range(plan.copies):
            left, right = _stacked(plan, lefts, first[0], second[0], third[0], layer, copy)
            if not np.sqrt(_square(left)) * np.sqrt(_square(right)) < most:
                return False
    squares[:] = 0.0
    for layer in range(len(layers) - 1):
        fan_in, fan_out, neurons = layers[layer, _FAN_IN], layers[layer, _FAN_OUT], layers[layer, _NEURONS]
        for copy in range(plan.copies):
            left, right = _stacked(plan, lefts, first[0], second[0], third[0], layer, copy)
            w = _view(y, layers[layer, _WEIGHTS], copy, fan_out, fan_in)
            by_row, by_column = _multipliers(plan, row_factors, column_factors, layer, copy)
            then = _view(start, layers[layer, _WEIGHTS], copy, fan_out, fan_in)
            same = _view(single, layers[layer, _WEIGHTS], copy, fan_out if single.size > 0 else 0, fan_in)
            lines = rows[layers[layer, _ROWS] + copy * fan_out :][:fan_out]
            heads = columns[layers[layer, _COLUMNS] + copy * neurons :][:neurons]
            inside, bias = advance(w, then, same, left, right, by_row, by_column, plan.room, neurons, lines, heads)
            squares[layer, 0] += inside
            squares[layer, 1] += bias
    return True


@njit(**EXACT)
def take_back(y, plan, first, second, third, row_factors, column_factors):
    """Make weights what they were before :func:`write`."""
    layers = plan.layers
    lefts = _lefts(plan, first, np.int64(1)), _lefts(plan, second, np.int64(1)), _lefts(plan, third, np.int64(1))
    for layer in range(len(layers) - 1):
        for copy in range(plan.copies):
            left, right = _stacked(plan, lefts, first[0], second[0], third[0], layer, copy)
            by_row, by_column = _multipliers(plan, row_factors, column_factors, layer, copy)
            w = _view(y, layers[layer, _WEIGHTS], copy, layers[layer, _FAN_OUT], layers[layer, _FAN_IN])
            retreat(w, left, right, by_row, by_column, plan.room)


@njit(**EXACT)
def _view(flat, at, copy, rows, columns):
    """The matrix (rows, columns) of a copy of a layer that begins at ``at``."""
    size = rows * columns
    return flat[at + copy * size : at + (copy + 1) * size].reshape((rows, columns))


@njit(**EXACT, **UNCOUNTED)
def _activate(z, slope, out):
    for i in range(z.shape[0]):
        for j in range(z.shape[1]):
            out[i, j] = z[i, j] if z[i, j] > 0.0 else slope * z[i, j]


@njit(**EXACT)
def _lefts(plan, part, wanted):
    """C b of a part, summed over the outputs of every sample, flat like ``back`` with n rows for n k."""
    back, c = part[1], part[2]
    layers, n, k = plan.layers, plan.samples, plan.outputs
    found = np.zeros(back.size // k if wanted > 0 else 0, back.dtype)
    if wanted > 0:
        for layer in range(len(layers) - 1):
            fan_out = layers[layer, _FAN_OUT]
            for copy in range(plan.copies):
                b = _view(back, layers[layer, _BACK], copy, n * k, fan_out)
                left = _view(found, layers[layer, _BACK] // k, copy, n, fan_out)
                for i in range(n * k):
                    for j in range(fan_out):
                        left[i // k, j] += c[layer, i] * b[i, j]
    return found


@njit(**EXACT)
def _move_forward(plan, moves, layer, copy, h, z):
    """Take left^T right h from z, rows by rows, of as many parts as count."""
    n, row = plan.samples, plan.layers[layer]
    along_right = np.empty((n, n), h.dtype)
    for part in range(moves[0]):
        right, left = moves[1] if part == 0 else moves[2]
        along(_view(right, row[_READS], copy, n, row[_FAN_IN]), h, along_right)
        add(_view(left, row[_BACK] // plan.outputs, copy, n, row[_FAN_OUT]), -along_right, z, row[_FAN_OUT])


@njit(**EXACT)
def _move_back(plan, moves, layer, copy, b, below):
    """Take right^T left b from what goes back."""
    n, row = plan.samples, plan.layers[layer]
    along_left = np.empty((b.shape[0], n), b.dtype)
    for part in range(moves[0]):
        right, left = moves[1] if part == 0 else moves[2]
        along(_view(left, row[_BACK] // plan.outputs, copy, n, row[_FAN_OUT]), b, along_left)
        add(_view(right, row[_READS], copy, n, row[_FAN_IN]), -along_left, below, row[_FAN_IN])


@njit(**EXACT)
def _stacked(plan, lefts, first, second, third, layer, copy):
    """Left (3 n, fan_out) and right (3 n, fan_in) of three parts."""
    n, k, row = plan.samples, plan.outputs, plan.layers[layer]
    left, right = np.empty((3 * n, row[_FAN_OUT]), first.dtype), np.empty((3 * n, row[_FAN_IN]), first.dtype)
    for part in range(3):
        one = _view(lefts[part], row[_BACK] // k, copy, n, row[_FAN_OUT])
        other = _view(first if part == 0 else (second if part == 1 else third), row[_READS], copy, n, row[_FAN_IN])
        for i in range(n):
            for j in range(one.shape[1]):
                left[part * n + i, j] = one[i, j]
            for j in range(other.shape[1]):
                right[part * n + i, j] = other[i, j]
    return left, right


@njit(**EXACT, **UNCOUNTED)
def _square(values):
    """Sum of squares of a matrix."""
    total = 0.0
    for k in range(values.shape[0]):
        for j in range(values.shape[1]):
            total += values[k, j] * values[k, j]
    return total


@njit(**EXACT)
def _multipliers(plan, row_factors, column_factors, layer, copy):
    """Those of the rows and of the columns of a matrix, 1 for a constant unit."""
    row = plan.layers[layer]
    fan_out, neurons = row[_FAN_OUT], row[_NEURONS]
    by_column = np.ones(row[_FAN_IN])
    for j in range(neurons):
        by_column[j] = column_factors[row[_COLUMNS] + copy * neurons + j]
    return row_factors[row[_ROWS] + copy * fan_out :][:fan_out], by_column
