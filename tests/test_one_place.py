"""Ideas that had drifted apart in several copies stand in one place each; a second copy fails here."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = [path for package in ("phasetheory", "numerics") for path in sorted((ROOT / package).rglob("*.py"))]


@pytest.mark.parametrize(
    ("idea", "place"),
    [
        (r"Regime\.LINEAR if|Regime\.CONDENSED if", "phasetheory/scaling/regimes.py"),  # sign -> regime
        (r"\.savefig\(", "numerics/figures/style.py"),  # saving a figure
        (r"\.errorbar\(", "numerics/figures/style.py"),  # measured points with their range
        (r"chebyshev_estimate\(out", "numerics/flow/rkc.py"),  # the step of Runge-Kutta-Chebyshev
        (r"slopes\.fit\(widths", "numerics/experiments/judgement.py"),  # the slope that is judged
        (
            r"(?<!nm\.)TwoLayer\.draw\(",
            "numerics/networks/sampling.py",
        ),  # two layers or more; nm. is in lines for the user
    ],
)
def test_one_place(idea, place):
    assert [str(path.relative_to(ROOT)) for path in SOURCES if re.search(idea, path.read_text())] == [place]
