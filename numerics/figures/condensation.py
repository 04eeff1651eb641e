"""Figures of condensation over the phase diagram: the map of features, and the measures against S_w."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D

import phasetheory as pt
from phasetheory.diagrams.plotting import REGIME_COLOURS

if TYPE_CHECKING:
    import xarray

__all__ = [
    "plot_condensation_map",
    "plot_condensation_plane",
    "plot_measure_against_slope",
    "plot_measure_against_width",
]

_WIDTHS = (
    "#0072B2",
    "#009E73",
    "#D55E00",
    "#CC79A7",
    "#F0E442",
)  # one colour a width; colour-blind safe (Okabe and Ito)
_FAINTEST = 0.35  # opacity of a bin with one neuron


def plot_condensation_map(
    dataset: "xarray.Dataset", slopes: np.ndarray, *, seed: int = 0, figure: Figure | SubFigure | None = None
) -> Figure | SubFigure:
    """Features of every box of the plane: amplitude over the largest one against orientation, one colour a width.

    Parameters
    ----------
    dataset : xarray.Dataset
        Of a :class:`numerics.CondensationPlan`.
    slopes : float64 (gamma, gamma_prime)
        Derived S_w; boxes where it is zero have a thick frame.
    seed : int
        Which repetition is drawn.
    figure : Figure or SubFigure, optional
    """
    gammas, primes = dataset.gamma.values, dataset.gamma_prime.values
    if figure is None:
        figure = plt.figure(figsize=(1.55 * gammas.size + 0.8, 1.35 * primes.size + 1.2), layout="constrained")
    grid = figure.subplots(primes.size, gammas.size, sharex=True, sharey=True, squeeze=False)
    across = dataset.orientation.values
    half = (across[1] - across[0]) / 2
    extent = (across[0] - half, across[-1] + half, 0.0, 1.0)
    for column, gamma in enumerate(gammas):
        for row, prime in enumerate(primes[::-1]):
            ax = grid[row, column]
            here = dataset.occupancy.sel(gamma=gamma, gamma_prime=prime, seed=seed)
            for index in reversed(range(dataset.width.size)):  # the widest network below: it fills most bins
                image = _tinted(here.isel(width=index).values.T, _WIDTHS[index % len(_WIDTHS)])
                look: dict[str, Any] = {"origin": "lower", "aspect": "auto", "interpolation": "nearest"}
                ax.imshow(image, extent=extent, **look).set_rasterized(True)
            slope = slopes[column, primes.size - 1 - row]
            for spine in ax.spines.values():
                spine.set(color=REGIME_COLOURS[_regime(slope)], lw=3.0 if slope == 0 else 1.2)
            ax.set(xticks=[], yticks=[])
            if row == primes.size - 1:
                ax.set_xlabel(rf"$\gamma={gamma:g}$")
            if column == 0:
                ax.set_ylabel(rf"$\gamma'={prime:g}$")
    handles = [
        Line2D([], [], ls="", marker="s", color=colour, label=f"$m=10^{{{np.log10(width):g}}}$")
        for width, colour in zip(dataset.width.values, _WIDTHS, strict=False)
    ]
    handles += [Line2D([], [], color=REGIME_COLOURS[regime], lw=3, label=regime.value) for regime in pt.Regime]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), fontsize=9, frameon=False)
    return figure


def plot_condensation_plane(
    values: "xarray.DataArray", label: str, *, diverging: bool = False, ax: Axes | None = None
) -> Axes:
    """A measure over the plane, mean over the seeds, with the derived boundary S_w = 0.

    Parameters
    ----------
    values : xarray.DataArray (gamma, gamma_prime, seed)
    label : str
        Of the colour bar.
    diverging : bool
        White at zero.
    """
    ax = plt.subplots(figsize=(5.0, 4.2), layout="constrained")[1] if ax is None else ax
    mean = values.mean("seed").transpose("gamma_prime", "gamma")
    size = float(np.abs(mean).max())
    limits: dict[str, Any] = {"cmap": "PuOr_r", "vmin": -size, "vmax": size} if diverging else {"cmap": "viridis"}
    mesh = ax.pcolormesh(mean.gamma.values, mean.gamma_prime.values, mean.values, shading="nearest", **limits)
    left, right = ax.get_xlim()
    bottom, top = ax.get_ylim()
    prime = np.linspace(bottom, top, 200)
    edge = [_boundary(p) for p in prime]
    ax.plot(edge, prime, color="white", lw=4.0)
    ax.plot(edge, prime, color="black", lw=2.2, label="$S_w=0$, derived")
    ax.set(xlim=(left, right), ylim=(bottom, top), xlabel=r"$\gamma$", ylabel=r"$\gamma'$")
    ax.figure.colorbar(mesh, ax=ax, label=label)
    ax.legend(loc="lower left", fontsize=8, framealpha=0.9)
    return ax


def plot_measure_against_slope(
    dataset: "xarray.Dataset", slopes: np.ndarray, *, measure: str = "entropy", ax: Axes | None = None
) -> Axes:
    """1 - entropy, or the fraction, of every box against its derived S_w, one colour a width; bars over the seeds."""
    ax = plt.subplots(figsize=(5.0, 4.2), layout="constrained")[1] if ax is None else ax
    values = 1 - dataset.entropy if measure == "entropy" else dataset[measure]
    for index, width in enumerate(dataset.width.values):
        here = values.sel(width=width).transpose("gamma", "gamma_prime", "seed")
        mean = here.mean("seed").values.ravel()
        low, high = (extreme("seed").values.ravel() for extreme in (here.min, here.max))
        look: dict[str, Any] = {"color": _WIDTHS[index % len(_WIDTHS)], "ms": 4.5, "capsize": 2, "alpha": 0.85}
        label = f"$m=10^{{{np.log10(width):g}}}$"
        ax.errorbar(slopes.ravel(), mean, np.maximum(0.0, [mean - low, high - mean]), fmt="o", label=label, **look)
    ax.axvline(0.0, color=REGIME_COLOURS[pt.Regime.CRITICAL], lw=1.2, ls="--")
    ax.set(xlabel="derived $S_w$", ylabel=_LABELS[measure], ylim=(-0.03, 1.03))
    ax.legend(fontsize=8, loc="upper left")
    ax.grid(True, alpha=0.25)
    return ax


def plot_measure_against_width(
    dataset: "xarray.Dataset",
    points: Sequence[tuple[float, float]],
    slopes: Sequence[float],
    *,
    measure: str = "entropy",
    ax: Axes | None = None,
) -> Axes:
    """1 - entropy, or the fraction, against the width at a few points; bars over the seeds, colour of the derived regime."""
    ax = plt.subplots(figsize=(5.0, 4.2), layout="constrained")[1] if ax is None else ax
    values = 1 - dataset.entropy if measure == "entropy" else dataset[measure]
    for (gamma, prime), slope, marker in zip(points, slopes, "osD^vP*X", strict=False):
        here = values.sel(gamma=gamma, gamma_prime=prime, method="nearest").transpose("width", "seed")
        mean, low, high = here.mean("seed").values, here.min("seed").values, here.max("seed").values
        label = (
            rf"$\gamma={gamma:g},\ \gamma'={prime:g}$: $S_w={slope:+.2f}$"
            if slope
            else rf"$\gamma={gamma:g},\ \gamma'={prime:g}$: $S_w=0$"
        )
        look: dict[str, Any] = {"color": REGIME_COLOURS[_regime(slope)], "mec": "black", "mew": 0.6, "capsize": 2.5}
        ax.errorbar(
            dataset.width.values,
            mean,
            np.maximum(0.0, [mean - low, high - mean]),
            fmt=f"-{marker}",
            label=label,
            **look,
        )
    ax.set(xscale="log", xlabel="width $m$", ylabel=_LABELS[measure], ylim=(-0.03, 1.03))
    ax.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False)
    ax.grid(True, alpha=0.25)
    return ax


_LABELS = {
    "entropy": "condensation, 1 - entropy/uniform",
    "fraction": "amplitude within condensed directions",
}


def _tinted(counts: np.ndarray, colour: str) -> np.ndarray:
    """RGBA image: opacity grows with the log of the number of neurons in a bin."""
    image = np.zeros((*counts.shape, 4))
    image[..., :3] = to_rgb(colour)
    with np.errstate(divide="ignore"):
        depth = np.log(counts) / max(np.log(max(float(np.nanmax(counts)), 2.0)), 1e-9)
    image[..., 3] = np.where(counts > 0, _FAINTEST + (1 - _FAINTEST) * np.clip(depth, 0, 1), 0.0)
    return image


def _regime(slope: float) -> pt.Regime:
    if slope == 0:
        return pt.Regime.CRITICAL
    return pt.Regime.LINEAR if slope < 0 else pt.Regime.CONDENSED


def _boundary(prime: float) -> float:
    """Gamma at which S_w = 0, from the derived diagram."""
    for segment in pt.phase_diagram(2).boundary("w").segments:
        (x0, y0), (x1, y1) = (tuple(map(float, p)) for p in (segment.start, segment.end))
        if min(y0, y1) <= prime <= max(y0, y1) and y0 != y1:
            return x0 + (x1 - x0) * (prime - y0) / (y1 - y0)
    return float("nan")
