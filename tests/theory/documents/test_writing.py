"""The derivation as a document: complete, true to the network, and well-formed in every format."""

import re
from functools import cache

import pytest
import sympy as sp

import phasetheory as pt
from phasetheory.documents.document import tex_prose

NETWORKS = {
    "general": None,
    "he": pt.initialization("he"),
    "mean_field": pt.initialization("mean_field"),
    "line": pt.initialization("e_et_al"),
    "condensed": pt.two_layer("m^2", 1, 1, name="condensed"),
    "deep": pt.initialization("xavier", 4),
    "seven": pt.initialization("ntk", 7),
    "abc": pt.from_abc(a=("-1/2", 0, "1/2"), b=("1/2",) * 3, name="muP & abc, 100%"),
    "cubic": pt.two_layer("m", 1, 1, activation=pt.relu_power(3)),
}
ADAM = {"adam": None, "adam he": pt.initialization("he", 3), "adam rates": pt.Network((1, 1), "m", ("m", 1))}


@cache
def derived(name):
    return pt.derive(ADAM[name], optimizer="adam") if name in ADAM else pt.derive(NETWORKS[name])


@pytest.fixture(scope="module", params=[*NETWORKS, *ADAM], ids=str)
def derivation(request):
    return derived(request.param)


def test_latex_is_well_formed(derivation):
    """What a compiler would stop at: alphabet, environments, braces, math delimiters, unknown commands."""
    source = pt.write(derivation, "latex")
    assert source.isascii()
    assert source.startswith("\\documentclass")
    stack = []
    for kind, name in re.findall(r"\\(begin|end)\{(\w+)\}", source):
        if kind == "begin":
            stack.append(name)
        else:
            assert stack.pop() == name
    assert not stack
    bare = re.sub(r"\\[{}$%&#]", "", source)
    assert bare.count("{") == bare.count("}")
    assert source.count(r"\[") == source.count(r"\]")
    assert source.count(r"\left") == source.count(r"\right")
    for line in source.splitlines():
        text = re.sub(r"\\[$%&#]", "", line)
        assert text.count("$") % 2 == 0, line
        outside = re.sub(r"\$[^$]*\$|\\\[.*\\\]", "", text)
        if not outside.startswith("\\"):
            assert not re.search(r"[_^&%#]", outside), line
        for inside in re.findall(r"\$([^$]*)\$", text):
            assert not re.search(r"[_^][A-Za-z0-9]*[_^]{2}|\^[^{]\w*\^", inside), line


def test_markdown_has_every_section_and_balanced_formulas(derivation):
    source = pt.write(derivation, "markdown")
    titles = re.findall(r"^## (.*)$", source, flags=re.M)
    assert titles[0].startswith("Network, loss")
    assert titles[-1].startswith("Checks")
    own = {"Sign descent", "Equal speed"} if derivation.optimizer.degree == 0 else {"Gradient flow", "Balance law"}
    assert own | {"Capacity", "What is proved and what is argued"} <= set(titles)
    assert source.count("$$") % 2 == 0
    assert ("Growth" in titles) == (derivation.activation.degree == 1)


def test_every_section_says_what_it_rests_on(derivation):
    """Headings are the lines not indented, the same as in Markdown: dynamics and checks proved, the rest argued."""
    headings = re.findall(r"^\S.*$", pt.write(derivation), flags=re.M)
    titles = re.findall(r"^## (.*)$", pt.write(derivation, "markdown"), flags=re.M)
    dynamics, argued = titles[:4], titles[4:-1]
    assert dynamics[-1] == ("Equal speed" if derivation.optimizer.degree == 0 else "Balance law")
    assert argued[0] == "Capacity"
    proved = [f"{title}  [proved]" for title in dynamics]
    assert headings == [*proved, *(f"{title}  [derived]" for title in argued), f"{titles[-1]}  [proved]"]


def test_the_two_cases_of_growth_are_told_apart():
    assert "Case 1: P ≥ 1" in pt.write(derived("he"))
    text = pt.write(derived("condensed"))
    assert "Case 2: P < 1, the layers must grow." in text
    assert "w: s = 1/2, F = 1/2, δ = 1, S = 1/2; condensed [proved]" in text


def test_numbers_of_the_network_are_in_the_document():
    net = NETWORKS["deep"]
    text = pt.write(derived("deep"))
    for layer, slope in net.slopes().items():
        assert f"S = {slope}; {net.regime()[layer].value}" in text
    assert net.learning_rate_scaling().meaning in text
    assert "S_W2 = S_W3" in text


def test_the_theorem_is_cited_at_depth_two_only():
    assert "JMLR 22 (2021)" in pt.write(derived("he"))
    assert "JMLR" not in pt.write(derived("deep"))


def test_a_failed_check_would_show():
    """Negative control."""
    derivation = pt.derive(NETWORKS["he"])
    object.__setattr__(derivation, "conserved", (pt.BalanceLaw(1, None, sp.S.One, sp.S.One),))
    assert "[FAILED] balance law" in pt.write(derivation)


@pytest.mark.parametrize(
    ("prose", "tex"),
    [
        ("the layer W_(l+1), here:", r"the layer $W_{l+1}$, here:"),
        ("W̄_l moves", r"$\bar W_l$ moves"),
        ("S_W1 = 0", r"$S_{W1}$ $=$ 0"),
        ("100% of a&b", r"100\% of a\&b"),
        ("rate ~ m^-1: ok", r"rate $\sim$ $m^{-1}$: ok"),
    ],
)
def test_prose_becomes_latex(prose, tex):
    assert tex_prose(prose) == tex


def test_unknown_formats_are_refused():
    with pytest.raises(pt.TheoryError, match="form = 'html'; use one of text, markdown, latex"):
        pt.write(pt.derive(), "html")


def test_the_theorem_is_cited_for_relu_only():
    """It is proved for relu; for other activations of degree 1 the regime rests on the scaling argument."""
    for activation, cited in ((pt.relu, True), (pt.leaky_relu(sp.Rational(1, 10)), False), (pt.linear, False)):
        net = pt.initialization("ntk", activation=activation)
        assert (net.basis()["w"] is pt.Basis.PROVED) is cited
        assert ("w is linear for γ < 1" in pt.write(pt.derive(net))) is cited
        assert any("JMLR 22" in s.source for s in pt.statements(net)) is cited


@pytest.mark.parametrize("form", ["text", "markdown", "latex"])
def test_reports_carry_the_results(form):
    derivation = pt.derive(pt.initialization("he"))
    report = pt.write(derivation, form)
    assert all(check.holds for check in derivation.checks)
    assert "FAILED" not in report
    for word in ("Balance law", "This network: He", "JMLR 22", "condensed"):
        assert word in report


def test_derive_defaults_to_two_layer_relu():
    derivation = pt.derive()
    assert str(derivation.boundaries["w"]) == (
        "gamma = 1 for gamma_prime <= 0; gamma = gamma_prime + 1 for gamma_prime >= 0"
    )


def test_degree_p_keeps_everything_but_the_slopes():
    derivation = pt.derive(pt.two_layer(1, "1/m", 1, activation=pt.relu_power(3)))
    assert derivation.capacity_boundary == 1
    assert derivation.boundaries == {}
    assert all(check.holds for check in derivation.checks)
    assert str(derivation.normalized.kappa) == "beta1*beta2**3/alpha"
    text = pt.write(derivation)
    assert "γ = 1" in text
    assert "winner takes all" in text


def test_the_derivation_under_adam_claims_what_it_may():
    """Its own law, its own numbers, no theorem of gradient flow; every check holds."""
    derivation = derived("adam he")
    text = pt.write(derivation)
    assert all(check.holds for check in derivation.checks)
    assert not derivation.conserved
    assert "u = -3/2" in text
    for layer, slope in NETWORKS["he"].slopes(optimizer="adam").items():
        assert f"S_{layer} = {slope}" not in text  # two layers are not three
    for layer, slope in derivation.network.slopes(optimizer="adam").items():
        assert re.search(rf"{layer}: .* S = {slope}; linear \[derived\]", text)
    for word in ("JMLR", "balance law", "√Δ"):
        assert word not in text
    assert "κ' = M_1/M_L" in text
    assert "γ' = -1" in pt.write(derived("adam rates"))


def test_a_derivation_in_the_open_region_writes_both_branches():
    text = pt.write(pt.derive(pt.two_layer("m^(5/2)", "m", 1)))
    assert "S = 1/2; condensed [proved]" in text
    assert "S_w = 3/4" in text
