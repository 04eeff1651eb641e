"""Scans against the infinitely wide network at their own widths: near a boundary a point agrees, or does not, like any other."""

from pathlib import Path

import numpy as np
import pytest

import numerics as nm
from numerics.experiments.at_widths import AtWidths
from numerics.experiments.judgement import Verdict
from numerics.experiments.maps import compare_map
from numerics.scans import CellStatus

SHIPPED = Path(__file__).parents[2] / "notebooks/data/plane.zarr"


@pytest.fixture
def scan():
    """Two rows of the scan that comes with the notebooks: two seeds, widths 1000 to 8000."""
    return nm.open_scan(SHIPPED).sel(gamma_prime=[-0.3, 0.2]).load()


@pytest.mark.slow
@pytest.mark.parametrize("layer", ["w", "theta"])
def test_trained_networks_agree_where_they_are_far_from_the_limit(scan, layer):
    found = compare_map(scan, layer)
    assert found.here.count(Verdict.DISAGREES) == 0
    assert found.here.count(Verdict.AGREES) >= 15  # the others: two seeds, an interval wider than 0.2
    assert "points agree with the infinitely wide network at these widths (" in found.verdict()
    assert "nearer to it and not judged" not in found.verdict()
    off = np.abs(found.slopes["slope"] - found.here.expected)
    assert float(off.mean()) < 0.025
    assert float(np.abs(found.slopes["difference"]).mean()) > 2 * float(off.mean())
    assert np.all(np.abs(found.boundary["crossing"] - found.here.zero) < 0.03)
    assert float(found.here.zero.sel(gamma_prime=-0.3)) == pytest.approx(0.909, abs=0.003)  # the limit is 1


def test_a_point_on_the_boundary_can_disagree(scan):
    scan["relative_distance"].loc[{"gamma": 1.0, "gamma_prime": -0.3, "width": 8000}] *= 1.3
    scan["status"].loc[{"gamma": 1.1, "gamma_prime": -0.3, "width": 8000, "seed": 0}] = CellStatus.STOPPED_SHORT
    found = compare_map(scan, "w")
    assert found.here.verdicts.sel(gamma=1.0, gamma_prime=-0.3) == "disagrees"
    assert found.here.verdicts.sel(gamma=1.1, gamma_prime=-0.3) == "undecided"
    assert "1 disagree;" in found.verdict()


@pytest.mark.parametrize(
    ("attributes", "why"),
    [
        ({"data": "gone.csv"}, "the data gone.csv are not there to be read again"),
        ({"data": "curve:4"}, "the data curve:4 are not those of the scan any more"),
        ({"activation": "tanh"}, "two layers of degree 1"),
        ({"optimizer": "sign-descent"}, "two layers of degree 1 under gradient flow"),
        ({"activation": "leaky_relu"}, "does not say the slope of its leaky relu"),
        ({"input_dimension": 785}, "with 785 inputs it takes a second at each point and width"),
    ],
)
def test_why_nothing_is_expected(scan, attributes, why):
    found = compare_map(scan.assign_attrs(attributes), "w")
    assert found.here is None
    assert why in found.why_not_here
    assert "nearer to it and not judged" in found.verdict()


def test_the_zero_between_two_columns():
    here = AtWidths(nm.Plan().diagram, (1000, 40_000), *nm.datasets.four_points())
    where = here.boundary("w", -0.2, (0.8, 1.0))
    closer = here.boundary("w", -0.2, (0.89, 0.91))
    assert where == pytest.approx(closer, abs=1e-3)
    assert np.isnan(here.boundary("w", -0.2, (1.2, 1.4)))
    assert here.boundary("w", 0, (0.9, 1.0, 1.1)) == pytest.approx(1, abs=1e-9)  # P = kappa' = 1 at every width
