"""The plane with weight decay: the same slopes as one network has, what is never fitted, the picture, the command."""

import json

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

import phasetheory as pt
from numerics.cli import main
from numerics.figures.weight_decay import plot_weight_decay

rationals = st.fractions(min_value=-3, max_value=3, max_denominator=8).map(sp.Rational)
ELLS = ("-1/4", "0", "1/2")
PLANES = {(ell, moment): pt.decayed_diagram(ell, moment) for ell in ELLS for moment in ("fit", "end")}


@pytest.mark.parametrize("ell", ELLS)
@given(rationals, rationals)
def test_a_point_of_the_plane_is_a_network(ell, gamma, prime):
    net = pt.two_layer(pt.m ** (gamma - prime), pt.m**-prime, 1)
    found = pt.with_weight_decay(net, pt.m ** -sp.Rational(ell) / net.alpha)
    place = {"gamma": gamma, "gamma_prime": prime}
    fit, end = PLANES[ell, "fit"], PLANES[ell, "end"]
    assert end.slopes_at(**place) == found.slopes_at_end
    late = fit.fitting_time((gamma, prime)) > sp.Rational(ell)
    assert late == (found.is_fitted is False)
    if found.is_fitted:
        assert fit.slopes_at(**place) == found.slopes_at_fit
    assert fit.collapses is end.collapses is found.collapses


def test_boundaries_stay_at_the_fit_and_move_at_the_end():
    plane = pt.phase_diagram(2)
    for ell in ("0", "1/2"):
        assert all(PLANES[ell, "fit"].boundary(layer) == plane.boundary(layer) for layer in "wa")
        assert str(PLANES[ell, "end"].boundary("w")) == "gamma = gamma_prime + 1"
        assert PLANES[ell, "fit"].unfitted_region is None
    assert PLANES["-1/4", "fit"].boundary("w") != plane.boundary("w")
    assert PLANES["-1/4", "fit"].unfitted_region is not None
    assert {r.label for r in PLANES["-1/4", "end"].regions()} == {"w critical, a critical"}
    assert PLANES["1/2", "fit"].target_region is not None
    assert PLANES["1/2", "end"].target_region is None
    assert PLANES["1/2", "fit"].with_norm("spectral").moment == "fit"


@pytest.mark.parametrize(("ell", "arrows", "label"), [("1/2", 5, "walk"), ("-1/4", 0, "never fitted")])
def test_the_picture(ell, arrows, label):
    figure = plot_weight_decay(PLANES[ell, "end"])
    fit, end = figure.axes
    assert len([text for text in fit.texts if text.get_text() == ""]) == arrows
    labels = [text.get_text() for text in fit.get_legend().get_texts()]
    assert any(label in text for text in labels)
    assert len(set(labels)) == len(labels)
    assert "critical regime" in [text.get_text() for text in end.get_legend().get_texts()]
    plt.close(figure)


def test_the_command(capsys, tmp_path):
    assert main(["diagram", "--weight-decay", "m^(-1/2)"]) == 0
    out = capsys.readouterr().out
    assert main(["diagram", "--weight-decay", "0.5"]) == 0
    assert capsys.readouterr().out == out
    assert "weight decay, mu = lambda alpha ~ m^(-1/2)" in out
    assert "w critical, a condensed" in out
    assert main(["diagram", "--weight-decay", "1/2", "--out", str(tmp_path / "d.json")]) == 0
    data = json.loads((tmp_path / "d.json").read_text())
    assert data["ell"] == "1/2"
    assert data["at_the_end"]["boundaries"]["w"]["text"] == "gamma = gamma_prime + 1"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"ell": "m"}, "ell = m is not a rational number"),
        ({"ell": 1, "moment": "later"}, "moment = 'later'; use one of fit, end"),
        ({"ell": 1, "diagram": pt.phase_diagram(3)}, "what becomes of them at the end is not worked out"),
        ({"ell": 1, "diagram": pt.phase_diagram(2, optimizer="adam")}, "weight decay under sign descent"),
        ({"ell": 1, "diagram": 2}, "is not a diagram"),
    ],
)
def test_refused(options, message):
    with pytest.raises(pt.TheoryError, match=message):
        pt.decayed_diagram(**options)
