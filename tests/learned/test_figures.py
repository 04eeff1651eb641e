"""Pictures show the data they were given (data are compared, not pixels); the commands write them."""

import json
from fractions import Fraction

import numpy as np
import pytest
from matplotlib.figure import Figure

import numerics as nm
import phasetheory as pt
from numerics.cli import main
from numerics.experiments.portraits import train_points
from numerics.experiments.tangent_check import LinearApproximation
from numerics.figures.animation import animate_training, frame_times, save_animation
from numerics.figures.features import plot_projections, plot_similarity
from numerics.figures.functions import plot_gallery
from numerics.figures.tangent import plot_against_width, plot_loss_decay, plot_tangent_function


@pytest.fixture(scope="module")
def learned(four_points):
    return train_points([("1/2", 0), ("7/4", 0)], 1000, data=four_points)


def axes():
    return Figure().subplots()


def test_gallery_draws_what_was_learned(four_points, learned):
    X, y = four_points
    figure = plot_gallery({net.title: (net.solution, net.regime) for net in learned}, X, y, figure=Figure(), samples=50)
    panels = [ax for ax in figure.axes if ax.has_data()]
    assert [net.regime for net in learned] == [pt.Regime.LINEAR, pt.Regime.CONDENSED]
    for ax, net in zip(panels, learned, strict=True):
        line = next(line for line in ax.lines if line.get_label() == "learned")
        x, f = line.get_data()
        np.testing.assert_allclose(f, net.solution.network(np.column_stack([x, np.ones(50)])))
        data = next(line for line in ax.lines if line.get_label() == "data")
        np.testing.assert_allclose(data.get_ydata(), y)
        assert net.regime.value in ax.get_title()


def test_condensed_runs_are_measured_as_condensed(learned):
    linear, condensed = learned
    assert (linear.before.number, linear.after.number) == (0, 0)
    assert condensed.before.number == 0
    assert condensed.after.number >= 2
    assert condensed.after.fraction > 0.8
    assert condensed.after.entropy < 0.4 < linear.after.entropy


def test_similarity_and_projections_are_drawn_as_given(learned):
    neurons = nm.features(learned[1].solution.network)
    similarity = nm.cosine_similarity(neurons, 60)
    (image,) = plot_similarity(similarity, ax=axes()).images
    np.testing.assert_array_equal(image.get_array(), similarity.matrix)
    assert image.get_clim() == (-1, 1)
    lines = plot_projections(nm.features(learned[1].solution.initial), neurons, ax=axes()).lines
    np.testing.assert_allclose(lines[1].get_data(), [neurons.projection(), neurons.amplitude])


def test_slopes_in_the_legend_are_those_of_the_data():
    widths = (100, 1000, 10_000)
    values = np.array([[[m**-0.5, 1.1 * m**-0.5] for m in widths], [[2.0, 2.2] for _ in widths]])
    points = ((Fraction(1, 2), Fraction(0)), (Fraction(1), Fraction(0)))
    found = LinearApproximation(points, widths, values, values**2, ("w", "a"))
    regimes = [pt.Regime.LINEAR, pt.Regime.CRITICAL]
    for quantity, slope in (("difference", "-0.50"), ("kernel", "-1.00")):
        ax = plot_against_width(found, quantity, regimes, ax=axes())
        labels = [text.get_text() for text in ax.get_legend().get_texts()]
        assert slope in labels[0]
        assert "+0.00" in labels[1] or "-0.00" in labels[1]


def test_network_and_tangent_model_are_drawn_at_the_end(four_points):
    X, y = four_points
    inputs = np.column_stack([np.linspace(-1, 1, 9), np.ones(9)])
    start = nm.TwoLayer.sample(200, 0.5, 0, X)
    run = nm.compare_with_tangent(start, X, y, inputs=inputs)
    ax = plot_tangent_function(run, X, y, ax=axes())
    np.testing.assert_allclose(ax.lines[0].get_ydata(), run.solution.network(inputs))
    np.testing.assert_allclose(ax.lines[1].get_ydata(), run.linear(run.solution.t, inputs))
    rate = nm.limiting_rate(start, X, y)
    decay = plot_loss_decay({"m = 200": (run, rate)}, ax=axes())
    time, bound = decay.lines[-1].get_data()
    np.testing.assert_allclose(bound, np.exp(-time))
    np.testing.assert_allclose(decay.lines[0].get_xdata(), run.solution.trajectory.t[1:] * rate)


@pytest.mark.slow
def test_an_animation_shows_the_run(four_points, learned, tmp_path):
    X, y = four_points
    run = learned[1].solution
    times = frame_times(run, 4)
    assert times[-1] == pytest.approx(run.t)
    again = nm.gradient_flow(run.initial, X, y, times=times[:3], keep_weights=True)
    animation = animate_training(again, X, y, samples=20)
    left, right = animation._fig.axes[:2]
    animation._draw_frame(2)
    x = left.lines[0].get_xdata()
    shown = again.snapshots.networks[1]
    np.testing.assert_allclose(left.lines[0].get_ydata(), shown(np.column_stack([x, np.ones(20)])))
    np.testing.assert_allclose(right.lines[1].get_ydata(), nm.features(shown).amplitude)
    save_animation(animation, tmp_path / "run.gif")
    assert (tmp_path / "run.gif").read_bytes()[:3] == b"GIF"
    for bad, named in (("run.avi", "gif or .mp4"),):
        with pytest.raises(nm.InputError, match=named):
            save_animation(animation, tmp_path / bad)
    with pytest.raises(nm.InputError, match="keep_weights"):
        animate_training(run, X, y)


def run(capsys, *arguments):
    status = main(arguments)
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_features_command(capsys, tmp_path):
    status, out, _ = run(capsys, "features", "--point", "1.75,0", "--width", "200", "--json", "--out", str(tmp_path))
    assert status == 0
    (point,) = json.loads(out)["points"]
    assert point["regime"] == "condensed"
    assert point["final"]["entropy"] < 0.4 < point["initial"]["entropy"]
    assert {p.name for p in tmp_path.iterdir()} == {"learned_functions.png", "learned_functions.pdf"}


@pytest.mark.slow
def test_features_command_on_digits(capsys, tmp_path):
    arguments = ("features", "--data", "mnist:45", "--point", "7/4,0", "--width", "100", "--out", str(tmp_path))
    status, out, _ = run(capsys, *arguments)
    assert status == 0
    assert "condensed" in out
    assert {p.stem for p in tmp_path.iterdir()} == {"similarity", "projections"}
    assert all(p.stat().st_size < 2e6 for p in tmp_path.iterdir())


def test_gallery_command(capsys, tmp_path):
    status, out, _ = run(capsys, "gallery", "--gamma", "2,0", "--width", "200", "--out", str(tmp_path))
    assert status == 0
    bends = [float(line.split()[-1]) for line in out.splitlines() if line.startswith("γ")]
    assert bends[0] == pytest.approx(1.0, abs=0.1)
    assert bends[1] > 5
    assert (tmp_path / "gallery.png").stat().st_size > 10_000


def test_a_run_that_stops_short_is_drawn_and_named(capsys, tmp_path):
    """Too few neurons for twelve close points."""
    arguments = ("gallery", "--data", "curve:12", "--gamma", "1", "--width", "20", "--out", str(tmp_path))
    status, out, _ = run(capsys, *arguments)
    assert status == 0
    assert "γ = 1, γ' = 0: at rest at loss" in out


@pytest.mark.slow
def test_one_seed_has_no_interval(capsys):
    status, out, _ = run(capsys, "linearize", "--point", "1/2,1/2", "--widths", "100,200", "--seeds", "1")
    assert status == 0
    assert "[" not in out


@pytest.mark.slow
def test_linearize_command(capsys, tmp_path):
    arguments = (
        "linearize",
        "--point",
        "1/2,0",
        "--widths",
        "500,2000",
        "--seeds",
        "2",
        "--out",
        str(tmp_path),
        "--json",
    )
    status, out, _ = run(capsys, *arguments)
    assert status == 0
    (point,) = json.loads(out)["points"]
    assert -0.9 < point["sup_difference"]["slope"] < -0.2
    assert {p.stem for p in tmp_path.iterdir()} == {"linear_approximation", "loss_and_kernel"}


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("features", "--animate", "avi"), "gif or mp4"),
        (("features", "--animate", "gif"), "--out"),
        (("features", "--width", "7"), "width = 7"),
        (("features", "--point", "1"), "GAMMA,GAMMA_PRIME"),
        (("gallery", "--data", "mnist:45"), "on a line"),
        (("gallery", "--gamma", "x"), "gamma = 'x'"),
        (("linearize", "--layers", "b"), "layers = "),
        (("linearize", "--widths", "10.5,20"), "integers"),
    ],
)
def test_mistakes_are_one_line(capsys, arguments, named):
    status, _, err = run(capsys, *arguments)
    assert status == 2
    assert named in err
    assert err.count("\n") == 1
