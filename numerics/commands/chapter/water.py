"""Page 1: the diagram of water beside that of networks."""

import numpy as np
from matplotlib.figure import Figure

import phasetheory as pt
from numerics.commands.chapter.page import Content, Desk, Page
from numerics.experiments.water import CRITICAL, TRIPLE, saturation_pressure, vapour_pressure, water_curves
from numerics.figures.titles import title
from numerics.figures.water import plot_water
from numerics.reports.chapter import paragraph, table
from numerics.reports.tables import ResultTable

__all__ = ["PAGE"]

_TEMPERATURES = (280, 300, 350, 373.124, 400, 500, 600)  # kelvin; the fourth is where water boils at 101.325 kPa


def _make(desk: Desk) -> Content:
    figure = Figure(figsize=(12.0, 5.2), layout="constrained")
    water, networks = figure.subplots(1, 2)
    plot_water(water_curves(), ax=water)
    title(water, "water")
    pt.phase_diagram().plot(ax=networks)
    title(networks, "two layers, derived")
    caption = (
        "Two numbers decide: temperature and pressure, or the exponents γ and γ'. The rest of the state drops out."
    )
    rows = ResultTable(
        "Vapour pressure of water",
        "Predicted: Clausius-Clapeyron with one latent heat, that between triple and critical point. Measured: "
        "IAPWS-IF97, within 0.03 %.",
        ("T, K", "predicted, kPa", "measured, kPa", "ratio"),
        keys=1,
    )
    for T in _TEMPERATURES:
        predicted, measured = float(vapour_pressure(T)), float(saturation_pressure(T))
        rows.add_row(f"{T:g}", f"{predicted / 1e3:.4g}", f"{measured / 1e3:.4g}", f"{predicted / measured:.2f}")
    along = np.linspace(TRIPLE[0], CRITICAL[0], 1000)
    farthest = float(np.abs(vapour_pressure(along) / saturation_pressure(along) - 1).max())
    return Content(
        predicted=(
            paragraph(
                "A phase diagram says, for all values of two parameters at once, in which state a system is. The "
                "boundary of vapour and water follows from one law, Clausius and Clapeyron's:"
            ),
            desk.formula("clapeyron", r"\frac{d\,\log p}{d(1/T)} = -\frac{L}{R}"),
            paragraph("For networks the boundary follows from a scaling argument, pages 3 to 8."),
        ),
        measured=(desk.draw(figure, "water", caption), table(rows)),
        verdict=None,
        because=f"an illustration: with one latent heat the vapour pressure of water is {farthest:.0%} off at most, "
        "over five decades",
        differs=(
            "The slides show a drawing of water's diagram; here its curves are computed: vapour by "
            "Clausius-Clapeyron, melting by the IAPWS curve.",
            "The slides also have a joking diagram of a student's state of mind; there is nothing in it to measure.",
        ),
    )


PAGE = Page(
    1, "Water, and what a phase diagram is", "相图分析简介", _make, ("phasetheory diagram --out diagram.png",), 4.0
)
