"""Where one network lies, as data for JSON, and beside networks that were trained."""

from typing import Any

import numpy as np

from numerics.experiments.location import LayerLocation, Location
from numerics.reports.plain_data import without_nan
from numerics.reports.tables import ResultTable

__all__ = ["location_dict", "trained_table"]


def trained_table(found: Location, trained: dict[str, np.ndarray], seed: int) -> ResultTable:
    """What networks of its width did beside what was predicted for them, ``seed`` and the next."""
    last = seed + len(next(iter(trained.values()))) - 1
    table = ResultTable(
        f"RD predicted and measured, width {found.width}, seeds {seed} to {last}",
        "predicted: of the infinitely wide network, and in which 95 % of networks lie",
        ("layer", "predicted", "95 %", "measured", "mean"),
        keys=1,
        sentences=("measured",),
    )
    for layer in found.layers:
        low, high = layer.interval
        table.add_row(
            layer.layer,
            f"{layer.relative_distance:.3g}",
            f"{low:.3g} to {high:.3g}",
            ", ".join(f"{value:.3g}" for value in trained[layer.layer]),
            f"{float(np.exp(np.log(trained[layer.layer]).mean())):.3g}",
        )
    return table


def location_dict(found: Location, trained: dict[str, np.ndarray] | None) -> dict[str, Any]:
    """Everything predicted, and what was trained, in types that JSON knows."""
    return without_nan(
        {
            "width": found.width,
            "capacity": found.capacity,
            "kappa_prime": found.kappa_prime,
            "unit_width": found.unit_width,
            "loss_tol": found.loss_tol,
            "nodes": found.nodes,
            "layers": {layer.layer: _layer(layer) for layer in found.layers},
            "notes": list(found.notes),
            "trained": None if trained is None else {layer: values.tolist() for layer, values in trained.items()},
        }
    )


def _layer(layer: LayerLocation) -> dict[str, Any]:
    return {
        "position": layer.position,
        "regime": layer.regime.value if layer.regime else None,
        "relative_distance": layer.relative_distance,
        "interval": list(layer.interval),
        "spread": layer.spread.value,
        "spread_by": layer.spread.source,
        "quadrature_error": layer.quadrature_error,
        "tangent": layer.tangent,
        "tangent_error": layer.tangent_error,
        "elasticities": list(layer.elasticities),
        "critical_capacity": layer.critical_capacity,
        "log10_to_critical": layer.log10_to_critical,
        "slope_at_twice_the_width": layer.slope,
    }
