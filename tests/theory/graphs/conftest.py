"""What the tests of graphs share: a graph of series and parallels with its paths listed one by one, by enumeration."""

from itertools import product

import pytest
import sympy as sp

import phasetheory as pt


def routes(part, place=()):
    """All ways through a part: lists of layers, factors, and biases with the place where they are added."""
    if isinstance(part, str):
        return [[part]]
    if isinstance(part, pt.Bias):
        return [[(part, place)]]
    if isinstance(part, pt.Parallel):
        return [route for i, own in enumerate(part.parts) for route in routes(own, (*place, i))]
    chosen = product(*(routes(own, (*place, i)) for i, own in enumerate(part.parts)))
    return [[part.multiplier, *(step for own in steps for step in own)] for steps in chosen]


def term(steps):
    """Uses and multiplier along a way, which passes by biases."""
    uses, multiplier = {}, sp.S.One
    for step in steps:
        if isinstance(step, str):
            uses[step] = uses.get(step, 0) + 1
        elif not isinstance(step, tuple):
            multiplier *= step
    return uses, multiplier


def each_once(ways):
    """Ways with different uses or multipliers, by both."""
    found = {}
    for way in ways:
        uses, multiplier = term(way)
        found.setdefault((tuple(sorted(uses.items())), multiplier), way)
    return found


def listed(graph):
    """The same graph by the definition: a path is bounded by what the input brings to any kink on it."""
    ways = routes(graph.paths)
    found = {key: pt.Path(*term(way)) for key, way in each_once(ways).items()}
    heads = {}
    for way in ways:
        for end, step in enumerate(way):
            if isinstance(step, tuple):
                heads.setdefault(step, []).append(way[:end])
    heads = {node: each_once(before).values() for node, before in heads.items()}
    started = {}
    for way in ways:
        for start, step in enumerate(way):
            if not isinstance(step, tuple):
                continue
            bias, _ = step
            uses, c = term(way[start:])
            path = pt.Path({bias.layer: 1, **uses}, c)
            bounds = [
                [*head, *way[end:]]
                for end, node in enumerate(way)
                if end >= start and isinstance(node, tuple) and node[0].relu
                for head in heads[node]
            ]
            key = (bias.layer, tuple(sorted(path.uses.items())), c)
            started.setdefault(key, (path, []))[1].extend(each_once(bounds).values())
    for key, (path, bounds) in started.items():
        several = [pt.Path(*term(bound)) for bound in each_once(bounds).values()]
        cap = pt.Cap(tuple(several), ("input",)) if several else None
        targets = None if several else ("constant",)
        found[key] = pt.Path(path.uses, path.multiplier, targets, (cap,) if cap else ())
    return pt.Graph(graph.layers, tuple(found.values()), graph.alpha, graph.targets)


@pytest.fixture(name="listed")
def fixture_listed():
    return listed
