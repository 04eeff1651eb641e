"""Adam against the derived law of sign descent: slopes of every layer, trained with nm.descend.

    python benchmarks/adam.py two-layers
    python benchmarks/adam.py three-layers boundary muP
    python benchmarks/adam.py rest

Slopes of log RD against log m with 95 % intervals over seeds (0, 1, ...), four points of data. Behind a slope stands how many
runs ended above the loss asked for, and at which median loss. Those that came to rest count with their largest RD.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import sympy as sp
import xarray

import numerics as nm
import phasetheory as pt
from numerics.flow.descent.rate import derived_rate
from numerics.flow.descent.rule import rule_of
from numerics.flow.descent.state import state_of

_OFF = 0.07  # loss below that of the best linear function, 0.0769
_BOTH = ("gradient-flow", "adam")


_x, _y = sp.symbols("x y", real=True)
_DEEP = (64, 128, 256, 512)


@dataclass(frozen=True)
class Table:
    """Points of a plane, the widths they are measured at, and with what."""

    plane: pt.PhaseDiagram
    points: tuple[tuple[str, str], ...]
    widths: tuple[int, ...]
    optimizers: tuple[str, ...] = ("adam",)
    norm: str = "frobenius"
    loss: float = 1e-5

    def plan(self, optimizer: str, seeds: int) -> nm.Plan:
        """What to train."""
        diagram = replace(self.plane, optimizer=optimizer)
        return nm.Plan(diagram=diagram, points=self.points, widths=self.widths, seeds=seeds, loss_tol=self.loss)


def _plane(sigmas: tuple[object, ...], alpha: object) -> pt.PhaseDiagram:
    return pt.phase_diagram(network=pt.Network(sigmas, alpha), coordinates=(_x, _y))


_OFF = 0.07  # loss below that of the best linear function, 0.0769
_BOTH = ("gradient-flow", "adam")
TABLES = {
    "two-layers": Table(
        pt.phase_diagram(2),
        (
            *(("1/2", "1/2"), ("1/2", "0"), ("1/2", "-1/2"), ("1", "0")),
            *(("7/4", "0"), ("3/2", "1/4"), ("3/2", "-1/4"), ("3/2", "1")),
        ),
        (4096, 16384),
    ),
    # sigma_2 = m^-x, sigma_3 = m^-y: He, and He with a smaller readout
    "three-layers": Table(_plane((1, pt.m**-_x, pt.m**-_y), 1), (("1/2", "1/2"), ("1/2", "1")), _DEEP, loss=1e-4),
    # (gamma_3, gamma_2): W1 is critical at (3/2, 0) under the flow, at (2, 0) under Adam
    "boundary": Table(
        pt.phase_diagram(3), (("13/8", "0"), ("7/4", "0"), ("15/8", "0"), ("9/4", "0")), _DEEP, _BOTH, loss=1e-4
    ),
    # sigma_2 = m^x, alpha = m^y: the critical points of Adam and of the flow
    "muP": Table(_plane((1, pt.m**_x, 1), pt.m**_y), (("1/2", "2"), ("0", "3/2")), _DEEP, _BOTH, "spectral", 1e-4),
}


def rows(table: Table, optimizer: str, seeds: int, store: str | None) -> Iterator[str]:
    """Point, layer, predicted and measured slope, remarks."""
    plan = table.plan(optimizer, seeds)
    runs = nm.scan(plan, store, executor=nm.Serial(), extend=store is not None)
    for x, y in plan.points:
        here = runs.sel({name: float(value) for name, value in zip(plan.names, (x, y), strict=True)})
        derived = plan.diagram.network_at((x, y)).slopes(table.norm, optimizer=optimizer)
        for layer, slope in derived.items():
            measured, remarks = _measured(here, layer, table.norm), _remarks(here, plan.loss_tol)
            yield f"({x}, {y})  {layer:3s} derived {slope!s:>5s}  {measured}  {remarks}"


def _measured(here: xarray.Dataset, layer: str, norm: str) -> str:
    distances = here.relative_distance.sel(layer=layer, norm=norm).transpose("width", "seed")
    found = nm.slopes.fit(here.width.values, distances.values)
    return f"{found}  local {' '.join(f'{s:+.3f}' for s in found.local_slopes)}"


def _remarks(here: xarray.Dataset, loss_tol: float) -> str:
    losses = here.loss.values
    rest = losses[losses > 1.1 * loss_tol]  # the flow ends within its accuracy
    return f"{rest.size} of {losses.size} ended above, median {np.median(rest):.4f}" if rest.size else ""


def escapes(width: int, optimizer: str, slower: int, seeds: int) -> int:
    """How many networks are off the plateau after 20 u, at the derived rate u/200 over ``slower``."""
    X, y = nm.datasets.four_points()
    starts = [nm.TwoLayer.sample(width, 1.75, 0, X, rng=seed) for seed in range(seeds)]
    rule = rule_of(optimizer)
    losses = [
        nm.descend(
            *(start, X, y),
            optimizer=rule,
            rate=derived_rate(state_of(start, X, y, rule), rule, start.kappa, 0.0) / slower,
            loss_tol=_OFF,
            max_steps=20 * 200 * slower,
            throw=False,
        ).loss
        for start in starts
    ]
    return int(np.count_nonzero(np.array(losses) <= _OFF))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tables", nargs="+", choices=(*TABLES, "rest"))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--store", help="folder of the runs: the same command goes on where it was")
    options = parser.parse_args()
    for name in options.tables:
        if name == "rest":
            for optimizer, slower, width in product(("sign", "adam"), (1, 5), (256, 1024, 4096)):
                off = escapes(width, optimizer, slower, 20)
                print(
                    f"{optimizer:4s} rate u/{200 * slower:<4d} width {width:4d}: {off:2d} of 20 off the plateau",
                    flush=True,
                )
            continue
        table = TABLES[name]
        for optimizer in table.optimizers:
            store = f"{options.store}/{name}-{optimizer}.zarr" if options.store else None
            print(f"{name}, {optimizer}, {table.norm} norm, widths {table.widths}, seeds 0 to {options.seeds - 1}")
            for row in rows(table, optimizer, options.seeds, store):
                print("  " + row, flush=True)


if __name__ == "__main__":
    main()
