"""The Python lines that compute what the page shows."""

import numpy as np

import phasetheory as pt
from numerics.explore.state import DATA, STANDARD, State
from numerics.explore.training import BELOW_EVERY_LOSS, MOST_STEPS

__all__ = ["python_lines"]

_SCALES = ("network.kappa", "network.kappa_prime")


def python_lines(state: State) -> str:
    """A program that derives the slopes, trains the same network, and predicts its relative distances.

    Examples
    --------
    >>> print(python_lines(State(width=200)).splitlines()[-1])
    print(nm.locate(network, X, y, width=200, loss_tol=1e-06))
    """
    X, y = state.samples
    known = state.data in DATA
    two = state.depth == 2
    derived = two and state.optimizer == "gradient-flow" and not state.mu
    data = f'nm.load_data("{state.data}")' if known else f"nm.datasets.from_arrays({_list(X[:, :1])}, {_list(y)})"
    lines = [
        "import numerics as nm",
        "import phasetheory as pt",
        *([] if state.plane in STANDARD else ["import sympy as sp"]),
        "",
        *_diagram(state),
        f'network = diagram.network_at(("{state.point[0]}", "{state.point[1]}"))',
        f'print(network.slopes(optimizer="{state.optimizer}"))',
        "",
        f"X, y = {data}",
        f"start = {_start(state)}",
        f"run = {_training(state)}",
        "print(run)",
    ]
    if derived:
        lines.append(f"print(nm.locate(network, X, y, width={state.width}, loss_tol={state.loss_tol:g}))")
    return "\n".join(lines)


def _diagram(state: State) -> list[str]:
    optimizer = f'optimizer="{state.optimizer}"'
    if state.plane in STANDARD:
        return [f"diagram = pt.phase_diagram({state.plane}, {optimizer})"]
    names, _, scales = state.plane.partition(":")
    sigmas, alpha = scales.split(";")
    return [
        f'coordinates = sp.symbols("{" ".join(name.strip() for name in names.split(","))}", real=True)',
        f'scales = "{sigmas.strip()}, {alpha.strip()}".split(",")',
        "*sigmas, alpha = (pt.parse_scale(scale, symbols=coordinates) for scale in scales)",
        f"diagram = pt.phase_diagram(network=pt.Network(sigmas, alpha), coordinates=coordinates, {optimizer})",
    ]


def _start(state: State) -> str:
    """The same draw, to the bit: of two layers by the exponents where these say all."""
    network, seed = state.network, f"rng={state.seed}"
    if network.depth > 2:
        return f"nm.sample_network(network, {state.width}, 2, {seed})"
    if (network.kappa, network.kappa_prime) == (pt.m**-network.gamma, pt.m**-network.gamma_prime):
        return f"nm.TwoLayer.sample({state.width}, network.gamma, network.gamma_prime, X, {seed})"
    numbers = ", ".join(f"float({scale}.subs({{pt.m: {state.width}, pt.d: 2}}))" for scale in _SCALES)
    return f"nm.TwoLayer.draw({state.width}, {numbers}, 2, {seed})"


def _training(state: State) -> str:
    stop = BELOW_EVERY_LOSS if state.mu and state.optimizer == "gradient-flow" else state.loss_tol
    decay = f", weight_decay=nm.normalised_decay(start, mu={state.mu:g})" if state.mu else ""
    options = f"loss_tol={stop:g}, max_steps={MOST_STEPS[state.optimizer]}{decay}, throw=False"
    if state.optimizer == "adam":
        return f'nm.descend(start, X, y, optimizer="adam", {options})'
    return f"nm.gradient_flow(start, X, y, {options})"


def _list(values: np.ndarray) -> str:
    return repr(values.tolist())
