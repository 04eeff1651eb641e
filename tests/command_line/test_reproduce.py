"""``phasetheory reproduce``: pages are kept, the index holds together, its commands can be read."""

import json
import re
import shlex
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
import xarray

import numerics as nm
import phasetheory as pt
from numerics.cli import command_named, main
from numerics.commands.chapter import making, pages
from numerics.commands.chapter.intervals import said_of_intervals
from numerics.commands.chapter.page import Content, Desk, Edition, verdict_on
from numerics.commands.chapter.pages import PAGES
from numerics.experiments.judgement import Verdict
from numerics.experiments.plan import Plan
from numerics.figures import language
from numerics.reports.chapter import PageRecord, Waiting, chapter_html, paragraph
from numerics.scans import ScanProgress, Threads, scan

#: Pages that need no training, or next to none.
CHEAP = "1,4"


class Links(HTMLParser):
    """Every file and every part of the page that a page refers to."""

    def __init__(self, text):
        super().__init__()
        self.targets, self.ids, self.open = [], set(), []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.targets += [found[name] for name in ("src", "href") if name in found]
        self.ids |= {found["id"]} if "id" in found else set()
        if tag not in ("img", "meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def check_index(folder):
    text = (folder / "index.html").read_text(encoding="utf-8")
    links = Links(text)
    assert not links.open
    assert links.targets
    for target in links.targets:
        assert ":" not in target, f"{target} is not beside the page"
        assert target[1:] in links.ids if target.startswith("#") else (folder / target).is_file(), target
    return text


@pytest.mark.slow
def test_cheap_pages_are_made_once_and_everything_they_show_is_there(tmp_path, capsys):
    out = tmp_path / "chapter"
    assert main(["reproduce", "--out", str(out), "--quick", "--only", CHEAP]) == 0
    said = capsys.readouterr()
    assert said.out.count("agrees") == 1
    assert said.out.count("answer") == 1
    assert said.err.count("page ") >= 1
    text = check_index(out)
    assert text.count("<h3>Predicted</h3>") == 2
    assert text.count("Not made yet") == len(PAGES) - 2
    for page in PAGES:
        assert f"phasetheory reproduce --out DIR --only {page.number} --quick" in text
    before = {path: path.stat().st_mtime_ns for path in (out / "pages").rglob("*")}
    assert main(["reproduce", "--out", str(out), "--quick", "--only", "1"]) == 0
    assert {path: path.stat().st_mtime_ns for path in (out / "pages").rglob("*")} == before
    capsys.readouterr()
    assert main(["reproduce", "--out", str(out)]) == 2
    assert "was begun with --quick" in capsys.readouterr().err
    for text, said in (("{", "04.json is damaged; remove it"), ('{"number": 4}', "04.json is of another version")):
        (out / "pages" / "04.json").write_text(text)
        assert main(["reproduce", "--out", str(out), "--quick", "--only", "4"]) == 2
        assert said in capsys.readouterr().err
    with making.in_use(out):
        assert main(["reproduce", "--out", str(out), "--quick", "--only", "4"]) == 2
    assert "another 'phasetheory reproduce' is at work" in capsys.readouterr().err


def test_a_chapter_is_of_one_language_and_what_is_proved_is_in_it(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(language, "_chinese_font", lambda: "DejaVu Sans")
    out = tmp_path / "chapter"
    call = ["reproduce", "--out", str(out), "--quick", "--only", "4"]
    assert main([*call, "--language", "zh"]) == 0
    text = check_index(out)
    assert '<div lang="zh"><h4>检验 <em>(已证明)</em></h4>' in text
    assert text.count("[成立]") == len(pt.derive().checks)
    assert "phasetheory reproduce --out DIR --only 4 --quick --language zh" in text
    capsys.readouterr()
    assert main(call) == 2
    assert "was begun with --quick --language zh; go on in the same way" in capsys.readouterr().err


def test_figures_of_a_chapter_are_drawn_in_its_language(tmp_path, monkeypatch):
    monkeypatch.setattr(language, "_chinese_font", lambda: "DejaVu Sans")
    seen = []
    page = replace(
        PAGES[0], make=lambda desk: seen.append(language.translate("one seed")) or Content((), (), None, "", ())
    )
    monkeypatch.setattr(pages, "PAGES", (page,))
    assert main(["reproduce", "--out", str(tmp_path / "zh"), "--language", "zh"]) == 0
    assert main(["reproduce", "--out", str(tmp_path / "en")]) == 0
    assert seen == ["1 个种子", "one seed"]


def scanning(desk):
    """A page with a scan of four cells, which is stopped after two the first time."""
    plan = Plan(points=[(1, 0)], widths=(10, 20), seeds=2)
    data = scan(plan, desk.store("runs"), executor=Threads(), progress=desk.progress)
    return Content((), (paragraph(str(data.attrs["data"])),), verdict_on(0), "all well", ())


class Stopped(BaseException):
    """As a kill: nothing is tidied up."""


def test_a_page_that_was_stopped_goes_on_with_its_cells(tmp_path):
    done, page = [], replace(PAGES[6], make=scanning)
    other = replace(PAGES[0], make=lambda desk: Content((), (), None, "only once", ()))

    def stop(completed, total, text):
        done.append(text)
        if "2 of 4 cells" in text:
            raise Stopped

    with pytest.raises(Stopped):
        making.make(tmp_path, [other, page], PAGES, Edition(quick=True), show=stop)
    assert making.known_record(tmp_path, other).because == "only once"
    assert making.known_record(tmp_path, page) is None
    seen = []
    making.make(tmp_path, [other, page], PAGES, Edition(quick=True), show=lambda *now: seen.append(now))
    assert making.known_record(tmp_path, page).verdict == "agrees"
    assert not any("page 1:" in text for _, _, text in seen)
    cells = [int(found[1]) for _, _, text in seen if (found := re.search(r"(\d) of 4 cells", text))]
    assert min(cells) >= 2
    completed = [part / total for part, total, _ in seen]
    assert completed == sorted(completed)
    assert completed[-1] == 1


def test_a_disagreement_is_the_exit_status(tmp_path, monkeypatch, capsys):
    wrong = replace(PAGES[0], make=lambda desk: Content((), (), verdict_on(1), "it is not so", ()))
    monkeypatch.setattr("numerics.commands.chapter.pages.PAGES", (wrong,))
    assert main(["reproduce", "--out", str(tmp_path / "x")]) == 1
    assert "disagrees. it is not so" in capsys.readouterr().out


def test_intervals_are_said():
    slopes = xarray.Dataset({"low": ("x", [-0.1, 0.0, np.nan]), "high": ("x", [0.1, 0.6, np.nan])})
    assert "0.200 in the middle and 0.30 at most" in said_of_intervals(slopes, "w")
    assert "no intervals" in said_of_intervals(slopes * np.nan, "w")


def test_verdicts():
    assert verdict_on(0) is Verdict.AGREES
    assert verdict_on(0, undecided=True) is Verdict.UNDECIDED
    assert verdict_on(1, undecided=True) is Verdict.DISAGREES


def test_pages_are_numbered_and_their_commands_can_be_read():
    assert [page.number for page in PAGES] == list(range(1, len(PAGES) + 1))
    for page in PAGES:
        for command in page.commands:
            program, name, *words = shlex.split(command)
            assert program == "phasetheory"
            command_named(name).make_context(name, words)


def test_what_is_said_is_escaped_and_a_record_survives_json():
    record = PageRecord(
        *(
            1,
            "a < b",
            "源",
            "phasetheory & co",
            ("one <two>",),
            (paragraph("x < y"),),
            (),
            "agrees",
            "p & q",
            ("<i>",),
            1.0,
        )
    )
    assert PageRecord.from_dict(json.loads(json.dumps(record.to_dict()))) == record
    text = chapter_html([record, Waiting(2, "later", "后", "phasetheory")], heading="h", about=["a & b"])
    Links(text)
    for part in ("a &lt; b", "one &lt;two&gt;", "x &lt; y", "p &amp; q", "&lt;i&gt;", "a &amp; b", "Not made yet"):
        assert part in text


def test_the_published_numbers_and_table_are_those_of_the_derivation(tmp_path):
    """The slopes printed on the slides are near the derived ones; table 1 comes out, and would not if a row were wrong."""
    from numerics.commands.chapter import diagram, distances

    derived = [-0.5, 0.0, 0.375]
    assert all(abs(found - limit) < 0.01 for found, limit in zip(distances.PUBLISHED, derived, strict=True))
    assert diagram.compare_table_1(diagram.TABLE_1)[1] == 6
    false = {**diagram.TABLE_1, "he": diagram.TABLE_1["he"]._replace(beta2="sqrt(3/d)")}
    rows, same = diagram.compare_table_1(false)
    assert same == 5
    assert [row.cells[6] for row in rows.rows].count("DIFFERENT") == 1


def test_a_linear_approximation_can_be_stored(tmp_path):
    plan = nm.Plan(points=[("1/2", 0)], widths=(10, 20), seeds=1)
    found = nm.linear_approximation(plan, store=tmp_path / "t.zarr")
    seen = []
    again = nm.linear_approximation(plan, store=tmp_path / "t.zarr", progress=seen.append)
    assert (again.sup_difference == found.sup_difference).all()
    assert [now.done for now in seen] == [2]


def test_a_desk_keeps_to_its_folder(tmp_path):
    desk = Desk(tmp_path, 7, Edition(quick=True), lambda now: None)
    assert desk.choose(1, 2) == 1
    assert desk.store("runs") == tmp_path / "stores" / "07-runs.zarr"
    assert 'src="pages/07/law.svg"' in desk.formula("law", r"\frac{1}{2}")
    assert ScanProgress(1, 1, 0, 0.0, 0.0).total == 1
