"""The reduced flow's answer, easy or hard, against slopes of trained networks: the table in docs/theory/easy-and-hard.md.

Twenty random data sets, n = 2..8 samples of d = 2..5 inputs (the constant included), the four points, a ramp and a constant.
Slopes of RD_w and RD_a between m = 1000 and 64 000 at (gamma, gamma') = (3/2, -1) and (3/2, -3/2). Branches:

    easy  S_w = gamma - 1,               S_a = 2 (gamma + gamma' - 1)
    hard  S_w = (gamma - 1 - gamma')/2,  S_a = (gamma - 1 + gamma')/2

Run it as ``python benchmarks/reduced_flow.py``: a quarter of an hour on one core.
"""

from fractions import Fraction

import numpy as np

import numerics as nm

WIDTHS = (1000, 4000, 16_000, 64_000)
SEEDS = 2
POINTS = ((Fraction(3, 2), Fraction(-1)), (Fraction(3, 2), Fraction(-3, 2)))
DATA_SEED = 18


def data_sets() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """By name: those of known kind, and twenty random ones."""
    X, zigzag = nm.datasets.four_points()
    found = {"zigzag": (X, zigzag), "ramp": (X, np.maximum(X[:, 0], 0) * 0.8), "constant": (X, np.full(4, 0.5))}
    rng = np.random.default_rng(DATA_SEED)
    for index in range(20):
        n, d = int(rng.integers(2, 9)), int(rng.integers(2, 6))
        inputs = np.column_stack([rng.standard_normal((n, d - 1)), np.ones(n)])
        found[f"random {index}: n = {n}, d = {d}"] = inputs, rng.standard_normal(n)
    return found


def branches(gamma: Fraction, prime: Fraction) -> dict[str, tuple[float, float]]:
    """S_w and S_a of either kind of target."""
    easy, hard = (gamma - 1, 2 * (gamma + prime - 1)), ((gamma - 1 - prime) / 2, (gamma - 1 + prime) / 2)
    return {name: (float(w), float(a)) for name, (w, a) in (("easy", easy), ("hard", hard))}


def measured(
    X: np.ndarray, y: np.ndarray, gamma: Fraction, prime: Fraction, loss_tol: float
) -> tuple[dict[str, nm.slopes.SlopeFit], int, int]:
    """Slopes of RD_w and RD_a with their intervals over seeds; how many runs came to rest, and how many stopped short."""
    shape = len(WIDTHS), SEEDS
    values, rest, short = {"w": np.full(shape, np.nan), "a": np.full(shape, np.nan)}, 0, 0
    for row, width in enumerate(WIDTHS):
        for seed in range(SEEDS):
            start = nm.TwoLayer.sample(width, gamma, prime, X, rng=nm.cell_seed(gamma, prime, width=width, seed=seed))
            run = nm.gradient_flow(start, X, y, loss_tol=loss_tol, max_seconds=60, throw=False)
            rest, short = rest + run.at_rest, short + (not run.converged and not run.at_rest)
            for layer, column in values.items():
                column[row, seed] = run.sup_relative_distance[layer] if run.converged or run.at_rest else np.nan
    return {layer: nm.slopes.fit(WIDTHS, column) for layer, column in values.items()}, rest, short


def main() -> None:
    """Print the table, row by row."""
    head = " | ".join(f"S_w, S_a at ({gamma}, {prime})" for gamma, prime in POINTS)
    print(f"data set | reduced flow | loss over start | {head} | nearest branch")
    for name, (X, y) in data_sets().items():
        flow = nm.reduced_flow(X, y)
        cells, nearest = [], []
        for gamma, prime in POINTS:
            fits, rest, short = measured(X, y, gamma, prime, flow.loss_tol)
            w, a = fits["w"], fits["a"]
            notes = [f"{count} {what}" for count, what in ((rest, "at rest"), (short, "short")) if count]
            cells.append(f"{w.slope:.2f} [{w.low:.2f}, {w.high:.2f}], {a.slope:.2f} {'; '.join(notes)}".rstrip())
            kinds = branches(gamma, prime)
            nearest.append(min(kinds, key=lambda kind: abs(kinds[kind][0] - w.slope)))
        left = flow.loss / (float(y @ y) / (2 * len(y)))
        print(f"{name} | {flow.target} | {left:.1e} | {' | '.join(cells)} | {', '.join(nearest)}", flush=True)


if __name__ == "__main__":
    main()
