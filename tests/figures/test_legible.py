"""Every figure, with ordinary inputs and with extreme ones, is one that can be shown: see ``check_legible`` in conftest.py."""

import itertools
import warnings
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import xarray
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

import numerics as nm
import phasetheory as pt
from numerics.commands.slices import read_plane
from numerics.experiments.condensation_map import CondensationPlan, slopes_of_w
from numerics.experiments.location_plane import plane_around
from numerics.experiments.maps import compare_map
from numerics.experiments.portraits import train_points
from numerics.experiments.tangent_check import LinearApproximation
from numerics.experiments.water import water_curves
from numerics.figures import condensation, features, functions, tangent
from numerics.figures import verification as verifications
from numerics.figures.animation import animate_training
from numerics.figures.canvas import STYLES, figures_for
from numerics.figures.coordinate_check import plot_coordinate_check
from numerics.figures.decay_walk import plot_decay_walk
from numerics.figures.location import plot_locations
from numerics.figures.monitor import plot_monitor
from numerics.figures.power_laws import plot_power_laws, plot_scaling_check
from numerics.figures.scan import scan_figure
from numerics.figures.schemes import SCHEMES, plot_schemes
from numerics.figures.slope_maps import plot_slope_map
from numerics.figures.training import plot_distance_over_training
from numerics.figures.water import plot_water
from numerics.scans import CellStatus
from phasetheory.diagrams.plotting import plot_phase_diagram

#: Drawing takes a second or so for each.
pytestmark = pytest.mark.slow

STYLE_CASES = ["paper", None, "talk"]
LONG = "/home/somebody/a long folder name/measurements_of_the_second_campaign/points_$5_to_$6_final_version_2.csv"


def grid(columns, rows, *, widths=(100, 400), seeds=2, **options):
    """A plan of so many columns and rows around the corner of the diagram."""
    gamma = [Fraction(1) + Fraction(i, max(columns, 2)) for i in range(-(columns // 2), columns - columns // 2)]
    prime = [Fraction(i, max(rows, 2)) for i in range(-(rows // 2), rows - rows // 2)]
    return nm.Plan.grid(gamma=gamma, gamma_prime=prime, widths=widths, seeds=seeds, **options)


def deep(columns, rows):
    return nm.Plan.grid(
        diagram=pt.phase_diagram(3),
        gamma_3=np.linspace(0, 4, columns).tolist(),
        gamma_2=np.linspace(-1.5, 2, rows).tolist(),
        widths=(32, 64),
        seeds=2,
    )


def other_plane():
    diagram = read_plane(slice_="velocity,depth_2: m^-depth_2, m^-velocity, 1; 1")
    return nm.Plan.grid(diagram=diagram, velocity=(0, 1, 2, 3), depth_2=("-1/3", 0, "1/3"), widths=(32, 64), seeds=2)


PLANS = {
    "1 x 1": lambda: grid(1, 1),
    "one row": lambda: grid(9, 1),
    "one column": lambda: grid(1, 9),
    "17 x 15": lambda: grid(17, 15, data_name="points.csv"),
    "one seed of leaky relu": lambda: grid(4, 4, seeds=1, activation=0.1),
    "many widths and a long name": lambda: grid(
        4, 4, widths=(100, 110, 1000, 1002, 12_346, 1_000_000), data=nm.datasets.four_points(), data_name=LONG
    ),
    "three layers": lambda: deep(5, 4),
    "another plane": other_plane,
}


@pytest.mark.parametrize("kind", ["heatmap", "slopes", "rd"])
@pytest.mark.parametrize("name", PLANS)
def test_scans(name, kind, synthetic, legible):
    plan = PLANS[name]()
    layers = plan.labels if kind != "rd" else plan.labels[:2]
    legible(scan_figure(synthetic(plan), kind, layers))


def test_a_fine_heat_map_of_three_layers(synthetic, legible):
    """As many columns and rows as two layers have above, and regions below."""
    plan = deep(17, 15)
    legible(scan_figure(synthetic(plan), "heatmap", plan.labels))


@pytest.mark.parametrize("kind", ["slopes", "heatmap", "rd"])
def test_scans_with_noise_and_missing_runs(kind, synthetic, legible):
    """Slopes of any size, at any of 121 points; two columns without runs, one point that goes on."""
    data = synthetic(grid(11, 11, seeds=3, data_name="points.csv"))
    generator = np.random.default_rng(0)
    data["relative_distance"] *= np.exp(0.3 * generator.standard_normal(data["relative_distance"].shape))
    data["status"][:2] = CellStatus.STOPPED_SHORT
    data["status"][-1, -1, -1, 0] = CellStatus.PENDING
    figure = scan_figure(data, kind, ["w", "a"])
    legible(figure)
    caption = " ".join(figure.get_suptitle().split())
    assert "left out of 726 runs: 132 stopped short, 1 are still to come" in caption
    assert ("grey" in caption) == (kind == "heatmap")


@pytest.mark.parametrize("kind", ["slopes", "heatmap", "rd"])
def test_scans_at_several_scales_of_the_weights(kind, synthetic, legible):
    exponents = xarray.DataArray([-0.5, 0.0, 1 / 3], dims="beta2_exponent", name="beta2_exponent")
    attributes = (one := synthetic(grid(4, 9))).attrs
    data = xarray.concat([one] * 3, exponents).assign_attrs(attributes)
    figure = scan_figure(data, kind, ["w", "a"])
    legible(figure)
    assert ("3 of 9 rows" in figure.get_suptitle()) == (kind != "heatmap")
    assert ("m^{-0.5}" in figure.get_suptitle()) == (kind != "slopes")


def test_a_column_whose_runs_stopped_short_is_grey_and_not_gone(synthetic):
    data = synthetic(grid(4, 4))
    data["status"][:2] = CellStatus.STOPPED_SHORT
    shown = scan_figure(data, "heatmap", ["w"]).axes[0].collections[0].get_array()
    assert shown.shape == (4, 4)
    assert np.ma.getmaskarray(shown)[:, :2].all()
    assert not np.ma.getmaskarray(shown)[:, 2:].any()


def test_columns_that_refinement_added_in_one_row_are_not_drawn(synthetic):
    data = synthetic(grid(5, 4))
    data["status"][2, 1:] = CellStatus.NOT_PLANNED
    shown = scan_figure(data, "heatmap", ["w"]).axes[0].collections[0].get_array()
    assert shown.shape == (4, 4)
    assert "left out" not in scan_figure(data, "heatmap", ["w"]).get_suptitle()


def test_rows_are_all_drawn_or_named(synthetic, legible):
    data = synthetic(grid(4, 9))
    known = data["gamma_prime"].values
    for kind, most in (("slopes", 5), ("rd", 3)):
        some = scan_figure(data, kind, ["w"])
        assert f"{most} of 9 rows" in some.get_suptitle()
        assert "of 9 rows" not in scan_figure(data, kind, ["w"], rows=list(known)).get_suptitle()
        chosen = scan_figure(data, kind, ["w"], rows=[1 / 9, known[0]])
        legible(chosen)
        assert "2 of 9 rows: $\\gamma'=$ $-4/9$, $1/9$" in chosen.get_suptitle()
    assert len(scan_figure(data, "slopes", ["w"], rows=list(known)).axes[0].containers) == 9
    with pytest.raises(nm.InputError, match="row 2: this scan has gamma_prime = -4/9"):
        scan_figure(data, "rd", ["w"], rows=[2])
    with pytest.raises(nm.InputError, match="every row"):
        scan_figure(data, "heatmap", ["w"], rows=[0])


@pytest.mark.parametrize("shape", [(11, 11), (4, 4), (9, 1)])
def test_no_star_and_no_line_covers_a_number(shape, synthetic):
    """Stars anywhere along their rows: in a figure of a scan, and in one of the plotting function's own."""
    data = synthetic(grid(*shape))
    comparison = compare_map(data, "w", resamples=10)
    alone = plot_slope_map(comparison, ax=Figure((9, 6)).subplots())
    for ax in (scan_figure(data, "heatmap", ["w"]).axes[0], alone):
        ax.figure.set_dpi(100)
        ax.figure.draw_without_rendering()
        (stars,) = [line for line in ax.lines if line.get_marker() == "*"]
        radius = stars.get_markersize() / 2 * 100 / 72
        heights = ax.transData.transform([(0, y) for y in data["gamma_prime"].values])[:, 1]
        boxes = [text.get_window_extent() for text in ax.texts]
        assert len(boxes) == np.prod(shape)
        for box, height in itertools.product(boxes, heights):
            assert box.y0 > height + radius or box.y1 < height - radius
        lines = [line for line in ax.lines if line.get_linestyle() == "-"]
        for text in ax.texts:
            assert text.get_zorder() > max(line.get_zorder() for line in lines)
            assert text.get_bbox_patch().get_facecolor()[3] == 1


def points(count):
    return [(Fraction(3 * i, 2 * count) + Fraction(1, 3), Fraction(i % 3 - 1, 3)) for i in range(count)]


@pytest.mark.parametrize(("count", "missing"), [(1, True), (2, False), (4, True), (9, False), (20, True)])
def test_relative_distances_and_the_diagram_of_a_verification(count, missing, result, verification, legible):
    plan = nm.Plan(
        points=points(count), widths=(100, 400, 1600), seeds=4, data_name=LONG, data=nm.datasets.four_points()
    )
    results = [result(-0.5 + 0.1 * i, "-1/2") for i in range(count)]
    if missing:
        results[0] = result(status=CellStatus.STOPPED_SHORT)
    found = verification(*results, plan=plan)
    figure = verifications._relative_distance(found, "frobenius", "fit")
    legible(figure)
    texts = [text.get_text() for ax in figure.axes for text in ax.get_legend().get_texts()]
    assert sum("S=" in text for text in texts) == count - missing
    assert any("stopped" in " ".join(text.split()) for text in texts) == missing
    if count <= 9:
        diagram = Figure((7.6, 6.8), layout="constrained")
        verifications.plot_measured_diagram(found, ax=diagram.subplots())
        legible(diagram)


def test_a_single_point_is_named_by_its_coordinates(result, verification, legible):
    plan = nm.Plan(points=[("1.4", "0.2")], widths=(100, 400, 1600), seeds=4)
    figure = verifications._relative_distance(verification(result(), plan=plan), "frobenius", "fit")
    legible(figure)
    (ax,) = figure.axes
    assert r"\neq" not in ax.get_title()
    assert "$\\gamma=1.4$, $\\gamma'=0.2$" in ax.get_legend().get_texts()[0].get_text()


@pytest.mark.parametrize("scale", [1e-9, 1.0, 3.7e6])
@pytest.mark.parametrize("spread", [0.0, 0.01, 0.2, 3.0])
def test_vertical_axes_are_labelled_whatever_they_span(scale, spread, result, legible):
    """From flat to ten decades."""
    judged = [result(-spread, "0", scale=scale), result(spread, "0", scale=1.2 * scale)]
    figure = Figure((5.6, 5.0), layout="constrained")
    ax = plot_power_laws(judged, labels=["$w$", "$a$"], ax=figure.subplots())
    legible(figure)
    low, high = ax.get_ylim()
    labelled = [t for t, text in zip(ax.get_yticks(), ax.get_yticklabels(), strict=True) if text.get_text()]
    assert sum(low <= tick <= high for tick in labelled) >= 3
    assert high >= 1.99 * low


@pytest.mark.parametrize("depth", [3, 4])
def test_verifications_of_deeper_networks(depth, result, verification, legible):
    plan = nm.Plan(
        diagram=pt.phase_diagram(depth), points=[("1/3", "-5/4"), (1, 0), (3, "1/2")], widths=(64, 128, 256), seeds=4
    )
    judged = [tuple(result(-0.5, layer=layer, widths=(64, 128, 256), depth=depth) for layer in plan.judged)] * 3
    found = verification(*judged, plan=plan)
    legible(verifications._relative_distance(found, "frobenius", "fit"))
    diagram = Figure((7.6, 6.8), layout="constrained")
    verifications.plot_measured_diagram(found, ax=diagram.subplots())
    legible(diagram)


@pytest.mark.parametrize("depth", [2, 3, 4, 5, 9])
def test_derived_diagrams(depth, legible):
    figure = Figure((6.4, 5.4), layout="constrained")
    pt.phase_diagram(depth).plot(ax=figure.subplots())
    legible(figure)


@pytest.fixture(scope="module")
def portraits(four_points):
    chosen = [("1/3", "-5/4"), ("1.4", "0.2"), ("1/2", 0), (1, 0), ("7/4", 0)]
    return train_points(chosen, 100, data=four_points)


@pytest.mark.parametrize(
    ("count", "style"),
    [(1, None), (2, "paper"), (3, "talk"), (5, None)],
)
def test_learned_functions_galleries_and_features(count, style, portraits, four_points, legible, monkeypatch):
    X, y = four_points
    drawn = {}
    for module in (functions, features):
        monkeypatch.setattr(module, "save", lambda figures, folder: drawn.update(figures) or [])
    with figures_for(style):
        functions.write_line_features(portraits[:count], X, y, LONG, None)
        functions.write_gallery(portraits[-count:], X, y, LONG, 100, None)
        features.write_similarities(portraits[:count], LONG, None)
    assert set(drawn) == {"learned_functions", "gallery", "similarity", "projections"}
    for figure in drawn.values():
        legible(figure)
    assert (
        sum(any(line.get_label() == "learned" for line in ax.lines) for ax in drawn["learned_functions"].axes) == count
    )


@pytest.mark.parametrize(
    ("chosen", "style"),
    [
        ([("1.4", "0.2")], "paper"),
        ([("1/3", "-5/4"), ("1/2", 0), (1, 0), ("7/4", 0), (2, 0)], None),
    ],
)
def test_linear_approximations(chosen, style, legible):
    plan = nm.Plan(points=chosen, widths=(100, 200), seeds=1)
    values = np.array([[[0.5], [0.5 * 2.0 ** (-i / 4)]] for i in range(len(chosen))])
    found = LinearApproximation(plan.points, plan.widths, values, values, ("w",))
    with warnings.catch_warnings(), figures_for(style):
        warnings.simplefilter("ignore")
        shown, over_time = tangent._functions(found, plan), tangent._over_time(found, plan)
    for figure in (shown, over_time):
        legible(figure)
    assert sum("tangent model" in " ".join(ax.get_title().split()) for ax in shown.axes) == len(chosen)
    guaranteed = any("guaranteed" in text.get_text() for text in over_time.axes[0].get_legend().get_texts())
    linear = ("1/2", 0) in chosen or ("1/3", "-5/4") in chosen
    assert guaranteed == linear


@pytest.fixture(scope="module")
def one_box():
    return nm.scan(condensation_plan(1, 1), executor=nm.Serial())


@pytest.mark.parametrize(
    ("shape", "style"),
    [
        ((1, 1), "paper"),
        ((3, 2), "talk"),
        ((9, 1), None),
        ((8, 8), None),
    ],
)
def test_condensation(shape, style, one_box, legible):
    plan = condensation_plan(*shape)
    gamma, prime = (sorted({float(point[i]) for point in plan.points}) for i in (0, 1))
    filled = one_box.reindex(gamma=gamma, gamma_prime=prime, method="nearest")
    filled["status"][0, 0, 0, 0] = CellStatus.STOPPED_SHORT
    slopes = slopes_of_w(filled.gamma.values, filled.gamma_prime.values)
    with figures_for(style):
        figure, measures = (draw(filled, slopes, plan) for draw in (condensation._map, condensation._measures))
    legible(figure)
    assert any("left out" in text.get_text() for ax in figure.axes for text in ax.texts)
    legible(measures)


@pytest.mark.parametrize("style", STYLE_CASES)
def test_what_dropout_does_has_one_scale_with_it_and_without(style, one_box, legible):
    plan = replace(condensation_plan(1, 1), dropout=0.5)
    entropy = xarray.DataArray([[[0.4]], [[0.7]]], dims=("trained", "gamma", "gamma_prime"))
    found = one_box.isel(width=[-1]).assign(output_entropy=entropy.expand_dims(width=[100], seed=[0]))
    with figures_for(style):
        figure = condensation._dropout(found, plan)
    legible(figure)
    first, second, change = [
        mesh for ax in figure.axes for mesh in ax.collections if isinstance(mesh, QuadMesh) and ax.get_xlabel()
    ]
    assert first.get_clim() == second.get_clim() == (0.4, 0.7)
    assert change.get_clim() == pytest.approx((-0.3, 0.3))


def condensation_plan(columns, rows):
    gamma, prime = [Fraction(4 + i, 5) for i in range(columns)], [Fraction(i, 3) for i in range(rows)]
    own = {"data": nm.datasets.four_points(), "data_name": LONG}
    return CondensationPlan.grid(gamma=gamma, gamma_prime=prime, widths=(20, 100), seeds=1, **own)


def test_a_scaling_check(legible):
    check = nm.scaling_check("mup", widths=(16, 32, 64), seeds=2)
    figure = Figure((5.2, 4.8), layout="constrained")
    plot_scaling_check(check, ax=figure.subplots())
    legible(figure)


@pytest.mark.parametrize(("layers", "scale"), [(("w", "a"), "0.05"), (("w",), "1e-3")])
def test_the_place_of_one_network(layers, scale, four_points, legible):
    found = nm.locate({"alpha": 1, "beta1": scale, "beta2": scale}, *four_points, width=400)
    planes = [plane_around(found, layer) for layer in layers]
    for style in (None, *STYLES):
        with figures_for(style):
            figure = plot_locations(found, planes)
        legible(figure)


@pytest.mark.parametrize("capacities", [(1,), (3, 10, 30, 100)])
def test_the_walk_of_weight_decay(capacities, four_points, legible):
    found = nm.decay_walk(*four_points, *four_points, capacities=capacities, width=40)
    for style in (None, *STYLES):
        with figures_for(style):
            figure = plot_decay_walk(found)
        legible(figure)


@pytest.mark.parametrize("style", STYLE_CASES)
def test_modules_against_the_width_and_the_step(style, result, legible):
    judged = [result(layer=name) for name in ("0.weight", "2.weight")]
    with figures_for(style):
        figure = plot_coordinate_check({"step 3": judged, "step 30": judged, "at the end": judged})
    legible(figure)
    sizes = {"step": 4, "parameter": 2, "norm": 2, "conserved": 1, "layer": 1, "neuron": 5, "other_neuron": 5}
    names = {"relative_distance": ("parameter", "norm"), "stable_rank": ("parameter",), "balance_drift": ("conserved",)}
    names |= {"kernel_change": (), "entropy": ("layer",), "similarity": ("layer", "neuron", "other_neuron")}
    generator = np.random.default_rng(0)
    values = {name: ("step", *dims) for name, dims in names.items()}
    watched = xarray.Dataset(
        {name: (dims, generator.random([sizes[dim] for dim in dims])) for name, dims in values.items()},
        {
            "step": [0, 10, 20, 30],
            "parameter": ["0.weight", "2.weight"],
            "norm": ["frobenius", "spectral"],
            "layer": ["0.weight"],
            "conserved": ["0.weight - 2.weight"],
        },
    )
    with figures_for(style):
        figure = plot_monitor(watched)
    legible(figure)


def test_every_frame_is_in_the_style_and_the_language(portraits, four_points, legible, read):
    X, y = four_points
    again = nm.gradient_flow(portraits[0].solution.initial, X, y, times=[0.1, 1.0], keep_weights=True)
    with figures_for("talk"):
        animation = animate_training(again, X, y, samples=20)
    figure = animation._fig
    assert (figure.get_size_inches() * figure.get_dpi()).round().tolist() == [1280, 720]
    animation._draw_frame(1)
    legible(figure)
    assert any("normalised" in text for text in read.seen)


def named(region):
    return ", ".join(f"${layer}$ {kind.value}" for layer, kind in region.regimes.items())


def test_what_the_chapter_adds(four_points, legible):
    X, y = four_points
    runs = {
        rf"$m={width}$, $\gamma={gamma}$": (
            nm.gradient_flow(nm.TwoLayer.sample(width, gamma, 0, X, rng=0), X, y),
            regime,
        )
        for gamma, regime in ((0.5, pt.Regime.LINEAR), (1.75, pt.Regime.CONDENSED))
        for width in (100, 200)
    }
    for plot in (
        lambda ax: plot_water(water_curves(), ax=ax),
        lambda ax: plot_schemes(pt.phase_diagram(), ax=ax),
        lambda ax: plot_distance_over_training(runs, ax=ax),
        lambda ax: plot_phase_diagram(pt.phase_diagram(3), ax=ax, label=named),
    ):
        figure = Figure((7.2, 6.6), layout="constrained")
        plot(figure.subplots())
        legible(figure)


def test_every_scheme_has_a_symbol_of_its_own():
    ax = plot_schemes(pt.phase_diagram(), ax=Figure((7, 7)).subplots())
    looks = {name: (look.get("marker"), str(look.get("ls"))) for name, look in SCHEMES.items()}
    assert len(set(looks.values())) == len(SCHEMES) == 6
    titles = {pt.describe_initialization(name).title for name in SCHEMES}
    assert titles <= {text.get_text() for text in ax.get_legend().get_texts()}
    places = {line.get_label(): line.get_xydata() for line in ax.lines if line.get_label() in titles}
    assert places["Xavier"].tolist() == places["Mean field"].tolist() == [[1, 0]]
    assert places["LeCun"].tolist() == places["He"].tolist() == [[0.5, 0.5]]
    assert (places["E et al."][:, 0] == places["E et al."][:, 1]).all()


def broken(kind):
    figure = Figure((3, 3))
    ax = figure.subplots()
    ax.plot([0, 1], [0, 1], "-", color="#0072B2", label="drawn")
    if kind == "cut":
        figure.suptitle("a title that is wider than the figure by far, and then some")
    elif kind == "over":
        for _ in range(2):
            ax.text(0.5, 0.5, "here")
    elif kind == "small":
        ax.text(0.5, 0.5, "here", fontsize=5)
    elif kind == "legend":
        ax.legend(handles=[Line2D([], [], ls="--", color="#0072B2", label="not so")])
    return figure


@pytest.mark.parametrize(
    ("kind", "said"), [("cut", "outside"), ("over", "'here' over 'here'"), ("small", "5"), ("legend", "not so")]
)
def test_the_check_itself_can_fail(kind, said, legible):
    legible(broken("nothing"))
    with pytest.raises(AssertionError, match=said):
        legible(broken(kind))
