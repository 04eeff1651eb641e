"""A diagram as plain data: exact, complete and readable as JSON."""

import json
from fractions import Fraction

import phasetheory as pt


def test_json_carries_boundaries_regions_and_points_exactly():
    diagram = pt.phase_diagram(3)
    data = json.loads(diagram.to_json(layers=("W1", "W2")))
    assert data == diagram.to_dict(layers=("W1", "W2"))
    assert data["coordinates"] == ["gamma_3", "gamma_2"]
    assert {region["label"] for region in data["regions"]} == {
        f"W1 {a}, W2 {b}" for a in ("linear", "condensed") for b in ("linear", "condensed")
    }
    first, second = data["boundaries"]["W2"]["segments"]
    assert first["equation"] == "gamma_3 = 3 - gamma_2"
    assert first["start"]["at_infinity"]
    assert first["end"] == second["start"] == {"exact": ["5/2", "1/2"], "float": [2.5, 0.5], "at_infinity": False}
    places = {point["name"]: point["float"] for point in data["named_points"]}
    assert places["ntk"] == [1, 0]
    assert places["he"] == places["lecun"] == [1, 0.5]
    assert places["xavier"] == places["mup"] == [1.5, 0]
    assert places["centred_lazy"] is None
    assert "mean_field" not in places


def test_every_vertex_in_the_data_is_exact_and_its_float():
    for region in pt.phase_diagram(4).to_dict()["regions"]:
        for vertex in (v for polygon in region["polygons"] for v in polygon):
            assert [float(Fraction(c)) for c in vertex["exact"]] == vertex["float"]
