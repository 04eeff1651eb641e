"""Slopes of three layers with biases, and with as many outputs as neurons, beside what the scaling argument says.

    python benchmarks/biases.py
    python benchmarks/biases.py --points "k = m" --widths 16 32 --seeds 2

sigma_l = m^(-b_l), alpha = 1, gradient flow to a loss of 1e-4 times that of the start, output centred. The slope of RD in the
Frobenius norm of every layer, of the spectral norm of W2, and where a bias starts at zero of the distance |b - b(0)|; fits
over the widths with the 95 % bootstrap interval over the seeds. One line a run goes to the standard error.
"""

import argparse
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

import numerics as nm

_LOSS = 1e-4
_X = np.array([[-0.9, 0.3], [-0.2, 0.8], [0.4, 0.6], [0.9, 0.2]])
_ANY = np.array([0.9, -0.4, 0.7, 0.2])


@dataclass(frozen=True)
class Point:
    """Exponents of a network, its data at a width, and the slopes that are predicted.

    ``biases``: exponents b of the biases of every layer; infinite for one that starts at zero, None for a layer without.
    """

    name: str
    weights: tuple[float, float, float]
    biases: tuple[float | None, ...]
    data: Callable[[int], tuple[np.ndarray, np.ndarray]]
    predicted: Mapping[str, Fraction]
    widths: tuple[int, ...] = (64, 128, 256, 512, 1024)

    def start(self, width: int, outputs: int, seed: int) -> nm.DeepNetwork:
        """A draw."""
        powers = [float(width) ** -b for b in self.weights]
        biases = [None if b is None else float(width) ** -b for b in self.biases]
        rng = np.random.default_rng([seed, width])
        return nm.DeepNetwork.sample((2, width, width, outputs), powers, biases=biases, rng=rng)


def _slopes(text: str) -> dict[str, Fraction]:
    return {name: Fraction(value) for name, value in (part.split(" = ") for part in text.split(", "))}


def _outputs(width: int) -> tuple[np.ndarray, np.ndarray]:
    """Two samples of as many outputs as neurons."""
    return _X[[0, 3]], np.random.default_rng(width).standard_normal((2, width))


_NONE = (None, None, None)
_ZERO = (np.inf, np.inf, None)
_SMALL = (0.5, 0.25, None)
POINTS = (
    Point(
        *("b = (1, 1, 3/4), zero biases, any target", (1, 1, 0.75), _ZERO, lambda _: (_X, _ANY)),
        _slopes("W1 = 1/2, W2 = 0, W2s = 1/2, a = 1/4, b1 = 0, b2 = 0"),
    ),
    Point(
        *("b = (1, 1, 3/4), zero biases, constant target", (1, 1, 0.75), _ZERO, lambda _: (_X, np.ones(4))),
        _slopes("W1 = 0, W2 = -1/2, W2s = 0, a = 1/4, b1 = -1/2, b2 = 0"),
    ),
    Point(
        *("b = (1, 3/4, 1/2), biases (1/2, 1/4), any target", (1, 0.75, 0.5), _SMALL, lambda _: (_X, _ANY)),
        _slopes("W1 = 1/2, W2 = -1/4, W2s = 1/4, a = 0, b1 = 0, b2 = -1/2"),
    ),
    Point(
        *("b = (1, 3/4, 1/2), biases (1/2, 1/4), constant target", (1, 0.75, 0.5), _SMALL, lambda _: (_X, np.ones(4))),
        _slopes("W1 = -1/4, W2 = -3/4, W2s = -1/4, a = -1/4, b1 = -3/4, b2 = -3/4"),
    ),
    Point(
        *("PyTorch's exponents (0, 1/2, 1/2), with biases", (0, 0.5, 0.5), (0, 0.5, 0.5), lambda _: (_X, _ANY)),
        _slopes("W1 = -3/2, W2 = -1, W2s = -1/2, a = -1/2, b1 = -3/2, b2 = -1, b3 = -1/2"),
    ),
    Point(
        *("PyTorch's exponents (0, 1/2, 1/2), without", (0, 0.5, 0.5), _NONE, lambda _: (_X, _ANY)),
        _slopes("W1 = -3/2, W2 = -1, W2s = -1/2, a = -1/2"),
    ),
    Point(
        *("k = m outputs, b = (1/2, 1/2, 1)", (0.5, 0.5, 1), _NONE, _outputs),
        _slopes("W1 = 1/6, W2 = -1/3, W2s = 1/6, a = 1/6, as = 2/3"),
        widths=(16, 32, 64, 128, 192),
    ),
    Point(
        *("k = m outputs, b = (3/4, 3/4, 1)", (0.75, 0.75, 1), _NONE, _outputs),
        _slopes("W1 = 5/12, W2 = -1/12, W2s = 5/12, a = 1/6, as = 2/3"),
        widths=(16, 32, 64, 128, 192),
    ),
)


def distances(point: Point, width: int, seed: int) -> dict[str, float]:
    """RD of every layer of one run, and of W2 and a in the spectral norm; nan if it did not reach the loss."""
    X, y = point.data(width)
    start = point.start(width, y.shape[1] if y.ndim > 1 else 1, seed)
    begin = time.perf_counter()
    loss = float(np.sum((start(X) - y) ** 2)) / (2 * len(y))
    run = nm.gradient_flow(start, X, y, method="exponential", loss_tol=_LOSS * loss, max_seconds=600, throw=False)
    found = nm.layer_observables(run.network, start)
    values = {layer: one.relative_distance for layer, one in found.items()}
    values |= {f"{layer}s": found[layer].spectral_relative_distance for layer in ("W2", "a")}
    seconds = time.perf_counter() - begin
    shown = ", ".join(f"{name} {value:.4g}" for name, value in values.items())
    print(
        f"{point.name}; {width}, seed {seed}: {run.status.name}, {seconds:.0f} s; {shown}", file=sys.stderr, flush=True
    )
    return values if run.converged else dict.fromkeys(values, np.nan)


def table(point: Point, widths: Sequence[int], seeds: int) -> list[str]:
    """The slopes of a point as lines of a table."""
    runs = [[distances(point, width, seed) for seed in range(seeds)] for width in widths]
    lines = [f"| {point.name}, widths {widths[0]} to {widths[-1]}, {seeds} seeds | | |"]
    for layer, expected in point.predicted.items():
        fit = nm.slopes.fit(widths, np.array([[run[layer] for run in row] for row in runs]))
        name = f"{layer[:-1]} (spectral)" if layer.endswith("s") else layer
        lines.append(f"| {name} | {expected} | {fit.slope:.2f} ({fit.low:.2f}, {fit.high:.2f}) |")
    return lines


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--points", default="", help="only those whose name holds this text")
    parser.add_argument("--widths", type=int, nargs="+", help="instead of those of the point")
    parser.add_argument("--seeds", type=int, default=3)
    asked = parser.parse_args()
    print("| layer | predicted | measured |\n|:--|--:|--:|")
    for point in POINTS:
        if asked.points in point.name:
            print("\n".join(table(point, asked.widths or point.widths, asked.seeds)), flush=True)


if __name__ == "__main__":
    main()
