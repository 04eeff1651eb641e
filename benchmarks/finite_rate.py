"""What carries over from the gradient flow to gradient descent at a finite rate, to momentum and to mini-batches.

    python benchmarks/finite_rate.py --out finite_rate.png
    python benchmarks/finite_rate.py --quick

The slope of RD_w between widths, against the rate as a fraction of the stability limit 2/lambda: lambda the largest eigenvalue of
the tangent kernel over n, at the start or at the end of the gradient flow, whichever is larger. Momentum (0.9) at the rate of the
same speed. Fits over the widths, with the 95 % interval of the slopes of single seeds; a combination in which a run did not reach
the loss is left out of the figure and named in the table.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from scipy import stats

import numerics as nm
from numerics.figures.style import COLOURS, MARKERS

_POINTS = ((0.5, 0.0), (1.0, 0.0), (1.75, 0.0))
_FRACTIONS = (0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.95, 1.1)
_LOSS = 1e-4


@dataclass(frozen=True)
class Way:
    """A way to descend: its name, optimiser and batch."""

    name: str
    optimizer: str
    batch: int | None


_WAYS = (
    Way("gradient descent", "gradient-descent", None),
    Way("momentum 0.9", "momentum", None),
    Way("one sample of four a step", "gradient-descent", 1),
)


@dataclass(frozen=True)
class Measured:
    """A slope of RD_w with half its interval, how many runs fell short, and why the first of them did."""

    slope: float
    half: float
    short: int
    why: str = ""


def limits(start: nm.TwoLayer, flow: nm.Solution, X: np.ndarray) -> float:
    """The largest stable rate, 2/lambda."""
    return min(2 * len(X) / np.linalg.eigvalsh(nm.tangent_kernel(net, X))[-1] for net in (start, flow.network))


def measured(point: tuple[float, float], widths: tuple[int, ...], seeds: int) -> Iterator[tuple[str, float, Measured]]:
    """Way, fraction and slope; the flow itself first, at fraction 0."""
    X, y = nm.datasets.four_points()
    starts = {(m, s): nm.TwoLayer.sample(m, *point, X, rng=s) for m in widths for s in range(seeds)}
    flows = {key: nm.gradient_flow(start, X, y, loss_tol=_LOSS) for key, start in starts.items()}
    largest = {key: limits(start, flows[key], X) for key, start in starts.items()}
    yield "gradient flow", 0.0, slope_of(flows, widths, seeds)
    for way in _WAYS:
        slowdown = 0.1 if way.optimizer == "momentum" else 1.0
        for fraction in _FRACTIONS:
            runs = {
                key: nm.descend(
                    *(start, X, y),
                    optimizer=way.optimizer,
                    rate=slowdown * fraction * largest[key],
                    batch=way.batch,
                    loss_tol=_LOSS,
                    max_steps=20_000,
                    throw=False,
                )
                for key, start in starts.items()
            }
            yield way.name, fraction, slope_of(runs, widths, seeds)


def slope_of(runs: dict[tuple[int, int], nm.Solution], widths: tuple[int, ...], seeds: int) -> Measured:
    """The slope of log RD_w against log m."""
    short = [run for run in runs.values() if run.status is not nm.Status.LOSS_REACHED]
    if short:
        return Measured(np.nan, np.nan, len(short), short[0].status.name)
    logs = [[np.log(runs[m, s].sup_relative_distance["w"]) for m in widths] for s in range(seeds)]
    slopes = np.polyfit(np.log(widths), np.transpose(logs), 1)[0]
    half = stats.t.ppf(0.975, seeds - 1) * slopes.std(ddof=1) / np.sqrt(seeds)
    return Measured(float(slopes.mean()), float(half), 0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="narrower networks and three seeds")
    parser.add_argument("--out", help="also draw a figure")
    options = parser.parse_args()
    widths, seeds = ((250, 1000), 3) if options.quick else ((500, 2000, 8000), 5)
    figure, axes = plt.subplots(1, len(_POINTS), figsize=(11, 3.6), sharex=True, layout="constrained")
    names = [way.name for way in _WAYS]
    for ax, point in zip(axes, _POINTS, strict=True):
        print(f"(gamma, gamma') = {point}, widths {widths}, {seeds} seeds")
        found = list(measured(point, widths, seeds))
        for name, fraction, result in found:
            text = (
                f"{result.slope:+.3f} +- {result.half:.3f}"
                if not result.short
                else f"{result.short} runs: {result.why}"
            )
            print(f"  {name:28s} {fraction:5.2f} of the limit   S_w = {text}", flush=True)
        flow = found[0][2]
        ax.axhspan(flow.slope - flow.half, flow.slope + flow.half, color="0.85", lw=0)
        ax.axhline(flow.slope, color="black", lw=1, label="gradient flow")
        for i, name in enumerate(names):
            rows = [(fraction, r.slope, r.half) for n, fraction, r in found if n == name and not r.short]
            if rows:
                x, slope, half = np.transpose(rows)
                ax.errorbar(
                    x * 1.03 ** (i - 1), slope, half, fmt=f"{MARKERS[i]}-", color=COLOURS[i], ms=4, lw=1, label=name
                )
        ax.axvline(1.0, color="grey", ls=":", lw=1)
        ax.set(
            xscale="log",
            xlabel="rate / largest stable rate",
            title=rf"$\gamma$ = {point[0]:g}, $\gamma'$ = {point[1]:g}",
        )
        low, high = ax.get_ylim()
        middle, reach = (low + high) / 2, max(high - low, 0.2) / 2
        ax.set_ylim(middle - reach, middle + reach)
    axes[0].set_ylabel(r"slope $S_w$")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False)
    if options.out:
        figure.savefig(options.out, dpi=150)


if __name__ == "__main__":
    main()
