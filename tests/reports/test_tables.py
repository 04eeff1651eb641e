"""Tables on terminals of any width: whatever does not fit is stacked, and nothing of it is cut."""

import io
import re

import pytest
from rich.console import Console

from numerics.reports.tables import ResultTable

WIDTHS = (40, 50, 60, 80, 120, 200)


def printed(table, width):
    stream = io.StringIO()
    Console(file=stream, width=width, highlight=False).print(table)
    return stream.getvalue()


def verdicts():
    table = ResultTable(
        "S_w, the slope of RD(w)",
        "In brackets: 95 % interval over seeds.",
        ("γ", "γ'", "layer", "predicted", "measured", "RD ratio", "verdict"),
        keys=3,
        left=("verdict",),
        sentences=("verdict",),
    )
    table.add_row("0.5", "0", "W1", "-1/2", r"-0.512 \[-0.520, -0.505]", "1.018", "linear, [green]agrees[/]")
    table.add_row(
        "", "", "W2", "3/8", r"+0.375 \[+0.370, +0.379]", "", "condensed, [red]disagrees[/]: predicted linear"
    )
    return table


def slopes():
    numbers = [f"{0.6 + 0.1 * i:.1f}" for i in range(9)]
    table = ResultTable(
        "S_w",
        "Columns: γ.",
        ("γ'", *numbers, "γ*"),
        keys=1,
        dense=True,
        stacked=("γ'", *(f"γ {number}" for number in numbers), "γ*"),
    )
    table.add_row("0.4", *(f"{-0.4 + 0.1 * i:+.2f}" for i in range(9)), "1.01 ±0.35")
    return table


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("make", [verdicts, slopes])
def test_every_cell_and_heading_is_there_at_every_width(make, width):
    table = make()
    text = printed(table, width)
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= width
    words = re.findall(r"\S+", re.sub(r"\[/?[a-z]*\]|\\", "", " ".join(c for row in table.rows for c in row.cells)))
    assert set(words) <= set(text.split())
    for heading in table.headings:
        assert heading in text


def test_columns_where_they_fit_and_lines_where_they_do_not():
    assert re.search(
        r"0\.5 +0 +W1 +-1/2 +-0\.512 \[-0\.520, -0\.505\] +1\.018 +linear, agrees", printed(verdicts(), 84)
    )
    narrow = printed(verdicts(), 40)
    assert "γ 0.5  γ' 0  layer W1" in narrow
    assert "γ 0.5  γ' 0  layer W2" in narrow  # an empty key is the one above
    assert re.search(r"^  predicted  3/8 *$", narrow, flags=re.M)
    assert narrow.count("RD ratio") == 1  # of the row that has one


def test_short_numbers_stand_several_in_a_line_under_their_whole_names():
    lines = printed(slopes(), 40).splitlines()
    assert any("γ 0.6: -0.40  γ 0.7: -0.30" in line for line in lines)
    assert any("γ*: 1.01 ±0.35" in line for line in lines)


def test_letters_are_measured_as_they_are_spelt():
    """On an ASCII terminal γ takes five columns."""
    from numerics.commands.letters import Speaker

    class Ascii(Speaker):
        encoding = "ascii"

    console = Ascii()
    console.width, console.file = 75, io.StringIO()
    console.print(verdicts())
    assert "gamma 0.5  gamma' 0  layer W1" in console.file.getvalue()


def test_html_has_the_cells_without_markup():
    html = verdicts()._repr_html_()
    assert html.count("<tr>") == 3
    assert '<td style="text-align: left">linear, agrees</td>' in html
    assert "-0.512 [-0.520, -0.505]" in html
    assert "&#x27;" in html or "γ'" in html


def test_a_cell_for_every_heading():
    with pytest.raises(ValueError, match="1 cells for 7 headings"):
        verdicts().add_row("0.5")
