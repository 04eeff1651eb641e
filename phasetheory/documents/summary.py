"""One network on a page: its scales, exponents, regimes and what they mean for the learning rate."""

import sympy as sp

from phasetheory.diagrams.lines import slopes_on_slice
from phasetheory.dynamics.activations import Activation, relu
from phasetheory.networks.initializations import describe_initialization
from phasetheory.networks.network import Network
from phasetheory.scaling.capacity import capacity_boundary
from phasetheory.symbols.printing import plain

__all__ = ["describe", "layout", "summary_rows"]

_BOOK_NAMES = {2: ("β₂", "β₁"), 3: ("β₁", "β₂", "β₃")}


def describe(name: str, depth: int = 2, activation: Activation = relu) -> str:
    """A named initialisation as text: scales, exponents, regime, learning rate, source and biases.

    Examples
    --------
    >>> print(describe("ntk"))
    NTK, depth 2: standard normal weights, 1/sqrt(m) after every hidden layer
      source         Jacot, Gabriel, Hongler 2018, arXiv 1806.07572
      scales         σ_w = β₂ = 1, σ_a = β₁ = 1; α = √m; η = 1, 1
      exponents      σ: 0, 0; α: 1/2; η: 0, 0
      coordinates    γ = 1/2, γ' = 0
      w              linear [proved], S = -1/2 [derived]
      a              linear [derived], S = -1/2 [derived]
      learning rate  largest learning rate ~ 1: when the width doubles, keep it; fitting takes a number of steps that does \
not depend on the width
      bias           none beyond the constant input.
    """
    entry = describe_initialization(name)
    rows = [
        ("source", entry.scheme.source),
        *summary_rows(entry.network(depth, activation)),
        ("bias", entry.scheme.bias),
    ]
    return layout(f"{entry.title}, depth {depth}: {entry.scheme.law}", rows)


def layout(heading: str, rows: list[tuple[str, str]]) -> str:
    """A heading and its rows as text."""
    return "\n".join([heading, *(f"  {name:<13}  {value}" for name, value in rows)])


def summary_rows(net: Network) -> list[tuple[str, str]]:
    """Scales, exponents, coordinates, regime of every layer and learning rate, as (name, text)."""
    greek = _BOOK_NAMES.get(net.depth, ("",) * net.depth)
    names = (f"σ_{layer}{f' = {beta}' if beta else ''}" for layer, beta in zip(net.layers, greek, strict=True))
    scales = ", ".join(f"{name} = {plain(s)}" for name, s in zip(names, net.sigmas, strict=True))
    powers = net.exponents
    rows = [
        ("scales", f"{scales}; α = {plain(net.alpha)}; η = {_listed(net.learning_rates)}"),
        ("exponents", f"σ: {_listed(powers.sigmas)}; α: {plain(powers.alpha)}; η: {_listed(powers.learning_rates)}"),
        ("coordinates", f"γ = {plain(net.gamma)}, γ' = {plain(net.gamma_prime)}"),
    ]
    if net.activation.degree != 1:
        boundary = capacity_boundary(net.depth, net.activation)
        return [*rows, ("capacity", f"P ~ m^({plain(net.capacity)}), of order one at γ = {plain(boundary)}")]
    if net.gamma.free_symbols | net.gamma_prime.free_symbols:  # a line: slopes as functions of its parameter
        return [*rows, *((layer, f"S = {plain(slope)}") for layer, slope in slopes_on_slice(net).items())]
    return [*rows, *_regime_rows(net), ("learning rate", net.learning_rate_scaling().meaning)]


def _regime_rows(net: Network) -> list[tuple[str, str]]:
    basis, slopes, regimes = net.basis(), net.slopes(), net.regime()
    rows = [
        (layer, f"{regimes[layer].value} [{basis[layer].value}], S = {slopes[layer]} [derived]") for layer in net.layers
    ]
    if net.depth > 2:  # only then do the two norms differ, in the layers between two wide ones
        spectral, labels = net.slopes("spectral"), net.regime("spectral")
        rows = [(k, f"{text}; in spectral norm {labels[k].value}, S = {spectral[k]}") for k, text in rows]
    return rows


def _listed(values: tuple[sp.Expr, ...]) -> str:
    return ", ".join(map(plain, values))
