"""The derivation for a network of any architecture, or for a plane of them: what is proved of its paths, and what is argued."""

from dataclasses import dataclass
from functools import cached_property

import sympy as sp

from phasetheory.diagrams.graphs import GraphDiagram
from phasetheory.documents.document import Equation, Section, equals
from phasetheory.documents.statements import said_of_outputs
from phasetheory.dynamics.conserved import ConservedQuantity
from phasetheory.networks.architectures.families import is_title
from phasetheory.networks.graph import Graph
from phasetheory.networks.layers import Series
from phasetheory.scaling.lexicographic import finite_or_infinite
from phasetheory.scaling.paths import CONSTANT, INPUT
from phasetheory.scaling.regimes import Basis, Regime
from phasetheory.symbols.formulas import formula_tex
from phasetheory.symbols.printing import plain, power
from phasetheory.symbols.prose import literal, text

__all__ = ["GraphDerivation", "graph_sections", "graph_title"]

#: Of networks with biases.
_KINDS = (
    "Constants, and what varies with the input, are learned with a residual each. A path from a bias serves constants; the rest "
    "only as far as the input moves a kink on it."
)
_MOST = 12  # paths that are written out


@dataclass(frozen=True)
class GraphDerivation:
    """Paths, identities, conserved quantities and scaling of a graph.

    Attributes
    ----------
    graph : Graph
    plane : GraphDiagram or None
        The plane that the graph stands for, where it does: its scales have two free symbols.
    """

    graph: Graph
    plane: GraphDiagram | None = None

    @cached_property
    def uses(self) -> tuple[dict[str, int], ...]:
        """Degree of f in the layers along every path, or along paths of which all others are combinations."""
        layers = self.graph.layers
        paths = self.graph.paths
        listed = paths.spanning() if isinstance(paths, Series) else [dict(path.uses) for path in paths]
        return tuple({layer: k * layers[layer].degree for layer, k in path.items()} for path in listed)

    @cached_property
    def conserved(self) -> tuple[ConservedQuantity, ...]:
        """A basis of what gradient flow conserves, each proved."""
        return self.graph.conserved()

    @cached_property
    def use_matrix(self) -> sp.ImmutableDenseMatrix:
        """k: a row for every path, a column for every layer."""
        return sp.ImmutableDenseMatrix([[path.get(layer, 0) for layer in self.graph.layers] for path in self.uses])

    def euler_residuals(self) -> tuple[sp.Expr, ...]:
        """Of <W_l, df_p/dW_l> = k f_p for every use: f_p with W_l scaled by r, differentiated in r at 1, less k f_p."""
        r, part = sp.Symbol("r", positive=True), sp.Symbol("f")
        return tuple(
            sp.diff(part * r**k, r).subs(r, 1) - k * part
            for k in sorted({k for path in self.uses for k in path.values()})
        )

    @cached_property
    def complete(self) -> bool:
        """Whether there are as many laws as the null space of the use matrix has dimensions, all with rate 0."""
        missing = len(self.graph.layers) - self.use_matrix.rank() - len(self.conserved)
        return missing == 0 and all(law.proved for law in self.conserved)


def graph_title(derivation: GraphDerivation) -> str:
    """The title of the document."""
    name = derivation.graph.name
    return f"What trains, and how far, derived: {name if is_title(name) else literal(name or derivation.graph.architecture.kind)}"


def graph_sections(derivation: GraphDerivation) -> list[Section]:
    """The document, section by section."""
    found = [_paths(derivation), _euler(derivation), _conserved(derivation), _flow(derivation.graph)]
    if derivation.plane is not None:
        return [*found, _boundaries(derivation.plane)]
    return [*found, _strengths(derivation.graph), _events(derivation.graph), _slopes(derivation.graph)]


def _paths(derivation: GraphDerivation) -> Section:
    graph, uses = derivation.graph, derivation.uses
    scales = [equals(f"σ_{name}", layer.sigma) for name, layer in graph.layers.items()]
    body: list[str | Equation] = [
        "On a fixed pattern of open and closed relus the output is a sum over paths; path $p$ uses layer $l$ $k_(p l)$ times:",
        Equation("f = Σ_p f_p", r"f = \sum_p f_p"),
    ]
    if isinstance(graph.paths, Series):
        body.append("All paths are combinations of these:")
    body += [_path(number, path) for number, path in enumerate(uses[:_MOST], start=1)]
    if len(uses) > _MOST:
        body.append(f"These are the first {_MOST} of {len(uses)} paths.")
    return Section("Paths", Basis.DEFINED, (*body, "Scales:", *scales, equals("α", graph.alpha)))


def _path(number: int, uses: dict[str, int]) -> Equation:
    factors = [layer if k == 1 else f"{layer}^{k}" for layer, k in uses.items() if k]
    tex = " ".join(formula_tex(layer) + (f"^{{{k}}}" if k > 1 else "") for layer, k in uses.items() if k)
    return Equation(f"f_{number} ∝ {' '.join(factors)}", rf"f_{{{number}}} \propto {tex}")


def _euler(derivation: GraphDerivation) -> Section:
    holds = "ok" if all(residual == 0 for residual in derivation.euler_residuals()) else "FAILED"
    body: list[str | Equation] = [
        "$f_p$ is of degree $k_(p l)$ in layer $l$, so by Euler's identity, path by path,",
        Equation(
            "<W_l, df/dW_l> = Σ_p k_(p l) f_p",
            r"\langle W_l, \partial f/\partial W_l\rangle = \sum_p k_{p l} f_p",
        ),
        Equation(
            "d|W_l|²/dt = -(2/n) Σ_i e_i Σ_p k_(p l) f_p(x_i)",
            r"\frac{d|W_l|^2}{dt} = -\frac{2}{n}\sum_i e_i \sum_p k_{p l} f_p(x_i)",
        ),
        f"[{holds}] residuals of the identity, for every degree that occurs, simplified to zero by SymPy",
    ]
    if len(derivation.uses) <= _MOST:
        body.append("Layer by layer, for one sample:")
        body += [_rate(derivation, layer) for layer in derivation.graph.layers]
    return Section("Euler's identity, path by path", Basis.PROVED, tuple(body))


def _rate(derivation: GraphDerivation, layer: str) -> Equation:
    terms = [(path.get(layer, 0), number) for number, path in enumerate(derivation.uses, start=1)]
    used = [(k, number) for k, number in terms if k]
    total = " + ".join(f"{k} f_{number}" if k > 1 else f"f_{number}" for k, number in used)
    tex = " + ".join(f"{k} f_{{{number}}}" if k > 1 else f"f_{{{number}}}" for k, number in used)
    return Equation(
        f"d|{layer}|²/dt = {f'-2 e ({total})' if used else 0}",
        rf"\frac{{d|{formula_tex(layer)}|^2}}{{dt}} = {f'-2 e ({tex})' if used else 0}",
    )


def _conserved(derivation: GraphDerivation) -> Section:
    matrix = derivation.use_matrix
    body: list[str | Equation] = [
        "$Σ_l q_l |W_l|²$ is conserved on all data where $Σ_l q_l k_(p l) = 0$ for every path: the null space of the use matrix "
        "$k$. With learning rates $|W_l|²/η_l$ stands for $|W_l|²$.",
    ]
    if matrix.rows <= _MOST:
        body.append(Equation(f"k = {matrix.tolist()}", f"k = {sp.latex(matrix)}"))
    if derivation.conserved:
        body += [
            Equation(
                f"{law} = c_{number}",
                f"{_squares(law)} = c_{{{number}}}",
            )
            for number, law in enumerate(derivation.conserved, start=1)
        ]
    else:
        body.append("Nothing of this form is conserved.")
    kept = {layer for law in derivation.conserved for layer in law.coefficients}
    if free := [layer for layer in derivation.graph.layers if layer not in kept]:
        names = ", ".join(f"${layer}$" for layer in free)
        body.append(f"In no conserved quantity, and changed at the rate above: {names}.")
    holds = "ok" if derivation.complete else "FAILED"
    body.append(f"[{holds}] rate of each zero, and their number that of the null space")
    return Section("What is conserved", Basis.PROVED, tuple(body))


def _squares(law: ConservedQuantity) -> str:
    terms = [
        f"{'-' if q < 0 else '+'} {abs(q) if abs(q) != 1 else ''}|{formula_tex(layer)}|^2"
        for layer, q in law.coefficients.items()
    ]
    return " ".join(terms).removeprefix("+ ")


def _flow(graph: Graph) -> Section:
    kinds = [_KINDS] if {INPUT, CONSTANT} <= set(graph.targets) else []
    kinds += [f"{said}."] if (said := said_of_outputs(graph)) else []
    return Section(
        "The scaling argument",
        Basis.DERIVED,
        (
            "In exponents of $m$: $s_l$ of the strength, $F_l$ of the norm, $x_l$ of the size along the signal, and $M_l$ the "
            "largest value of a path through layer $l$. With $θ$ the exponent of the time left, until the output has changed by "
            "$α$,",
            Equation("Δ_l = sup (θ + M_l)", r"\Delta_l = \sup\,(\theta + M_l)"),
            Equation("x_l = max(s_l, Δ_l/2)", r"x_l = \max(s_l, \Delta_l/2)"),
            Equation("δ_l = min(Δ_l/2, Δ_l - s_l)", r"\delta_l = \min(\Delta_l/2, \Delta_l - s_l)"),
            Equation("S_l = δ_l - F_l", r"S_l = \delta_l - F_l"),
            *kinds,
            "A layer is linear for $S_l < 0$, critical for $S_l = 0$ and condensed for $S_l > 0$. Nothing on slopes is proved.",
        ),
    )


def _strengths(graph: Graph) -> Section:
    values = [equals(f"s_{layer}", strength) for layer, strength in graph.exponents.start.items()]
    return Section(
        "Strengths and capacity",
        Basis.DERIVED,
        (*values, "The largest output that is reached near the start:", Equation(f"P ~ {power(graph.capacity)}")),
    )


def _events(graph: Graph) -> Section:
    body: list[str | Equation] = ["Which layers grow, and from which $θ$ on:"]
    for event in graph.flow.events:
        names = ", ".join(f"${layer}$" for layer in event.growing)
        time = f"$θ = {plain(finite_or_infinite(event.time))}$"
        body.append(f"{time}: {names} grow." if names else f"{time}: the features stay as they are.")
    body.append(f"The target is reached at the largest $θ = {plain(finite_or_infinite(graph.flow.time))}$.")
    return Section("Growth, from event to event", Basis.DERIVED, tuple(body))


def _slopes(graph: Graph) -> Section:
    body: list[str | Equation] = []
    for norm, words in (("frobenius", "In Frobenius norm:"), ("spectral", "In spectral norm:")):
        regimes = graph.regime(norm)
        body += [words, *(_slope(layer, slope, regimes[layer]) for layer, slope in graph.slopes(norm).items())]
    body.append(f"Practice: {graph.learning_rate_scaling().prose}.")
    return Section("How far every layer moves", Basis.DERIVED, tuple(body))


def _slope(layer: str, slope: sp.Expr, regime: Regime) -> Equation:
    basis = Basis.DERIVED.value
    return Equation(
        f"S_{layer} = {plain(slope)}; {regime.value} [{basis}]",
        rf"{formula_tex(f'S_{layer}')} = {sp.latex(slope)} \quad \text{{{regime.value} ({basis})}}",
    )


def _boundaries(plane: GraphDiagram) -> Section:
    body: list[str | Equation] = [
        "The algorithm, run by region. In Frobenius norm each layer is critical on these lines:"
    ]
    edges = {layer: plane.with_norm("frobenius").boundary(layer).prose for layer in plane.layers}
    body += [Equation(f"{layer}: {text(edge)}") for layer, edge in edges.items() if edge]
    if never := [f"${layer}$" for layer, edge in edges.items() if not edge]:
        body.append(f"Nowhere on this plane: {', '.join(never)}.")
    return Section("Boundaries on the plane", Basis.DERIVED, tuple(body))
