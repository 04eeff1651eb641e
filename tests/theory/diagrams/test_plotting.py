"""Pictures of diagrams: legends, windows, regions, names."""

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pytest
import sympy as sp

import phasetheory as pt

X, Y = sp.symbols("x y", real=True)


@pytest.fixture
def closing():
    yield
    plt.close("all")


@pytest.mark.parametrize(("depth", "count"), [(2, 3 + 1 + 2), (3, 4 + 2 + 2), (4, 4 + 2 + 2)])
def test_pictures_have_the_legend_and_stay_inside_the_window(depth, count, closing):
    diagram = pt.phase_diagram(depth)
    ax = diagram.plot()
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert len(labels) == count
    assert any("critical" in label for label in labels)
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    for patch in ax.patches:
        xs, ys = patch.get_xy().T
        assert left <= xs.min() <= xs.max() <= right
        assert bottom <= ys.min() <= ys.max() <= top
    names = " ".join(text.get_text() for text in ax.texts).replace("\N{NO-BREAK SPACE}", " ").replace("\n", " ")
    for title in ("NTK", "LeCun", "He", "Xavier", "muP", "PyTorch Linear"):
        assert title in names
    assert ("Mean field" in names) == (depth == 2)


def test_patches_tile_the_window(closing):
    ax = pt.phase_diagram(3).plot()
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    areas = []
    for patch in ax.patches:
        x, y = patch.get_xy()[:-1].T
        areas.append(0.5 * abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))))
    assert sum(areas) == pytest.approx((right - left) * (top - bottom))


def test_a_diagram_without_regions_has_its_boundaries_and_names_only(closing):
    filled, bare = (pt.phase_diagram(3).plot(regions=regions) for regions in (True, False))
    assert not bare.patches
    assert len(bare.lines) == len(filled.lines)
    assert [text.get_text() for text in bare.texts] == [text.get_text() for text in filled.texts]
    assert [text.get_text() for text in bare.get_legend().get_texts()] == [
        "$W_{1}$ critical",
        "$W_{2}$ critical",
        "named initialisation",
        "named, with a free exponent",
    ]
    assert (bare.get_xlim(), bare.get_ylim()) == (filled.get_xlim(), filled.get_ylim())


def test_any_slice_of_any_depth_can_be_drawn(closing, tmp_path):
    net = pt.Network((1, 1, pt.m**-X, 1), alpha=pt.m**Y, learning_rates=(1, 1, pt.m**X, 1))
    _, ax = plt.subplots()
    assert pt.phase_diagram(network=net, coordinates=(X, Y)).plot(ax=ax, window=(-2, 2, 0, 4)) is ax
    assert ax.get_xlim() == (-2, 2)
    assert ax.get_xlabel() == r"$x$, with $\sigma_{3} = m^{- x}$, $\eta_{3} = m^{x}$"
    ax.figure.savefig(tmp_path / "slice.svg")
    assert (tmp_path / "slice.svg").stat().st_size > 1000


def test_two_layers_of_one_boundary_share_one_line(closing):
    ax = pt.phase_diagram(4).plot()
    assert "$W_{2}$, $W_{3}$ critical" in [text.get_text() for text in ax.get_legend().get_texts()]


def test_the_region_where_the_target_decides_is_hatched_and_named(closing):
    """For gradient flow of two layers, in the window only; Adam is named instead."""
    drawn, far = pt.phase_diagram(2).plot(), pt.phase_diagram(2).plot(window=(0, 0.9, -1, 1))
    (hatched,) = (patch for patch in drawn.patches if patch.get_hatch())
    assert {tuple(corner) for corner in hatched.get_xy()} == {(1.0, -1.0), (2.0, -1.0), (1.0, 0.0)}
    for ax, named in ((drawn, True), (far, False)):
        said = [text.get_text() for text in ax.get_legend().get_texts()]
        assert ("slopes depend on the target" in said) is named
        assert any(patch.get_hatch() for patch in ax.patches) is named
    adam = pt.phase_diagram(2, optimizer="adam").plot()
    assert not any(patch.get_hatch() for patch in adam.patches)
    assert adam.get_title() == "sign descent (Adam at a small rate)"
