"""Formulas and prose: written once, read into TeX, Markdown, HTML and text."""

import pytest

from phasetheory.symbols.formulas import formula_html, formula_tex
from phasetheory.symbols.prose import html, literal, markdown, tex, text


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("W_(l+1)", "W_{l+1}"),
        ("W̄_l", r"\bar{W}_l"),
        ("dā_k/dt̄", r"\frac{d\bar{a}_k}{d\bar{t}}"),
        ("S_W12 = β₁²", r"S_{W_{12}} = \beta_1^2"),
        ("√η_l + √max(s², Δ) + √(2 m)", r"\sqrt{\eta_l} + \sqrt{\max(s^2, \Delta)} + \sqrt{2 m}"),
        ("m^-1 m^((1-p)/2)", "m^{-1} m^{(1-p)/2}"),
        ("σ'(z) z", r"\sigma'(z) z"),
        ("(1/n) Σ_i", r"\frac{1}{n} \sum_i"),
        ("(a/b)^2", r"\left( \frac{a}{b} \right)^2"),  # brackets that hold something fall away nowhere
        ("f(a/b)", r"f\left( \frac{a}{b} \right)"),
        ("(a - b)/|K|", r"\frac{a - b}{|K|}"),
        ("u·∂f/∂u", r"u\cdot\frac{\partial f}{\partial u}"),
        ("a / b", "a / b"),
        ("c > 0,   so z", r"c > 0, \quad \text{so }z"),
        ("relu(x) elsewhere", r"\operatorname{relu}(x)\text{ elsewhere}"),
        ("RD_w log m", r"\mathrm{RD}_w \log m"),
        ("(a", "(a)"),
        ("x_", "x_{}"),
    ],
)
def test_displayed_formulas(formula, expected):
    assert formula_tex(formula, display=True) == expected


def test_quotients_in_a_line_stay_in_it():
    assert formula_tex("(1/n) log m/(m κ)") == r"(1/n) \log m/(m \kappa)"


def test_html_has_italics_indices_and_real_minus_signs():
    assert formula_html("W̄_l ≤ -√(2 m)/3") == "<i>W̄</i><sub><i>l</i></sub> ≤ −√(2 <i>m</i>)/3"
    assert formula_html("a < m^-1") == "<i>a</i> &lt; <i>m</i><sup>−1</sup>"


def test_prose_in_every_form():
    prose = "$S_W1 < 0$: " + literal("100% of a_b & $5, <σ>")
    assert text(prose) == "S_W1 < 0: 100% of a_b & $5, <σ>"
    assert tex(prose) == r"$S_{W_1} < 0$: 100\% of a\_b \& \$5, \textless{}$\sigma$\textgreater{}"
    assert markdown(prose) == r"$S_{W_1} < 0$: 100% of a_b & \$5, <σ>"
    assert html(prose) == "<i>S</i><sub><i>W</i><sub>1</sub></sub> &lt; 0: 100% of a_b &amp; $5, &lt;σ&gt;"
