"""Scans of a slice at any depth: the derived diagram that belongs to a dataset, and the comparison of every layer with it."""

from typing import TYPE_CHECKING

import sympy as sp

import phasetheory as pt
from numerics.errors import InputError
from numerics.experiments.maps import MapComparison, compare_map, layers_of

if TYPE_CHECKING:
    import xarray

__all__ = ["compare_slice", "diagram_of", "is_slice"]


def is_slice(dataset: "xarray.Dataset") -> bool:
    """Whether a dataset is that of a :class:`numerics.SlicePlan`."""
    return "norm" in dataset.coords and "coordinates" in dataset.attrs


def diagram_of(dataset: "xarray.Dataset", norm: str = "frobenius") -> pt.PhaseDiagram:
    """The derived diagram of the slice that a dataset was measured on; its scales are kept with the data."""
    if not is_slice(dataset):
        raise InputError("the dataset is of no slice; give the store of 'phasetheory scan --depth 3' or of a SlicePlan")
    x, y = (sp.Symbol(name, real=True) for name in dataset.attrs["coordinates"].split(", "))
    scales = {
        name: [pt.parse_scale(text, symbols=(x, y)) for text in dataset.attrs[name].split(", ")]
        for name in ("sigmas", "alpha", "learning_rates")
    }
    network = pt.Network(tuple(scales["sigmas"]), scales["alpha"][0], tuple(scales["learning_rates"]))
    return pt.phase_diagram(network=network, coordinates=(x, y), norm=norm)


def compare_slice(dataset: "xarray.Dataset", norm: str = "frobenius", *, resamples: int = 500) -> list[MapComparison]:
    """Every layer, input to output, in one norm."""
    diagram = diagram_of(dataset, norm)
    return [compare_map(dataset, layer, diagram=diagram, resamples=resamples) for layer in layers_of(dataset)]
