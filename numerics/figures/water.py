"""The phase diagram of water."""

from matplotlib.axes import Axes

from numerics.experiments.water import CRITICAL, TRIPLE, WaterCurves
from numerics.figures.style import DATA, FINAL, axes_of
from numerics.figures.ticks import log_axis

__all__ = ["plot_water"]

_NAMES = {"ice": (215, 1e5), "water": (380, 1e7), "vapour": (450, 1e3)}  # where each stands


def plot_water(curves: WaterCurves, *, ax: Axes | None = None) -> Axes:
    """Ice, water and vapour over temperature and pressure, and the measured vapour pressure."""
    ax = axes_of(ax, 5.2, 4.4)
    for temperature, pressure in (curves.boiling, curves.sublimation, curves.melting):
        ax.semilogy(temperature, pressure, color=DATA, lw=2)
    ax.plot(*TRIPLE, "o", mfc="white", mec=DATA, label="triple point")
    ax.plot(*CRITICAL, "s", mfc="white", mec=DATA, label="critical point")
    ax.plot(*curves.measured, "--", color=FINAL, lw=2, label="measured (IAPWS)")
    for name, place in _NAMES.items():
        ax.text(*place, name, fontsize=13)
    ax.set(xlabel="temperature $T$ [K]", ylabel="pressure $p$ [Pa]", ylim=(1, 1e9))
    log_axis(ax.yaxis)
    ax.legend(loc="lower right", fontsize="small")
    return ax
