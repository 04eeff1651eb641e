"""``--architecture``: classify and diagram."""

import json
import time

import pytest

from numerics.cli import main


def printed(capsys, *words):
    assert main(list(words)) == 0
    return capsys.readouterr().out


RECURRENT = ("--architecture", "recurrent:3", "--sigmas", "m^(-3/2), 1, m^(-3/2)", "--alpha", "1")


def test_classify_prints_slopes_in_both_norms(capsys):
    text = printed(capsys, "classify", *RECURRENT)
    assert "W              linear, S = -5/2; in spectral norm linear, S = -2 [derived]" in text
    assert "|U|² - |a|² is conserved" in text
    assert "λ₀ ~ 1, λ₁ ~ m [derived]" in text


def test_classify_as_data(capsys):
    data = json.loads(printed(capsys, "classify", *RECURRENT, "--json"))
    assert data["slopes"] == {"U": "1/2", "W": "-5/2", "a": "1/2"}
    assert data["spectral_slopes"]["W"] == "-2"
    assert (data["lambda_0"], data["lambda_1"], data["largest_learning_rate"]) == ("0", "1", "-1")
    assert data["conserved"] == ["|U|² - |a|²"]
    assert data["architecture"]["kind"] == "recurrent"


def test_biases_outputs_and_multiplier_arrive(capsys):
    biased = (
        "--architecture",
        "fully_connected:3",
        "--sigmas",
        "1/m, 1/m, m^(-3/4)",
        "--alpha",
        "1",
        "--biases",
        "0, 0",
    )
    assert json.loads(printed(capsys, "classify", *biased, "--json"))["slopes"]["W1"] == "1/2"
    many = (
        "--architecture",
        "fully_connected",
        "--sigmas",
        "m^(-1/2), m^(-1/2), 1/m",
        "--alpha",
        "1",
        "--outputs",
        "m",
    )
    assert json.loads(printed(capsys, "classify", *many, "--json"))["slopes"]["W2"] == "-1/3"
    branch = ("--architecture", "residual:2", "--sigmas", "m^(-5/4), m^(-1/2), m^(-5/4)", "--alpha", "1")
    slopes = json.loads(printed(capsys, "classify", *branch, "--multiplier", "sqrt(m)", "--json"))["slopes"]
    assert (slopes["U"], slopes["W1"]) == ("1/4", "-3/2")


def test_diagram_as_text_and_data(capsys):
    text = printed(capsys, "diagram", "--architecture", "recurrent:3")
    assert "U is critical on  x = 1 - y for y ≤ 1/2; x = 1/2 for y ≥ 1/2" in text
    assert "named initialisation" not in text
    data = json.loads(printed(capsys, "diagram", "--architecture", "recurrent:3", "--json"))
    assert data["architecture"]["parameters"]["steps"] == "3"
    spectral = printed(capsys, "diagram", "--architecture", "recurrent:3", "--spectral")
    assert "spectral norm" in spectral
    assert spectral != text


def test_a_normalised_layer_is_critical_in_a_region(capsys):
    text = printed(capsys, "diagram", "--architecture", "layer_norm:2")
    assert "w is critical on  x = 1 for y ≥ 1; y = 1 for x ≥ 1, and in a region" in text


def test_a_slice_with_an_architecture(capsys):
    standard = printed(capsys, "diagram", "--architecture", "recurrent:3")
    assert (
        printed(capsys, "diagram", "--architecture", "recurrent:3", "--slice", "x,y: m^-x, m^-y, m^-x; 1") == standard
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "text", ["recurrent:4", "residual:2:two-matrices", "layer_norm", "convolutional:3", "attention"]
)
def test_a_picture_of_each(tmp_path, text):
    began, out = time.perf_counter(), tmp_path / "plane.svg"
    assert main(["diagram", "--architecture", text, "--out", str(out)]) == 0
    assert "svg" in out.read_text()
    assert time.perf_counter() - began < 30


def test_derive_a_network_and_a_plane(capsys, tmp_path):
    page = printed(capsys, "derive", *RECURRENT)
    assert "d|W|²/dt = -2 e (f_2 + 2 f_3)" in page
    assert "How far every layer moves  [derived]" in page
    assert "Boundaries on the plane  [derived]" in printed(capsys, "derive", "--architecture", "recurrent:3")
    out = tmp_path / "page.tex"
    assert (
        main(["derive", "--architecture", "attention", "--format", "latex", "--language", "zh", "--out", str(out)]) == 0
    )
    assert "ctexart" in out.read_text(encoding="utf-8")
