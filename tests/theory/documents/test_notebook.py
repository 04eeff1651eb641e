"""What a notebook shows of networks, diagrams and derivations."""

import re
from html.parser import HTMLParser

import pytest

import phasetheory as pt

SHOWN = {
    "network": pt.initialization("he", 3),
    "zero": pt.Network((1, 0), name="<b> & $x"),
    "diagram": pt.phase_diagram(2),
    "spectral": pt.phase_diagram(3, norm="spectral"),
    "derivation": pt.derive(),
}


class _Balanced(HTMLParser):
    """Every element that is opened is closed, in order."""

    def __init__(self):
        super().__init__()
        self.stack = []

    def handle_starttag(self, tag, attrs):
        if tag != "br":
            self.stack.append(tag)

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag


@pytest.mark.parametrize("name", SHOWN)
def test_html_needs_no_script(name):
    page = SHOWN[name]._repr_html_()
    parser = _Balanced()
    parser.feed(page)
    assert not parser.stack
    assert "$" not in page.replace("$x", "")
    assert "\\" not in page
    assert "derived" in page


@pytest.mark.parametrize("name", SHOWN)
def test_latex_is_a_part_of_a_document(name):
    source = SHOWN[name]._repr_latex_()
    assert r"\begin{document}" not in source
    assert source.startswith(r"\section*{")
    assert not re.search(r"[γσκα≤√]", source)


def test_they_say_what_they_rest_on():
    page = pt.initialization("ntk")._repr_html_()
    assert "<i>w</i> is linear [proved: Luo" in page
    assert "<i>a</i> is linear [derived: scaling argument" in page
    assert "in spectral norm" in SHOWN["spectral"]._repr_html_()
    assert (
        "LeCun, He, PyTorch Linear, Flax Dense: (<i>γ</i>, <i>γ</i>′) = (1/2, 1/2)." in SHOWN["diagram"]._repr_html_()
    )
