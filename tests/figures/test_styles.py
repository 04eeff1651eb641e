"""Figures for a paper and for a talk: their sizes, their letters, and what can be left out of them."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
import sympy as sp
from matplotlib.image import imread

import numerics as nm
import phasetheory as pt
from numerics.cli import COMMANDS, command_named
from numerics.figures.canvas import STYLES, figures_for, new_figure
from numerics.figures.scan import PANELS, scan_figure
from numerics.figures.schemes import NAMES
from numerics.figures.style import save_as

X, Y = sp.symbols("x y", real=True)
PLANES = {
    "two layers": pt.phase_diagram(2),
    "three layers": pt.phase_diagram(3),
    "a slice": pt.phase_diagram(network=pt.Network((pt.m**-Y, pt.m**-X, 1), 1), coordinates=(X, Y)),
    "recurrent": pt.graph_diagram(pt.recurrent(pt.m**-X, pt.m**-Y, pt.m**-X, steps=3), (X, Y)),
}
PIXELS = 16  # of a letter on a slide of 1280 x 720


def drawn(plane, style):
    with figures_for(style):
        figure = new_figure(6.4, 5.4)
        PLANES[plane].plot(ax=figure.subplots(), inside=True, names=NAMES["paper"])
    return figure


@pytest.mark.slow
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("plane", PLANES)
def test_diagrams_are_legible(plane, style, legible):
    legible(drawn(plane, style))


@pytest.mark.slow
@pytest.mark.parametrize("plane", PLANES)
def test_a_slide_is_a_slide_and_its_letters_are_large(plane, tmp_path):
    figure = drawn(plane, "talk")
    with figures_for("talk"):
        file = save_as(figure, tmp_path / "slide.png")
    assert imread(file).shape[:2] == (1080, 1920)
    assert figure.get_figwidth() / figure.get_figheight() == pytest.approx(16 / 9)
    letters = [
        text.get_fontsize() for ax in figure.axes for text in (*ax.texts, *ax.get_legend().get_texts(), ax.xaxis.label)
    ]
    assert min(letters) * 720 / 72 / figure.get_figheight() > PIXELS


def test_more_panels_make_a_larger_slide_and_both_columns():
    with figures_for("talk"):
        one, three = new_figure(6.4, 5.4), new_figure(13.0, 4.5)
    assert one.get_figheight() < three.get_figheight() < 4.5 * 13.0 / 6.4
    with figures_for("paper"):
        assert [new_figure(*size).get_figwidth() for size in ((6.4, 5.4), (13.0, 4.5))] == [3.4, 7.0]


def test_a_style_ends_with_its_context():
    before = plt.rcParams["font.size"]
    with figures_for("paper"):
        assert plt.rcParams["font.size"] < before
    assert plt.rcParams["font.size"] == before
    assert tuple(new_figure(5, 4).get_size_inches()) == (5, 4)
    with pytest.raises(nm.InputError, match="style = 'poster'; use one of paper, talk"), figures_for("poster"):
        pass


@pytest.mark.parametrize(
    ("plane", "names"), [("two layers", ["linear regime", "condensed regime"]), ("recurrent", ["all linear"])]
)
def test_names_of_regions_are_inside_their_regions(plane, names):
    figure = drawn(plane, "talk")
    (ax,) = figure.axes
    written = {text.get_text(): text for text in ax.texts}
    for name in names:
        place = written[name].get_position()
        (region,) = [
            region
            for region in PLANES[plane].regions(PLANES[plane].telling_layers)
            if {kind.value for kind in region.regimes.values()} == {name.split()[name.startswith("all")]}
        ]
        slopes = PLANES[plane].evaluate(*place, layers=list(region.regimes))
        assert all(pt.classify(float(slopes[layer])) is kind for layer, kind in region.regimes.items())


def test_all_is_said_of_all_layers_only():
    """Above (2, 1) the output weights of three layers condense, and the hidden ones do not."""
    written = {text.get_text() for text in drawn("three layers", None).axes[0].texts}
    assert {"$W_{1}$, $W_{2}$\nlinear", "$W_{1}$, $W_{2}$\ncondensed"} <= written
    assert not any("all" in text for text in written)


def test_the_legend_names_circles_and_dotted_lines():
    (ax,) = drawn("two layers", None).axes
    said = {handle.get_label(): handle for handle in ax.get_legend().legend_handles}
    assert said["named initialisation"].get_marker() == "o"
    assert said["named, with a free exponent"].get_linestyle() == ":"


def test_only_the_schemes_of_the_chapter():
    written = {text.get_text() for text in drawn("two layers", None).axes[0].texts}
    assert {"NTK", "Xavier, Mean\N{NO-BREAK SPACE}field"} <= written
    assert not any("muP" in text or "Keras" in text for text in written)


def test_axes_of_a_slice_say_their_scales():
    (ax,) = drawn("a slice", None).axes
    assert ax.get_xlabel() == r"$x$, with $\sigma_{2} = m^{- x}$"
    (ax,) = drawn("recurrent", None).axes
    assert ax.get_xlabel() == r"$x$, with $\sigma_{U} = \sigma_{a} = m^{- x}$"


@pytest.mark.slow
@pytest.mark.parametrize("style", [None, *STYLES])
@pytest.mark.parametrize("panel", PANELS)
def test_one_panel_of_a_heat_map(panel, style, synthetic, legible):
    plan = nm.Plan.grid(
        gamma=np.linspace(0.5, 1.5, 5), gamma_prime=np.linspace(-0.5, 0.5, 5), widths=(100, 400), seeds=1
    )
    with figures_for(style):
        figure = scan_figure(synthetic(plan), "heatmap", ["w"], panel=panel, names="paper")
    maps = [ax for ax in figure.axes if ax.get_xlabel()]
    assert len(maps) == 1
    title = {"measured": "measured", "derived": "derived, limit of infinite width", "difference": "measured − derived"}
    assert maps[0].get_title().replace("\n", " ").endswith(f"$ {title[panel]}")
    assert "NTK" in {text.get_text() for text in maps[0].texts}
    legible(figure)


def test_a_panel_is_that_of_a_heat_map(synthetic):
    plan = nm.Plan.grid(gamma=[1], gamma_prime=[0], widths=(100, 400), seeds=1)
    for kind, options in (
        ("rd", {"panel": "measured"}),
        ("heatmap", {"panel": "slope"}),
        ("heatmap", {"names": "book"}),
    ):
        with pytest.raises(nm.InputError, match="a heatmap takes"):
            scan_figure(synthetic(plan), kind, ["w"], **options)


def test_every_command_that_draws_takes_a_style_and_a_language():
    """``reproduce`` writes pages of its own, in English, for a browser."""
    folder, drawing = Path(nm.__file__).parent / "commands", set()
    for name, (place, _) in COMMANDS.items():
        options = {option.name for option in command_named(name).params}
        if "numerics.figures" in (folder / f"{place.partition(':')[0]}.py").read_text() and "out" in options:
            drawing |= {name}
            assert name in ("classify", "derive") or {"style", "language"} <= options, name
    assert {
        "diagram",
        "plot",
        "verify",
        "features",
        "gallery",
        "linearize",
        "condense",
        "decay",
        "locate",
        "inspect",
    } <= drawing
