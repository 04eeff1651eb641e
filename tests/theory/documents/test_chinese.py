"""The derivation in Chinese: every sentence has its entry, every entry is used, and the formulas are those of the English one."""

import re
from collections import Counter
from dataclasses import replace
from string import Formatter

import pytest

import phasetheory as pt
from phasetheory.documents import document
from phasetheory.documents.chinese import CHINESE
from phasetheory.documents.references import REFERENCES
from phasetheory.symbols.formulas import with_words
from phasetheory.symbols.language import Catalogue
from phasetheory.symbols.prose import literal, text

SQUARE = pt.relu_power(2)
CALLS = {
    "two layers": (None, {}),
    "three layers": (None, {"depth": 3}),
    "five layers": (pt.initialization("ntk", 5), {}),
    "mean field": (pt.initialization("mean_field"), {}),
    "line": (pt.initialization("e_et_al"), {}),
    "condensed": (pt.two_layer("m^2", 1, 1, name="linear: critical"), {}),
    "hard target": (pt.two_layer("m^2", "m", "1/m"), {}),
    "he": (pt.initialization("he"), {}),
    "muP": (pt.initialization("mup", 3), {}),
    "rates": (pt.Network((1, "1/m", 1), "m", learning_rates=("m", 1, "1/m")), {}),
    "from zero": (pt.Network((1, 0), 1), {}),
    "degree two": (pt.two_layer("m", 1, 1, activation=SQUARE), {}),
    "weight decay": (None, {"weight_decay": True}),
    "weight decay, deep": (None, {"depth": 3, "weight_decay": True}),
    "dropout": (None, {"dropout": True}),
    "sign descent": (None, {"optimizer": "adam"}),
    "recurrent": (pt.recurrent("m^(-3/2)", 1, "m^(-3/2)", steps=3), {}),
    "lazy": (pt.recurrent(1, 1, 1, steps=2, lags=[1]), {}),
    "biases": (pt.recurrent(1, 1, 1, steps=2, biases=(1,)), {}),
    "outputs": (pt.fully_connected((1, 1, 1), outputs="m"), {}),
    "outputs of one hidden layer": (pt.fully_connected((1, 1), outputs="m"), {}),
    "outputs of skips": (pt.residual(1, 1, 1, blocks=1, outputs="m"), {}),
    "many paths": (pt.residual("1/m", "m^(-3/4)", "1/m", blocks=13, sigma_V="1/m"), {}),
    "skips": (pt.Graph({"W": pt.Layer(1, "m", "m")}, [pt.Path({"W": 1})]), {}),
    "plane": (pt.graph_diagram("residual:2"), {}),
    **{
        text: (pt.graph_diagram(text), {})
        for text in (
            "fully_connected",
            "convolutional:3:average",
            "recurrent:2:impulse",
            "layer_norm",
            "embedding",
            "attention",
        )
    },
    "two matrices": (pt.graph_diagram("residual:1:two-matrices"), {}),
    "sign descent, deep": (pt.initialization("he", 3), {"optimizer": "adam"}),
}
NAMES = {
    "RD",
    "Frobenius",
    "muP",
    "relu",
    "power",
    "Adam",
    "Lion",
    "signSGD",
    "SymPy",
    "dropout",
    "Dropout",
}  # the same in Chinese
_FORMULA = re.compile(r"\$\$.*?\$\$|\$[^$]*\$", re.S)


@pytest.fixture(scope="module")
def written(recording):
    """Documents by call, form and language, and the entries that were used."""
    recorded = recording(CHINESE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(document._CATALOGUES, "zh", Catalogue(recorded))
        documents = {}
        for name, (network, options) in CALLS.items():
            derivation = pt.derive(network, **options)
            for form in ("text", "markdown"):
                for language in ("en", "zh"):
                    documents[name, form, language] = pt.write(derivation, form, language)
        unproved = pt.derive(pt.recurrent(1, 1, 1, steps=2))
        unproved.__dict__["complete"] = False
        pt.write(unproved, language="zh")
        failed = tuple(replace(check, holds=False) for check in derivation.checks)
        derivation.__dict__["checks"] = failed
        pt.write(derivation, language="zh")
    return documents, recorded.used


def words_of(page):
    """What is neither formula nor literature nor a network's name."""
    page = _FORMULA.sub("", page.partition("## 参考文献")[0])
    for reference in REFERENCES.values():
        page = page.replace(f"[{reference.label}]", "").replace(reference.label, "")
    names = [
        network.title if isinstance(network, pt.GraphDiagram) else network.name
        for network, _ in CALLS.values()
        if network
    ]
    kinds = [network.architecture.kind for network, _ in CALLS.values() if isinstance(network, pt.Graph)]
    for name in filter(None, (*names, *kinds)):
        page = page.replace(f"：{name}", "")
    return set(re.findall(r"[A-Za-z]{2,}", page))


@pytest.mark.slow
@pytest.mark.parametrize("name", CALLS)
def test_no_english_is_left(written, name):
    documents, _ = written
    assert words_of(documents[name, "markdown", "zh"]) <= NAMES
    assert not re.search(r"\\text\{[^}]*[A-Za-z]", documents[name, "markdown", "zh"])
    left = []
    for line in documents[name, "text", "zh"].splitlines():
        if line.startswith("    "):
            with_words(line, lambda words: left.append(words) or words)
    assert not left


@pytest.mark.slow
@pytest.mark.parametrize("name", CALLS)
def test_the_formulas_are_the_same(written, name):
    documents, _ = written
    english, chinese = (
        Counter(re.sub(r"\\text\{[^}]*\}", "", formula) for formula in _FORMULA.findall(documents[name, "markdown", x]))
        for x in ("en", "zh")
    )
    assert english == chinese


@pytest.mark.slow
def test_no_entry_is_unused(written):
    assert set(CHINESE) == written[1]


@pytest.mark.parametrize("message", [message for message in CHINESE if "{" in message])
def test_an_entry_fills_in_what_its_message_has(message):
    count = message.count("{}")
    names = [name for _, name, _, _ in Formatter().parse(CHINESE[message]) if name is not None]
    assert names == [""] * count or sorted(names) == sorted(map(str, range(count)))


def test_what_comes_from_a_user_is_not_translated():
    words = Catalogue(CHINESE)
    assert text(words.translate(f"This network: {literal('linear: critical')}")) == "这个网络：linear: critical"
    assert words.translate("an entry that nobody wrote: $x$") == "an entry that nobody wrote: $x$"


def test_latex_is_of_a_class_that_sets_chinese():
    page = pt.write(pt.derive(), "latex", "zh")
    assert page.startswith("\\documentclass{ctexart}")
    assert "\\title{2 层 relu 网络的相图及其推导}" in page
    assert pt.write(pt.derive(), "latex").startswith("\\documentclass{article}")


def test_an_unknown_language_is_refused():
    with pytest.raises(pt.TheoryError, match="language = 'fr'; use one of en, zh"):
        pt.write(pt.derive(), language="fr")
