"""What every figure is held to: no text outside the canvas, none over another, none too small, none without its Chinese, and
legends of what is drawn."""

import itertools
import re
from functools import lru_cache, partial

import numpy as np
import pytest
import sympy as sp
import xarray
from matplotlib.collections import Collection
from matplotlib.colors import to_hex, to_rgba
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.mathtext import MathTextParser
from matplotlib.patches import Patch
from matplotlib.text import Text

import numerics as nm
import phasetheory as pt
from numerics.experiments.allowance import allowance_at
from numerics.experiments.judgement import judge
from numerics.experiments.prediction import Prediction
from numerics.experiments.verify import PointResult
from numerics.figures import language
from numerics.figures.chinese import CHINESE
from numerics.figures.style import ANY_COLOUR
from numerics.scans import CellStatus
from phasetheory.symbols.language import Catalogue

SMALLEST = 7  # points
TOLERANCE = 1.5  # pixels at 100 a inch: a fiftieth of an inch, less than the space around a letter
#: The same in every language; parameters of a module are called as in its program.
NAMES = {"RD", "Frobenius", "Adam", "relu", "four", "points", "et", "al", "weight", "dropout", "Pa", "IAPWS"}
NAMES |= {word for name in pt.initializations() for word in pt.describe_initialization(name).title.split()}
NAMES |= {word for status in nm.Status for word in re.findall("[A-Z]{2,}", status.name)}
_NOT_WORDS = re.compile(r"/home/.*?\.csv|points\.csv|(?<!\\)\$[^$]*\$")  # a file of the user's, a formula
_CHINESE = Catalogue(CHINESE)


class Read:
    """Stands for a language: leaves every text in English, and keeps those that would stay so, in part, in Chinese."""

    def __init__(self):
        self.seen, self.left = set(), set()

    def translate(self, text):
        self.seen.add("".join(text.split()))
        if english_in(_CHINESE.translate(text)):
            self.left.add(text)
        return text


def english_in(text):
    """English words, outside of formulas and names."""
    return set(re.findall("[A-Za-z]{2,}", _NOT_WORDS.sub("", text))) - NAMES


@pytest.fixture(autouse=True)
def read():
    """What is written in the figures of a test."""
    token = language._words.set(found := Read())
    yield found
    language._words.reset(token)


@pytest.fixture(scope="session", autouse=True)
def formulas_are_read_once():
    """Matplotlib keeps fifty; the figures here share some hundreds of labels."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MathTextParser, "_parse_cached", lru_cache(4096)(MathTextParser._parse_cached.__wrapped__))
        yield


def make_synthetic(plan, slopes=None):
    """A dataset of a plan whose RD are the derived powers of the width, or those of ``slopes(layer, norm, x, y)``."""
    x, y = (np.array(sorted({float(point[i]) for point in plan.points})) for i in (0, 1))
    found = np.empty((len(x), len(y), len(plan.widths), plan.seeds, len(plan.labels), len(plan.norms)))
    for n, norm in enumerate(plan.norms):
        diagram = plan.diagram.with_norm(norm)
        for k, layer in enumerate(plan.labels):
            s = diagram.evaluate(x[:, None], y[None, :], layers=[layer])[layer]
            s = s if slopes is None else slopes(layer, norm, s)
            found[..., k, n] = np.exp(s[:, :, None] * np.log(plan.widths))[..., None]
    dims = (*plan.names, "width", "seed")
    return xarray.Dataset(
        {
            "relative_distance": ((*dims, "layer", "norm"), found),
            "status": (dims, np.full(found.shape[:4], CellStatus.DONE, dtype=np.int8)),
        },
        {
            **dict(zip(plan.names, (x, y), strict=True)),
            "width": list(plan.widths),
            "seed": range(plan.seeds),
            "layer": list(plan.labels),
            "norm": list(plan.norms),
        },
        plan.settings,
    )


def make_result(
    slope=-0.5,
    predicted="-1/2",
    *,
    layer="w",
    distances=None,
    status=CellStatus.DONE,
    widths=(100, 400, 1600),
    seeds=4,
    scale=3.0,
    depth=2,
):
    """A judged layer whose RD is 3 m^slope but for noise, four seeds at each width."""
    noise = np.exp(0.02 * np.random.default_rng(1).standard_normal((len(widths), seeds)))
    limit = sp.Rational(predicted)
    prediction = Prediction(limit, float(limit), distances or {})
    states = np.full(noise.shape, int(CellStatus.DONE))
    states[0] = status
    rows = scale * np.array(widths)[:, None] ** slope * noise
    return judge(layer, "frobenius", prediction, widths, rows, states, allowance_at(depth))


def make_verification(*points, plan=None):
    """Of judged layers, or tuples of them, at the points (1/2, 0), (1, 0), ... or at those of a plan."""
    if plan is None:
        plan = nm.Plan(points=[("1/2", 0), (1, 0), ("7/4", 0)][: len(points)], widths=points[0].widths, seeds=4)
    judged = [found if isinstance(found, tuple) else (found,) for found in points]
    results = tuple(PointResult(point, found, ()) for point, found in zip(plan.points, judged, strict=True))
    return nm.Verification(plan, allowance_at(plan.depth), results, xarray.Dataset(), 0.0)


@pytest.fixture(scope="session")
def synthetic():
    return make_synthetic


@pytest.fixture(scope="session")
def result():
    return make_result


@pytest.fixture(scope="session")
def verification():
    return make_verification


def canvas(figure):
    return [figure, *itertools.chain.from_iterable(canvas(sub) for sub in getattr(figure, "subfigs", ()))]


def legends_of(figure):
    parts = [part for part in (*canvas(figure), *figure.axes)]
    return [
        legend
        for part in parts
        for legend in (getattr(part, "legends", None) or [getattr(part, "legend_", None)])
        if legend
    ]


def texts_of(figure):
    """Everything that is written: titles, labels, ticks in view, notes, legends; (text, owner)."""
    found = []
    for part in canvas(figure):
        found += part.texts  # with its title
    for ax in figure.axes:
        found += [ax.title, ax._left_title, ax._right_title, *ax.texts]
        for axis in (ax.xaxis, ax.yaxis):
            if axis.get_visible() and ax.axison:
                low, high = sorted(axis.get_view_interval())
                ticks = [*axis.get_major_ticks(), *axis.get_minor_ticks()]
                slack = 1e-9 * abs(high - low)
                for tick in ticks:
                    if low - slack <= tick.get_loc() <= high + slack:
                        found += [tick.label1, tick.label2]
                found += [axis.label, axis.offsetText]
    for legend in legends_of(figure):
        found += [*legend.get_texts(), legend.get_title()]
    return [text for text in found if text is not None and text.get_visible() and text.get_text().strip()]


def lines_drawn(figure):
    found = set()
    for ax in figure.axes:
        for line in ax.lines:
            found.add((to_hex(line.get_color()), line.get_linestyle(), None))
            found.add((to_hex(line.get_markerfacecolor()), "None", line.get_marker()))
            if line.get_linestyle() != "None":
                found.add((ANY_COLOUR, line.get_linestyle(), None))
        for collection in ax.collections:
            for colour, (_, dashes) in itertools.product(collection.get_edgecolor(), collection.get_linestyle()):
                found.add((to_hex(colour), "-" if dashes is None else "--", None))
    return found


def faces_drawn(figure):
    """Colours of areas: of patches, frames, images and maps; hatches with the colour of their lines."""
    found = {to_hex(ax.get_facecolor()) for ax in figure.axes}
    for ax in figure.axes:
        for patch in ax.patches:
            found.add(to_hex(patch.get_facecolor()))
            found |= {patch.get_hatch(), to_hex(patch.get_edgecolor())} if patch.get_hatch() else set()
        for spine in ax.spines.values():
            found.add(to_hex(spine.get_edgecolor()))
        for shown in (*ax.collections, *ax.images):
            colours = shown.get_facecolor() if isinstance(shown, Collection) else np.zeros((0, 4))
            if isinstance(shown, AxesImage) and np.ndim(shown.get_array()) == 3:
                array = np.asarray(shown.get_array())
                colours = np.unique(array[array[..., 3] > 0][:, :3], axis=0)
            found |= {to_hex(colour) for colour in colours}
    return found


def check_legible(figure, read, *, smallest=SMALLEST):
    """Raise with every text that is cut, too small, runs into another or has no Chinese, and with what only a legend has."""
    figure.set_dpi(100)
    figure.draw_without_rendering()
    problems = []
    width, height = figure.bbox.width, figure.bbox.height
    texts = texts_of(figure)
    boxes = [text.get_window_extent() for text in texts]
    for text, box in zip(texts, boxes, strict=True):
        name = repr(text.get_text())
        if min(box.x0, box.y0, width - box.x1, height - box.y1) < -TOLERANCE:
            problems.append(f"outside the canvas: {name}")
        if text.get_fontsize() < smallest - 1e-9:
            problems.append(f"{text.get_fontsize()} pt: {name}")
    low, high = (
        np.array([[getattr(box, name) for name in ends] for box in boxes]) for ends in (("x0", "y0"), ("x1", "y1"))
    )
    common = np.minimum(high[:, None], high) - np.maximum(low[:, None], low)
    for i, j in np.argwhere(np.triu((common > TOLERANCE).all(axis=-1), 1)):
        problems.append(f"{texts[i].get_text()!r} over {texts[j].get_text()!r}")
    lines, faces = lines_drawn(figure), faces_drawn(figure)
    for legend in legends_of(figure):
        for handle, text in zip(legend.legend_handles, legend.get_texts(), strict=True):
            if not _drawn(handle, lines, faces):
                problems.append(f"in a legend, not drawn: {text.get_text()!r}")
    for text in figure.findobj(Text):
        if "".join(text.get_text().split()) not in read.seen:  # a title in lines was looked up before
            read.translate(text.get_text())
    problems += [f"no Chinese: {text!r}" for text in read.left]
    if problems:
        raise AssertionError("\n".join(problems))


def _drawn(handle, lines, faces):
    if isinstance(handle, Line2D):
        colour = handle.get_color() if handle.get_color() == ANY_COLOUR else to_hex(handle.get_color())
        marked, dashed = handle.get_marker() not in ("", "None", None), handle.get_linestyle() not in ("", "None", None)
        face = to_hex(handle.get_markerfacecolor())
        of_any = {look[1:] for look in lines}  # a mark whose face stands for several
        mark = (
            not marked
            or (face, "None", handle.get_marker()) in lines
            or (face == to_hex("0.8") and ("None", handle.get_marker()) in of_any)
        )
        return mark and (not dashed or (colour, handle.get_linestyle(), None) in lines)
    if isinstance(handle, Patch):
        frame, face = handle.get_edgecolor(), to_hex(handle.get_facecolor())
        if handle.get_hatch():
            return {handle.get_hatch(), to_hex(frame)} <= faces
        return face in faces and (to_rgba(frame)[3] == 0 or to_hex(frame) in faces)
    return True


@pytest.fixture(scope="session")
def english():
    return english_in


@pytest.fixture
def legible(read):
    return partial(check_legible, read=read)
