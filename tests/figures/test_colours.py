"""Colours that stand for different things are different to people who see two primary colours."""

import itertools

import numpy as np
import pytest
from matplotlib.colors import to_rgb

import phasetheory as pt
from numerics.figures.style import COLOURS, DISAGREES, FINAL, INITIAL, KERNEL, REGIME_COLOURS
from phasetheory.diagrams.plotting import region_colours

# Machado, Oliveira, Fernandes, IEEE Trans. Vis. Comput. Graph. 15 (2009): linear RGB as seen without one kind of cone
SIGHT = {
    "all cones": np.eye(3),
    "no red": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "no green": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "no blue": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def seen(colour, sight):
    """CIE L*a*b*."""
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    xyz = TO_XYZ @ np.clip(sight @ linear, 0, 1) / TO_XYZ.sum(axis=1)
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize(
    ("colours", "apart"),
    [
        (COLOURS, 15),
        (list(REGIME_COLOURS.values()), 50),
        (list(region_colours(pt.phase_diagram(3), ("W1", "W2"), (0.0, 4.0, -1.5, 2.0)).values()), 12),
        ([INITIAL, FINAL, KERNEL, "black"], 15),
        (["black", DISAGREES], 30),
    ],
)
def test_colours_are_apart(colours, apart, sight):
    """Side by side a difference of 2.3 is just noticed."""
    shades = [seen(colour, SIGHT[sight]) for colour in colours]
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(shades, 2)) > apart
