"""Figures in Chinese: every text of those of diagram, plot and verify is Chinese, and every entry is used.

That each text of any figure has its entry is held in ``check_legible`` of conftest.py, which figures of other files pass."""

import ast
import re
import warnings
from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import pytest
import sympy as sp
import xarray
from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.text import Text

import numerics as nm
import phasetheory as pt
from numerics.cli import main
from numerics.figures import language
from numerics.figures import verification as verifications
from numerics.figures.chinese import CHINESE
from numerics.figures.functions import learned_figure
from numerics.figures.scan import scan_figure
from numerics.figures.style import save_as
from numerics.figures.weight_decay import plot_weight_decay
from numerics.scans import CellStatus
from phasetheory.symbols.language import Catalogue

WIDTHS = (100, 400, 1600)


def on(draw, *arguments, **options):
    figure = Figure((7.6, 6.8), layout="constrained")
    draw(*arguments, ax=figure.subplots(), **options)
    return figure


@pytest.fixture(scope="module")
def scans(synthetic):
    """Heat maps that say all that one may say."""
    plan = nm.Plan.grid(gamma=[0.5, 2.0], gamma_prime=[-0.5, 0.25], widths=WIDTHS, seeds=2)
    missing, resting, level = synthetic(plan), synthetic(plan), synthetic(plan)
    missing["status"][0, 0] = CellStatus.STOPPED_SHORT
    missing["status"][1, 0, 0, 0] = CellStatus.FAILED
    missing["status"][1, 0, 0, 1] = CellStatus.PENDING
    resting["loss"] = xarray.full_like(resting["status"], 0.1, dtype=float)
    resting["loss"][0] = 0.2
    resting["relative_distance"][0, 0, 0, 0] = 0
    level["loss"] = xarray.full_like(level["status"], 0.1, dtype=float)
    level["loss"][0, 0, 0] = 0.2
    level["status"][0, 0] = CellStatus.STOPPED_SHORT
    level.attrs |= {"loss_level": 0.01, "optimizer": "adam"}
    return missing, resting, level


def drawn(scans, synthetic, result, verification):
    """Figures of the three commands, of the kinds that no test of test_legible or test_styles draws."""
    yield on(pt.phase_diagram(2, optimizer="adam").plot)
    for text in (
        "convolutional:3:average",
        "recurrent:2:impulse",
        "residual:1",
        "residual:2:two-matrices",
        "layer_norm:2",
    ):
        yield on(pt.graph_diagram(*pt.architecture(text).plane()).plot)
    for ell in (sp.Rational(-1, 2), 0, sp.Rational(1, 2)):
        yield plot_weight_decay(pt.decayed_diagram(ell), figure=Figure((11, 6)))
    for dataset in scans:
        yield scan_figure(dataset, "heatmap", ["w", "a"])
    yield scan_figure(scans[0], "rd", ["w"])
    deep = nm.Plan.grid(diagram=pt.phase_diagram(3), gamma_3=[1, 3], gamma_2=[-1, 1], widths=WIDTHS, seeds=1)
    for kind in ("heatmap", "rd"):
        yield scan_figure(synthetic(deep), kind, ["W1", "W2"], "spectral")
    yield from verified(nm.Plan(widths=WIDTHS, seeds=4), result, verification)
    adam = nm.Plan(diagram=pt.phase_diagram(2, optimizer="adam"), points=[("1/2", 0)], widths=WIDTHS, seeds=4)
    yield from verified(adam, result, verification)
    three = nm.Plan(diagram=pt.phase_diagram(3), points=[(1, 0)], widths=WIDTHS, seeds=4)
    spectral = tuple(replace(result(layer=layer, depth=3), norm="spectral") for layer in three.judged)
    yield verifications._relative_distance(verification(spectral, plan=three), "spectral", "fit")
    X, y = nm.datasets.four_points()
    run = nm.gradient_flow(nm.TwoLayer.sample(20, 1, 0, X, rng=0), X, y)
    runs = [replace(run, status=status) for status in nm.Status]
    yield learned_figure({f"{run.status.name}, {run.ending}": run for run in runs}, X, y, "learned")


def verified(plan, result, verification):
    """RD and the diagram; the first point agrees, the second does not, the third has no slope."""
    kinds = [
        result(distances={100: 0.3, 400: 0.15, 1600: 0.075}),
        result(0.5, "-1/2"),
        result(status=CellStatus.STOPPED_SHORT),
    ]
    found = verification(*[kinds[i % 3] for i in range(len(plan.points))], plan=plan)
    yield verifications._relative_distance(found, "frobenius", "fit")
    yield on(verifications.plot_measured_diagram, found)


@pytest.fixture(scope="module")
def texts(scans, synthetic, result, verification, recording):
    """All that is written in Chinese figures, drawn without a font, and the entries that were used."""
    recorded, found = recording(CHINESE), set()
    token = language._words.set(Catalogue(recorded))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph|Font")  # titles are measured
        for figure in drawn(scans, synthetic, result, verification):
            language.translate_texts(figure)
            found |= {text.get_text() for text in figure.findobj(Text)}
    language._words.reset(token)
    return found, recorded.used


@pytest.mark.slow
def test_no_english_is_left(texts, english):
    assert {text for text in texts[0] if english(text)} == set()


def in_sources():
    """Every text of the sources that figures are written from, ``{}`` for what is filled in."""
    root = Path(nm.__file__).parent
    files = [*(root / "figures").glob("*.py"), *(root / "experiments").glob("*.py"), root / "flow" / "solution.py"]
    files += [*(root / "commands" / "chapter").glob("*.py")]
    files.append(Path(pt.__file__).parent / "networks" / "architectures" / "families.py")
    for file in files:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.JoinedStr):
                yield "".join(p.value if isinstance(p, ast.Constant) else "{}" for p in node.values)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and file.name != "chinese.py":
                yield node.value


@pytest.mark.slow
def test_no_entry_is_unused(texts):
    """Of what these figures do not say, such as how a run ended, and of other figures, the words stand in the sources."""
    known = {word for text in in_sources() for word in re.findall("[A-Za-z]{2,}", text)}
    assert not [key for key in CHINESE.keys() - texts[1] if set(re.findall("[A-Za-z]{2,}", key)) - known]


def test_formulas_and_numbers_stay():
    words = Catalogue(CHINESE)
    assert words.translate(r"$\gamma=1$, $\gamma'=0$: $S=+0.50$, predicted $+1/2$") == (
        r"$\gamma=1$, $\gamma'=0$：$S=+0.50$，预测 $+1/2$"
    )
    assert words.translate("no slope\n($-1/2$)") == "没有斜率\n($-1/2$)"


@pytest.mark.parametrize(
    "call",
    [
        "diagram --out map.png",
        "verify --out results --no-derivation",
        "features --out results",
        "gallery --out results",
        "linearize --out results",
        "condense --out results",
        "decay --out walk.png",
        "reproduce --out results",
        "locate he --width 100 --out he.png",
    ],
)
def test_without_a_font_a_line_says_which_package_brings_one(call, monkeypatch, tmp_path, capsys):
    """Before anything is trained or written."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(font_manager.fontManager, "ttflist", [])
    monkeypatch.setattr(font_manager, "findSystemFonts", list)
    assert main([*call.split(), "--language", "zh"]) == 2
    said = capsys.readouterr()
    assert "fonts-noto-cjk" in said.err
    assert len(said.err.splitlines()) == 1
    assert not said.out
    assert not list(tmp_path.iterdir())


def test_a_font_installed_since_matplotlib_made_its_list_is_found(monkeypatch):
    """In all its weights, whichever of its files comes first."""
    files = [
        font.fname
        for font in font_manager.fontManager.ttflist
        if font.fname.endswith(("/DejaVuSerif.ttf", "/DejaVuSerif-Bold.ttf"))
    ]
    monkeypatch.setattr(language, "_FONTS", ("no such font", "DejaVu Serif"))
    monkeypatch.setattr(font_manager.fontManager, "ttflist", [])
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: files)
    with language.figures_in("zh"):
        assert mpl.rcParams["font.family"][0] == "DejaVu Serif"
        assert {font.weight for font in font_manager.fontManager.ttflist} == {400, 700}
    assert "DejaVu Serif" not in mpl.rcParams["font.family"]


def test_only_within_the_figures_are_in_another_language(monkeypatch, tmp_path):
    monkeypatch.setattr(language, "_chinese_font", lambda: "DejaVu Sans")
    figure = Figure()
    figure.suptitle("one seed")
    save_as(figure, tmp_path / "english.svg")
    assert figure.get_suptitle() == "one seed"
    with language.figures_in("zh"):
        language.translate_texts(figure)
    assert figure.get_suptitle() == "1 个种子"
    with language.figures_in("en"):
        assert language.translate("one seed") == "one seed"


def test_a_diagram_is_drawn_with_chinese_letters(tmp_path):
    """With Chinese letters, where a font has them: no warning of a missing one, which would be an error here."""
    try:
        with language.figures_in("zh"):
            figure = on(pt.phase_diagram(2).plot)
            for ending in ("png", "pdf", "svg"):
                assert save_as(figure, tmp_path / f"map.{ending}").stat().st_size > 0
    except nm.InputError:
        pytest.skip("no font with Chinese letters")
