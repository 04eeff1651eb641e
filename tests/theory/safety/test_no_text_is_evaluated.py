"""Text from a user is read by the one parser and never executed, wherever it enters."""

import ast
from pathlib import Path

import pytest
import sympy as sp

import phasetheory as pt
from phasetheory.scaling.argument import Exponents
from phasetheory.symbols.expressions import as_expression, as_scale
from phasetheory.symbols.rationals import as_fraction

PACKAGE = Path(pt.__file__).parent
FORBIDDEN = {"sympify", "eval", "exec", "parse_expr", "S", "parse_latex", "parse_mathematica", "__import__"}


def calls(tree: ast.AST):
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            yield name, node


def offences(source: str) -> list[str]:
    """Calls that could run text. SymPy's ``nsimplify`` and ``Rational`` are safe on what is no text, so they are looked at."""
    found = []
    for name, node in calls(ast.parse(source)):
        if name in FORBIDDEN:
            found.append(name)
        if name == "nsimplify" and not (isinstance(node.args[0], ast.Name) and node.args[0].id == "limit"):
            found.append(name)
    return found


def test_the_package_calls_nothing_that_runs_text():
    files = sorted(PACKAGE.rglob("*.py"))
    assert len(files) > 30
    assert {str(file): bad for file in files if (bad := offences(file.read_text()))} == {}


def test_the_rule_finds_offenders():
    assert offences("sp.sympify(x, strict=True); eval(t); sp.S(t); sp.nsimplify(text)") == [
        "sympify",
        "eval",
        "S",
        "nsimplify",
    ]


ENTRIES = {
    "parse_scale": pt.parse_scale,
    "exponent": pt.exponent,
    "as_expression": lambda text: as_expression(text, name="x"),
    "as_scale": lambda text: as_scale(text, name="x"),
    "as_fraction": lambda text: as_fraction(text, name="x"),
    "Activation name": pt.Activation,
    "Activation left": lambda text: pt.Activation("x", left=text),
    "Activation right": lambda text: pt.Activation("x", right=text),
    "Activation degree": lambda text: pt.Activation("x", degree=text),
    "from_expression": pt.Activation.from_expression,
    "from_expression z": lambda text: pt.Activation.from_expression(sp.Symbol("z"), text),
    "leaky_relu": pt.leaky_relu,
    "relu_power": pt.relu_power,
    "Network sigmas": lambda text: pt.Network((text, 1)),
    "Network sigmas as text": pt.Network,
    "Network alpha": lambda text: pt.Network((1, 1), text),
    "Network rates": lambda text: pt.Network((1, 1), learning_rates=(text, 1)),
    "Network activation": lambda text: pt.Network((1, 1), activation=text),
    "slopes norm": lambda text: pt.initialization("he").slopes(text),
    "two_layer": lambda text: pt.two_layer(1, text, 1),
    "three_layer": lambda text: pt.three_layer(1, 1, 1, text),
    "from_abc": lambda text: pt.from_abc(a=(0, text), b=(0, 0)),
    "from_abc c": lambda text: pt.from_abc(a=(0, 0), b=(0, 0), c=text),
    "AbcParametrization": lambda text: pt.AbcParametrization((text, 0), (0, 0), (0, 0)),
    "shifted": lambda text: pt.to_abc(pt.initialization("he")).shifted((text, 0)),
    "gauge": lambda text: pt.critical_point(3).network(gauge=text),
    "critical_point": pt.critical_point,
    "initialization": pt.initialization,
    "initialization depth": lambda text: pt.initialization("he", text),
    "describe_initialization": pt.describe_initialization,
    "classify": pt.classify,
    "classify critical": lambda text: pt.classify(0, text),
    "phase_diagram": pt.phase_diagram,
    "phase_diagram norm": lambda text: pt.phase_diagram(norm=text),
    "phase_diagram network": lambda text: pt.phase_diagram(network=text, coordinates=sp.symbols("x y")),
    "coordinates": lambda text: pt.phase_diagram(network=pt.initialization("he"), coordinates=(text, text)),
    "PhaseDiagram coordinates": lambda text: pt.PhaseDiagram(pt.initialization("he"), (text, "y")),
    "regime_at": lambda text: pt.phase_diagram().regime_at(gamma=text, gamma_prime=0),
    "slopes_at": lambda text: pt.phase_diagram().slopes_at(gamma=0, gamma_prime=text),
    "network_at": lambda text: pt.phase_diagram().network_at((text, 0)),
    "boundary": lambda text: pt.phase_diagram().boundary(text),
    "boundary at": lambda text: pt.phase_diagram().boundary("w").at(text),
    "evaluate": lambda text: pt.phase_diagram().evaluate(0.0, 0.0, layers=[text]),
    "capacity_boundary": pt.capacity_boundary,
    "capacity_boundary activation": lambda text: pt.capacity_boundary(2, text),
    "derive": pt.derive,
    "derive depth": lambda text: pt.derive(depth=text),
    "derive activation": lambda text: pt.derive(activation=text),
    "gradient_flow": pt.gradient_flow,
    "gradient_flow width": lambda text: pt.gradient_flow(width=text),
    "gradient_flow rates": lambda text: pt.gradient_flow(learning_rates=(text, text)),
    "write": lambda text: pt.write(pt.derive(), text),
    "finite_width loss": lambda text: pt.finite_width(pt.initialization("ntk"), [[1.0, 1.0]], [0.5], loss=text),
    "finite_width data": lambda text: pt.finite_width(pt.initialization("ntk"), [[text, 1.0]], [0.5]),
    "finite_width width": lambda text: pt.finite_width(pt.initialization("ntk"), [[1.0, 1.0]], [0.5]).relative_distance(
        text
    ),
    "finite_width network": lambda text: pt.finite_width(text, [[1.0, 1.0]], [0.5]),
    "Exponents": lambda text: Exponents((0, 0), 0, (text, 0)).absorbed(),
}


@pytest.mark.parametrize("entry", ENTRIES)
def test_code_given_as_text_is_not_run_and_refused_in_one_line(entry, tmp_path):
    sentinel = tmp_path / "ran"
    with pytest.raises(pt.TheoryError) as caught:
        ENTRIES[entry](f"__import__('os').system('touch {sentinel}')")
    assert not sentinel.exists()
    assert "\n" not in str(caught.value)
