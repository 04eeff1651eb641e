"""The derivation as a document: complete, true to the network, and well-formed in every format."""

import re
import shutil
import subprocess
from functools import cache

import pytest
import sympy as sp
from matplotlib.mathtext import MathTextParser

import phasetheory as pt
from phasetheory.documents.document import render_part
from phasetheory.documents.scaling import boundaries_section, network_section
from phasetheory.symbols.prose import literal, tex

NETWORKS = {
    "general": None,
    "he": pt.initialization("he"),
    "mean_field": pt.initialization("mean_field"),
    "line": pt.initialization("e_et_al"),
    "condensed": pt.two_layer("m^2", 1, 1, name="condensed"),
    "deep": pt.initialization("xavier", 4),
    "seven": pt.initialization("ntk", 7),
    "abc": pt.from_abc(a=("-1/2", 0, "1/2"), b=("1/2",) * 3, name="muP & abc, 100% of $5 ~ x_1 <σ>"),
    "leaky": pt.initialization("ntk", activation=pt.leaky_relu("1/10")),
    "rates": pt.Network((1, "1/m", 1), "m", learning_rates=("m", 1, "1/m"), name="rates"),
    "cubic": pt.two_layer("m", 1, 1, activation=pt.relu_power(3)),
}
REGULARISED = {
    "weight decay": {"weight_decay": True},
    "weight decay, deep": {"depth": 3, "weight_decay": True},
    "dropout": {"dropout": True},
}
OWN_BASES = {  # of what is between the balance law and the capacity
    "weight decay": ["proved"] * 3 + ["derived"] * 3,
    "dropout": ["proved", "derived", "derived", "proved"],
}
ADAM = {"adam": None, "adam he": pt.initialization("he", 3), "adam rates": pt.Network((1, 1), "m", ("m", 1))}


@cache
def derived(name):
    if name in REGULARISED:
        return pt.derive(**REGULARISED[name])
    return pt.derive(ADAM[name], optimizer="adam") if name in ADAM else pt.derive(NETWORKS[name])


@cache
def written(name, form="text"):
    return pt.write(derived(name), form)


@pytest.fixture(scope="module", params=[*NETWORKS, *ADAM, *REGULARISED], ids=str)
def name(request):
    return request.param


_DISPLAYED = re.compile(r"\\\[.*?\\\]|\\begin\{gather\*\}.*?\\end\{gather\*\}", flags=re.S)
_INLINE = re.compile(r"(?<!\\)\$([^$]*)(?<!\\)\$")


@pytest.mark.slow
def test_latex_is_well_formed(name):
    """What a compiler would stop at: alphabet, environments, braces, math delimiters."""
    source = written(name, "latex")
    assert source.isascii()
    assert source.startswith("\\documentclass")
    stack = []
    for kind, name in re.findall(r"\\(begin|end)\{([\w*]+)\}", source):
        if kind == "begin":
            stack.append(name)
        else:
            assert stack.pop() == name
    assert not stack
    bare = re.sub(r"\\[{}$%&#_]", "", source)
    assert bare.count("{") == bare.count("}")
    assert source.count("\\[\n") == source.count("\n\\]")
    assert source.count(r"\left") == source.count(r"\right")
    assert re.findall(r"\\usepackage.*", source) == [r"\usepackage{amsmath}"]


@pytest.mark.slow
def test_variables_and_signs_stand_in_formulas(name):
    """Outside of formulas no single letter (but the article), no index, no power, no minus sign."""
    source = written(name, "latex").split(r"\maketitle")[1].split(r"\begin{thebibliography}")[0]
    if network := {**NETWORKS, **ADAM}.get(name):
        source = source.replace(f": {tex(literal(network.name))}", "")
    words = _INLINE.sub(" ", _DISPLAYED.sub(" ", source))
    words = re.sub(r"\\cite\{\w+\}|\\[A-Za-z]+\*?", " ", words)
    assert not re.findall(r"(?<!['\w])[b-zB-Z](?!\w)", words)
    assert not re.findall(r"[_^=]|-\d", words)
    assert "fan" not in source


@cache
def read(formula):
    """Most formulas stand in several documents."""
    MathTextParser("path").parse(f"${formula}$")


@pytest.mark.slow
def test_formulas_are_those_of_tex(name):
    """Matplotlib reads the mathematics of TeX and refuses what is none."""
    markdown = re.sub(r"\$\$.*?\$\$", "", written(name, "markdown"))
    for formula in {*_INLINE.findall(written(name, "latex")), *_INLINE.findall(markdown)}:
        read(formula)


@pytest.mark.slow
def test_what_is_cited_is_in_the_bibliography(name):
    source = written(name, "latex")
    cited, listed = (re.findall(rf"\\{command}\{{(\w+)\}}", source) for command in ("cite", "bibitem"))
    assert list(dict.fromkeys(cited)) == listed
    assert "luo2021" in listed
    assert "@" not in source
    text = written(name)
    for label in set(re.findall(r"\[([A-Z][\w ,.]* \d{4})\]", text)):
        assert f"\n  [{label}] " in text.partition("\nReferences\n")[2].join("\n\n")


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex here")
@pytest.mark.parametrize("name", ["abc", "rates"])
def test_the_document_compiles(name, tmp_path):
    (tmp_path / "derivation.tex").write_text(pt.write(derived(name), "latex"))
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "derivation.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "Overfull" not in done.stdout


def test_deep_networks_fit_the_page():
    """Fifty layers that are alike are written once, in every form."""
    sections = [network_section(pt.initialization("he", 50)), boundaries_section(pt.phase_diagram(50))]
    for form in ("text", "markdown", "latex", "html"):
        lines = render_part(sections, form).splitlines()
        assert len(lines) < 80
        assert not any("25" in line and "W3" in line for line in lines)
    assert r"S_{W_2} = \dots = S_{W_{49}}" in render_part(sections, "latex")


@pytest.mark.parametrize("form", ["text", "markdown", "latex"])
def test_distance_regimes_and_linear_approximation_are_defined(form):
    report = written("deep", form)
    assert "linear approximation" in report
    assert report.count("sup") >= 4  # of the slope and of every regime
    told = {"text": "sup_(t≥0) RD_l(t) → ∞", "markdown": r"\sup_{t\geq0} \mathrm{RD}_l(t) \to \infty"}
    assert told.get(form, told["markdown"]) in report
    assert report.index("one of three regimes") < report.index("Gradient flow")


@pytest.mark.slow
def test_markdown_has_every_section_and_balanced_formulas(name):
    source = written(name, "markdown")
    titles = re.findall(r"^## (.*)$", source, flags=re.M)
    assert titles[0].startswith("Network, loss")
    assert titles[-2:] == ["Checks", "References"]
    own = {"Sign descent", "Equal speed"} if derived(name).optimizer.degree == 0 else {"Gradient flow", "Balance law"}
    assert own | {"Capacity", "What is proved and what is argued"} <= set(titles)
    assert source.count("$$") % 2 == 0
    assert ("Growth" in titles) == (derived(name).activation.degree == 1)


@pytest.mark.parametrize("name", REGULARISED)
def test_what_is_proved_of_decay_and_dropout_has_lines_of_its_own(name):
    """And the theorem on the regimes is said to be about the flow without them."""
    claims = written(name).split("What is proved and what is argued")[1].split("Checks")[0]
    without = f"Without {name.split(',')[0]}: w is condensed"
    assert (without in claims) == (derived(name).depth == 2)
    assert "  w is " not in claims
    own = {
        "weight decay": ("the walk, the balance law [proved", "f = 0 from μ_c on [proved", "S_l at the end [derived"),
        "weight decay, deep": ("the walk, the balance law [proved", "threshold of collapse [derived"),
        "dropout": ("its number, the balance law [proved", "follows the average [derived", "as m → ∞ [proved"),
    }[name]
    assert all(line in claims for line in own)
    assert "decay" not in written("he").split("What is proved and what is argued")[1].lower()


@pytest.mark.slow
def test_every_section_says_what_it_rests_on(name):
    """Headings are the lines not indented, the same as in Markdown: dynamics and checks proved, the rest argued."""
    headings = re.findall(r"^\S.*$", written(name), flags=re.M)
    titles = re.findall(r"^## (.*)$", written(name, "markdown").replace(r"\$", "$"), flags=re.M)
    *titles, last = titles
    assert last == "References"
    capacity = titles.index("Capacity")
    dynamics, argued = titles[:5], titles[capacity:-1]
    assert dynamics[-1] == ("Equal speed" if derived(name).optimizer.degree == 0 else "Balance law")
    own = OWN_BASES.get(name.partition(",")[0], [])
    assert len(titles[5:capacity]) == len(own)
    bases = ["proved", "definition", *["proved"] * 3, *own, *["derived"] * len(argued), "proved"]
    assert headings == [*(f"{t}  [{b}]" for t, b in zip(titles, bases, strict=True)), "References"]


def test_the_two_cases_of_growth_are_told_apart():
    assert "Case 1: P ≥ 1" in written("he")
    text = written("condensed")
    assert "Case 2: P < 1, the layers must grow." in text
    assert "w: s = 1/2, F = 1/2, δ = 1, S = 1/2; condensed [proved]" in text


def test_numbers_of_the_network_are_in_the_document():
    net = NETWORKS["deep"]
    text = written("deep")
    for layer, slope in net.slopes().items():
        assert f"S = {slope}; {net.regime()[layer].value}" in text
    assert net.learning_rate_scaling().meaning in text
    assert "S_W2 = S_W3" in text


def test_the_theorem_is_cited_at_depth_two_only():
    assert "[proved: Luo et al. 2021]" in written("he")
    assert "[proved: Luo" not in written("deep")


def test_a_failed_check_would_show():
    """Negative control."""
    derivation = pt.derive(NETWORKS["he"])
    object.__setattr__(derivation, "conserved", (pt.BalanceLaw(1, None, sp.S.One, sp.S.One),))
    assert "[FAILED] balance law" in pt.write(derivation)


def test_three_layers_have_the_names_of_the_book():
    net = NETWORKS["abc"]
    assert "γ₃ = 3/2" in written("abc")
    assert "coordinates    γ₃ = 3/2, γ₂ = 0" in pt.describe(net)
    assert "γ'" not in written("abc") + pt.describe(net)


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
    for word in ("proved: [Luo", "proved: Luo", "balance law", "√Δ"):
        assert word not in text
    assert "κ' = M_1/M_L" in text
    assert "γ' = -1" in pt.write(derived("adam rates"))


def test_a_derivation_in_the_open_region_writes_both_branches():
    text = pt.write(pt.derive(pt.two_layer("m^(5/2)", "m", 1)))
    assert "S = 1/2; condensed [proved]" in text
    assert "S_w = 3/4" in text
