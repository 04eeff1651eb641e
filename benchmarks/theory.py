"""Time of the symbolic side: import, diagrams of depth 2 to 8 (standard and dense slices) and of graphs, grids, finite width.

Run with ``python benchmarks/theory.py``. Each line is the best of three fresh computations.
"""

import random
import subprocess
import sys
import time

import numpy as np
import sympy as sp

import phasetheory as pt

X, Y = sp.symbols("x y", real=True)


def best(action, repeats=3):
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return min(times)


def boundaries(diagram):
    return [diagram.boundary(layer) for layer in diagram.layers]


def dense_slice(depth):
    """Every exponent a different affine function of both coordinates: nothing merges."""
    rng = random.Random(depth)
    powers = [sum(sp.Rational(rng.randint(-4, 4), 4) * s for s in (X, Y, 1)) for _ in range(depth)]
    net = pt.Network(tuple(pt.m**p for p in powers), alpha=pt.m ** (X - Y))
    return pt.phase_diagram(network=net, coordinates=(X, Y))


def grid(depth):
    diagram, side = pt.phase_diagram(depth), np.linspace(-2, 2, 200)
    return diagram.evaluate(depth / 2 + side[None, :], side[:, None])


def recurrent(steps):
    return pt.graph_diagram(pt.recurrent(pt.m**-X, pt.m**-Y, pt.m**-X, steps=steps), (X, Y))


def residual(blocks):
    return pt.graph_diagram(pt.residual(pt.m**-X, pt.m**-Y, pt.m**-X, blocks=blocks), (X, Y))


def map_of(diagram):
    side = np.linspace(-2, 2, 200)
    return diagram.evaluate(side[None, :], side[:, None])


def prediction(n=200):
    rng = np.random.default_rng(0)
    x, y = np.hstack([rng.standard_normal((n, 9)), np.ones((n, 1))]), rng.standard_normal(n)
    return pt.finite_width(pt.initialization("he"), x, y).slope(1e3, 1e4)


def main():
    fresh = best(lambda: subprocess.run([sys.executable, "-c", "import phasetheory"], check=True))
    print(f"import phasetheory, new process          {fresh:8.3f} s")
    for depth in range(2, 9):
        standard = best(lambda depth=depth: boundaries(pt.phase_diagram(depth)))
        regions = best(lambda depth=depth: pt.phase_diagram(depth).regions())
        dense = best(lambda depth=depth: boundaries(dense_slice(depth)), 1)
        print(f"depth {depth}: boundaries {standard:6.3f} s, with regions {regions:6.3f} s, dense slice {dense:7.3f} s")
    print(f"200 x 200 grid of all slopes, depth 8    {best(lambda: grid(8)):8.3f} s")
    for name, plane in (("recurrent, 5 steps", lambda: recurrent(5)), ("residual, 6 blocks", lambda: residual(6))):
        own, mapped = best(lambda plane=plane: boundaries(plane())), best(lambda plane=plane: map_of(plane()))
        print(f"{name}: boundaries {own:6.3f} s, with a 200 x 200 map {mapped:6.3f} s")
    print(f"whole derivation, depth 2                {best(lambda: pt.derive().checks, 1):8.3f} s")
    print(f"finite-width slope, 200 samples          {best(prediction):8.3f} s")


if __name__ == "__main__":
    main()
