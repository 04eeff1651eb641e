"""The check of a user's own parametrisation: predictions, verdicts, mistakes, pictures."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

import numerics as nm
import phasetheory as pt
from numerics.experiments.judgement import Verdict, judge
from numerics.figures.power_laws import plot_scaling_check
from numerics.scans import CellStatus

WIDTHS = (32, 64, 128)


def standard_parametrisation(width, rng):
    return nm.DeepNetwork.sample((2, width, width, 1), (1, width**-0.5, width**-0.5), rng=rng)


@pytest.mark.slow
def test_mup_learns_at_any_width():
    check = nm.scaling_check("mup", (64, 128, 256), 4)
    assert check.basis is pt.Basis.DERIVED
    assert all(result.predicted_slope == 0 for result in check.of("spectral"))
    assert all(abs(result.measured.slope) < 0.15 for result in check.of("spectral"))


def test_the_limit_is_on_the_branch_of_the_data():
    net = pt.two_layer(alpha="m^(5/2)", beta1="m", beta2=1)  # (3/2, -1), where the zigzag of the four points is hard
    assert [result.limit for result in nm.scaling_check(net, (64, 128), 2).of("frobenius")] == [
        "3/4, hard",
        "-1/4, hard",
    ]


def test_a_function_that_draws_networks_gets_its_exponents_fitted():
    check = nm.scaling_check(standard_parametrisation, WIDTHS, 3)
    assert check.basis is pt.Basis.FITTED
    exact = pt.initialization("lecun", 3).slopes("spectral")
    assert {r.layer: r.predicted_slope for r in check.of("spectral")} == exact
    assert "lazy" in check.verdict
    assert check.verdict.count("\n") == 4  # three layers, the allowance, the whole
    assert set(check.table) == {"predicted", "slope", "low", "high"}
    assert check.table["slope"].sel(norm="spectral", layer="W1") == check.of("spectral")[0].measured.slope


@pytest.mark.slow
def test_a_wrong_prediction_is_told():
    """Negative control: the same runs held against the slopes of another scheme, muP, whose layers all stay critical."""
    check = nm.scaling_check(standard_parametrisation, (32, 64, 128, 256), 8)
    assert check.agrees, check.verdict
    mup = {norm: pt.initialization("mup", 3).slopes(norm) for norm in ("frobenius", "spectral")}
    status = np.full(check.layers[0].distances.shape, CellStatus.DONE)
    for right in check.layers:
        limit = mup[right.norm][right.layer]
        wrong = judge(
            *(right.layer, right.norm, nm.Prediction(limit, float(limit))),
            *(right.widths, right.distances, status, check.allowance),
        )
        assert (wrong.verdict is Verdict.DISAGREES) is (limit != right.predicted_slope), wrong


@pytest.mark.parametrize(
    ("family", "options", "match"),
    [
        (3, {}, "network_family = 3"),
        (lambda width, rng: None, {}, "NoneType"),
        ("nobody", {}, "unknown initialization"),
        (standard_parametrisation, {"widths": (64,)}, "two different widths"),
        (standard_parametrisation, {"seeds": 1}, "seeds = 1"),
        (
            lambda w, rng: nm.DeepNetwork.sample((2, w, w, 1), (1, 1, float(np.exp(w / 20))), rng=rng),
            {"widths": (16, 32, 64, 128)},
            "no powers of the width",
        ),
    ],
)
def test_a_mistake_is_one_line(family, options, match):
    with pytest.raises((nm.InputError, pt.TheoryError), match=match):
        nm.scaling_check(family, **({"widths": (16, 32), "seeds": 2} | options))


def test_the_picture_shows_every_layer():
    ax = plot_scaling_check(nm.scaling_check(standard_parametrisation, (16, 32), 2))
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert [label.partition(":")[0] for label in labels[:3]] == ["$W_{1}$", "$W_{2}$", "$a$"]
    assert labels[3:] == ["fitted", "predicted slope"]
    plt.close("all")
