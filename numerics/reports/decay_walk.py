"""Walks of weight decay, as data for JSON, and side by side at the capacities that they pass."""

from typing import Any

import numpy as np

from numerics.experiments.decay_walk import DecayWalk
from numerics.reports.plain_data import without_nan
from numerics.reports.tables import ResultTable

__all__ = ["walk_dict", "walk_lines", "walk_table"]

_EVERY = 4  # capacities, half a decade


def walk_table(found: DecayWalk) -> ResultTable:
    """Distance of w, losses and entropy at capacities on the way, and how far walks that pass there are apart."""
    starts = ", ".join(f"{walk.capacity:g}" for walk in found.walks)
    table = ResultTable(
        f"Weight decay from P = {starts}; {found.network}, mu = {found.mu:g}, κ' = {found.kappa_prime:g}",
        "P(t) = P exp(-2 mu tau); distance |V - V0|/|V0| of w, and\n"
        "F_w predicted for it; means of the walks that pass P(t);\n"
        "apart: by what part they differ, in distance or test loss",
        ("P(t)", "F_w", "distance", "test loss", "train loss", "entropy", "apart"),
        keys=1,
    )
    last = len(found.capacities) - 1
    for i in range(last % _EVERY, last + 1, _EVERY):
        P = found.capacities[i]
        here = [(walk, k) for walk in found.walks if (k := walk.passes(P)) is not None]
        if not here:
            continue  # every walk ended before
        distance = np.array([walk.relative_distance["w"][k] for walk, k in here])
        test = np.array([walk.test_loss[k] for walk, k in here])
        apart = max(float(np.ptp(values) / values.min()) for values in (distance, test))
        table.add_row(
            f"{P:.3g}",
            f"{found.predicted['w'][i]:.3g}",
            f"{distance.mean():.3g}",
            f"{test.mean():.1e}",
            f"{np.mean([walk.train_loss[k] for walk, k in here]):.1e}",
            f"{np.mean([walk.entropy[k] for walk, k in here]):.2f}",
            f"{apart:.1%}" if len(here) > 1 else "",
        )
    return table


def walk_lines(found: DecayWalk) -> list[str]:
    """When it turns rich, as predicted, and what ended other than asked."""
    lines = []
    if np.isfinite(found.rich_capacity):
        times = [
            f"{tau:.4g} from P = {walk.capacity:g}" for walk in found.walks if np.isfinite(tau := found.rich_time(walk))
        ]
        when = f": at tau = {', '.join(times)}" if times else ", above all starts"
        lines.append(f"predicted to turn rich, F_w = 1, at P(t) = {found.rich_capacity:.3g}{when}")
    else:
        lines.append("F_w does not cross 1 on this way: no time at which it turns rich")
    return lines + [f"from P = {walk.capacity:g}: {walk.ending}" for walk in found.walks if walk.ending]


def walk_dict(found: DecayWalk) -> dict[str, Any]:
    """Everything measured and predicted, in types that JSON knows."""
    return without_nan(
        {
            "network": found.network,
            "mu": found.mu,
            "kappa_prime": found.kappa_prime,
            "rich_capacity": found.rich_capacity,
            "capacities": found.capacities.tolist(),
            "predicted": {layer: values.tolist() for layer, values in found.predicted.items()},
            "walks": [
                {
                    "capacity": walk.capacity,
                    "rich_time": found.rich_time(walk),
                    "ending": walk.ending or None,
                    "tau": walk.tau.tolist(),
                    "capacities": walk.capacities.tolist(),
                    "train_loss": walk.train_loss.tolist(),
                    "test_loss": walk.test_loss.tolist(),
                    "entropy": walk.entropy.tolist(),
                    "relative_distance": {layer: rd.tolist() for layer, rd in walk.relative_distance.items()},
                }
                for walk in found.walks
            ],
        }
    )
