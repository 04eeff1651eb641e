"""Pictures of measurements beside the theory show the numbers they were given (data are compared, not pixels)."""

import numpy as np
import pytest
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure

import numerics as nm
import phasetheory as pt
from numerics.experiments.maps import compare_map
from numerics.figures.power_laws import plot_power_laws, plot_relative_distances
from numerics.figures.scan import scan_figure
from numerics.figures.slope_maps import plot_regions, plot_slope_map, plot_slopes
from numerics.figures.style import DISAGREES, REGIME_COLOURS, geometric_mean, save
from numerics.figures.ticks import power_text, width_ticks
from numerics.figures.verification import plot_measured_diagram, write_figures
from numerics.scans import CellStatus
from numerics.slopes import slope_map
from phasetheory.diagrams.plotting import mixture_colour, tint

WIDTHS = (100, 400, 1600)


def axes():
    return Figure().subplots()


TWO = nm.Plan.grid(gamma=("0.6", "0.9", "1.2", "1.5"), gamma_prime=("-0.4", "0", "0.3"), widths=(100, 400), seeds=2)
THREE = nm.Plan.grid(
    diagram=pt.phase_diagram(3),
    gamma_3=("0.5", "1.2", "2.2", "3.2", "4"),
    gamma_2=("-0.75", "0.2", "1"),
    widths=(32, 64),
    seeds=2,
)
FOUR = nm.Plan.grid(
    diagram=pt.phase_diagram(4), gamma=("0.5", "2.5", "3", "4"), gamma_prime=("-1", "1"), widths=(32, 64), seeds=2
)


def test_the_saver_writes_a_picture_and_a_vector_file(tmp_path):
    figures = {name: Figure(figsize=(1, 1)) for name in ("first", "second")}
    paths = save(figures, tmp_path)
    assert [path.name for path in paths] == ["first.png", "first.pdf", "second.png", "second.pdf"]
    assert set(paths) == set(tmp_path.iterdir())
    for path in paths:
        assert path.read_bytes().startswith({".png": b"\x89PNG", ".pdf": b"%PDF"}[path.suffix])


def test_means_and_ranges_leave_out_what_must_not_be_used():
    mean, low, high = geometric_mean(np.array([[1.0, 4.0, np.nan], [np.nan] * 3]))
    np.testing.assert_allclose([mean[0], low[0], high[0]], [2, 1, 4])
    assert np.isnan([mean[1], low[1], high[1]]).all()


def test_curves_show_the_data_the_fit_and_the_prediction(result):
    kernels = {100: 0.28, 1600: 0.07}
    judged = result(-0.4, distances=kernels)
    ax = plot_power_laws([judged], labels=["here"], ax=axes())
    solid, dashed, dotted, points = ax.lines[:4]
    widths = np.array(WIDTHS, dtype=float)
    assert [line.get_linestyle() for line in (solid, dashed, dotted)] == ["-", "--", ":"]
    np.testing.assert_allclose(points.get_data(), [widths, np.exp(np.log(judged.distances).mean(axis=1))])
    np.testing.assert_allclose(np.diff(np.log(solid.get_ydata())) / np.diff(np.log(widths)), judged.measured.slope)
    np.testing.assert_allclose(np.diff(np.log(dashed.get_ydata())) / np.diff(np.log(widths)), -0.5)
    # not fitted: it has the predicted slope, and meets the data in their middle
    assert np.log(dashed.get_ydata()).mean() == pytest.approx(np.log(judged.distances).mean())
    np.testing.assert_allclose(dotted.get_data(), [list(kernels), list(kernels.values())])
    (bars,) = ax.containers[0].lines[2]
    ends = np.array([segment[:, 1] for segment in bars.get_segments()])
    np.testing.assert_allclose(ends, np.column_stack([judged.distances.min(axis=1), judged.distances.max(axis=1)]))
    assert to_hex(points.get_color()) == to_hex(REGIME_COLOURS[pt.Regime.LINEAR])
    label, *lines = (text.get_text() for text in ax.get_legend().get_texts())
    assert lines == ["fitted", "predicted slope", "RD of the infinitely wide network"]
    assert label.startswith("here: ")
    assert label.endswith("predicted $-0.50$")


def test_layers_without_a_slope_are_left_out_and_the_others_keep_their_colours(result):
    missing = result(layer="W1", status=CellStatus.FAILED)
    both = plot_power_laws([result(layer="W1"), result(layer="W2")], by="layer", ax=axes())
    one = plot_power_laws([missing, result(layer="W2")], by="layer", ax=axes())
    assert len(one.containers) == 1
    assert one.containers[0].lines[0].get_color() == both.containers[1].lines[0].get_color()
    assert len(plot_power_laws([missing], ax=axes()).containers) == 0


def test_ticks_are_the_widths():
    ax = axes()
    width_ticks(ax, (100, 105, 1000))
    np.testing.assert_allclose(ax.get_xticks(), [100, 105, 1000])
    assert [label.get_text() for label in ax.get_xticklabels()] == ["$100$", "", "$1000$"]


def test_a_scan_s_curves_have_the_derived_slopes(synthetic):
    ax = plot_relative_distances(synthetic(TWO), "theta", 0.3, ax=axes())
    assert len(ax.containers) == 4
    for solid, dashed in zip(ax.lines[::5], ax.lines[1::5], strict=True):  # then the points and their two caps
        np.testing.assert_allclose(solid.get_ydata(), dashed.get_ydata())
    data = synthetic(TWO)
    data["status"][0, 2, 1, :] = CellStatus.STOPPED_SHORT
    assert len(plot_relative_distances(data, "w", 0.3, ax=axes()).containers) == 3


@pytest.mark.parametrize(("layer", "edge"), [("w", lambda y: 1 + np.maximum(0, y)), ("theta", lambda y: 1 + 0 * y)])
def test_a_map_shows_its_slopes_and_the_exact_boundary(layer, edge, synthetic):
    comparison = compare_map(synthetic(TWO), layer, resamples=10)
    ax = plot_slope_map(comparison, ax=axes())
    shown = ax.collections[0].get_array().reshape(3, 4)
    np.testing.assert_allclose(shown, comparison.slopes["predicted"].transpose("gamma_prime", "gamma"), atol=1e-9)
    derived = [line for line in ax.lines if line.get_linestyle() == "-"]
    x, y = np.concatenate([line.get_data() for line in derived], axis=1)
    np.testing.assert_allclose(x, edge(y))
    assert np.ptp(y) == pytest.approx(np.ptp(ax.get_ylim()))
    difference = plot_slope_map(comparison, "difference", ax=axes()).collections[0].get_array()
    np.testing.assert_allclose(difference, 0, atol=1e-9)


def test_slopes_along_a_row(synthetic):
    comparison = compare_map(synthetic(TWO), "w", resamples=10)
    ax = plot_slopes([("", comparison)], [0.3], ax=axes())
    x, slope = ax.containers[0].lines[0].get_data()
    np.testing.assert_allclose(x, [0.6, 0.9, 1.2, 1.5])
    (derived,) = [line for line in ax.lines if line.get_linestyle() == "--"]
    np.testing.assert_allclose(np.interp(x, *derived.get_data()), slope, atol=0.01)


@pytest.mark.slow
@pytest.mark.parametrize("plan", [TWO, THREE, FOUR])
def test_measured_regions_have_the_colours_of_the_signs(plan, synthetic):
    """The measured half repeats the derived one, for every point is well inside a region; with one layer's signs turned not."""
    hidden = plan.layers[:-1]

    def regions(slopes=None):
        figure = plot_regions(slope_map(synthetic(plan, slopes), resamples=10), plan.diagram, figure=Figure())
        left, right = figure.axes
        return left, right.collections[0].get_array()

    left, shown = regions()
    slopes = slope_map(synthetic(plan), resamples=10)["slope"].sel(norm="frobenius")
    x, y = (slopes[name].values for name in plan.names)
    for j, i in np.ndindex(len(y), len(x)):
        signs = [float(slopes.sel(layer=layer).transpose(*plan.names)[i, j]) for layer in hidden]
        (ground,) = {
            patch.get_facecolor()[:3]
            for patch in left.patches
            if patch.get_fill() and patch.contains_point(left.transData.transform((x[i], y[j])))
        }
        np.testing.assert_allclose(shown[j, i], ground, atol=0.01)
        regimes = [pt.classify(slope) for slope in signs]
        if mixture_colour(regimes):
            np.testing.assert_allclose(shown[j, i], tint(mixture_colour(regimes)), atol=0.01)
    turned = regions(lambda layer, norm, s: -s if layer == hidden[0] else s)[1]
    assert (np.abs(turned - shown).max(axis=2) > 0.1).mean() > 0.8


def test_points_without_a_slope_are_in_no_region(synthetic):
    data = synthetic(THREE)
    data["status"][0, 0] = CellStatus.PENDING
    figure = plot_regions(slope_map(data, resamples=10), THREE.diagram, figure=Figure())
    shown = figure.axes[1].collections[0].get_array()
    np.testing.assert_allclose(shown[0, 0], to_rgb("0.85"), atol=0.01)
    assert "no slope" in [text.get_text() for text in figure.legends[0].get_texts()]


def test_a_red_edge_marks_what_disagrees(result, verification):
    drawn = plot_measured_diagram(verification(result(), result(-0.4, "0")), ax=axes())
    agrees, disagrees = (line for line in drawn.lines if line.get_marker() in ("s", "X"))
    assert (agrees.get_marker(), disagrees.get_marker()) == ("s", "X")  # for those who do not see the red
    np.testing.assert_allclose([agrees.get_xdata(), disagrees.get_xdata()], [[0.5], [1.0]])
    assert to_hex(agrees.get_markeredgecolor()) == "#000000"
    assert to_hex(disagrees.get_markeredgecolor()) == to_hex(DISAGREES)
    # the colour is what was measured, also where something else was predicted
    assert to_hex(disagrees.get_markerfacecolor()) == to_hex(REGIME_COLOURS[pt.Regime.LINEAR])
    texts = [note.get_text() for note in drawn.texts]
    assert any("-0.398" in text and "$0$" in text for text in texts)
    assert any("agree" in text.get_text() for text in drawn.get_legend().get_texts())
    calm = plot_measured_diagram(verification(result()), ax=axes())
    assert not any("agree" in text.get_text() for text in calm.get_legend().get_texts())


def test_an_undecided_point_is_white(result, verification):
    (square,) = (
        line
        for line in plot_measured_diagram(verification(result(status=CellStatus.FAILED)), ax=axes()).lines
        if line.get_marker() == "X"
    )
    assert square.get_markerfacecolor() == "white"


def test_every_point_lies_in_the_window(result, verification):
    plan = nm.Plan(points=[(3, -2)], widths=WIDTHS, seeds=4)
    ax = plot_measured_diagram(verification(result(), plan=plan), ax=axes())
    assert ax.get_xlim()[0] <= 0 < 3 < ax.get_xlim()[1]
    assert ax.get_ylim()[0] < -2 < 1 <= ax.get_ylim()[1]


def test_a_diagram_of_adam_says_so(result, verification):
    plan = nm.Plan(diagram=pt.phase_diagram(2, optimizer="adam"), points=[(1, 0)], widths=WIDTHS, seeds=4)
    said = plot_measured_diagram(verification(result(), plan=plan), ax=axes()).get_title()
    assert "Trained by Adam, predicted for sign descent" in said
    assert "Marks: measured regimes" in said
    assert "Adam" not in plot_measured_diagram(verification(result()), ax=axes()).get_title()


@pytest.mark.slow
def test_the_files_of_a_verification(tmp_path, result, verification):
    names = {path.name for path in write_figures(verification(result()), tmp_path)}
    assert names == {
        f"{n}.{e}" for n in ("relative_distance", "learned_functions", "phase_diagram") for e in ("png", "pdf")
    }
    assert {path.name for path in tmp_path.iterdir()} == names


@pytest.mark.slow
@pytest.mark.parametrize(("plan", "layers"), [(TWO, ["w", "theta"]), (THREE, ["W1", "W2", "a"])])
def test_a_figure_of_a_scan(plan, layers, synthetic):
    dataset = synthetic(plan)
    heatmap = scan_figure(dataset, "heatmap", layers)
    panels = [ax for ax in heatmap.axes if ax.get_title()]
    assert len(panels) == 3 * len(layers) + (2 if plan is THREE else 0)
    assert [ax.get_title() for ax in panels].count("derived") == (plan is THREE)
    assert ("norm" in heatmap.get_suptitle()) == (plan is THREE)
    assert "relu, " in heatmap.get_suptitle()
    assert len(scan_figure(dataset, "slopes", layers).axes) == len(layers)
    assert len(scan_figure(dataset, "rd", layers).axes) == 3 * len(layers)
    with pytest.raises(nm.InputError, match="'pie' is not known; give heatmap, slopes, rd"):
        scan_figure(dataset, "pie", layers)


@pytest.mark.slow
def test_what_cannot_be_drawn_is_said(synthetic):
    with pytest.raises(nm.InputError, match="norm = 'spectral'; this scan has frobenius"):
        scan_figure(synthetic(TWO), "heatmap", ["w"], norm="spectral")
    for plan in (TWO, THREE):
        nothing = synthetic(plan)
        nothing["status"][:] = CellStatus.PENDING
        for kind in ("heatmap", "slopes"):
            with pytest.raises(nm.InputError, match="no point has runs at every width yet"):
                scan_figure(nothing, kind, plan.layers)
        empty = scan_figure(nothing, "rd", plan.layers[:1])
        assert all("no runs" in ax.texts[0].get_text() for ax in empty.axes)


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(9.99e-7, 2, "10^{-6}"), (1.6e-9, 2, r"1.6\cdot 10^{-9}"), (0.05, 6, r"5\cdot 10^{-2}"), (1000.0, 6, "10^{3}")],
)
def test_a_number_is_rounded_before_its_power_is_taken(value, digits, text):
    assert power_text(value, digits) == text
