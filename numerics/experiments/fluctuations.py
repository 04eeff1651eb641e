r"""How much a network of m neurons differs from the infinitely wide one: sd(log RD_l) = s_l/sqrt(m).

Where the tangent kernels hold, by the delta method (derived: central limit theorem). With the kernels G_l = E g_l of one neuron,
G = sum_l G_l, z = G^{-1} y and p = G^{-1} G_l z, RD_l^2 = z.G_l z/E|W_l|^2, and one more neuron changes its logarithm by

    psi_l = (z.g_l z - 2 p.g z)/(z.G_l z) - |W_l|^2/E|W_l|^2,        s_l = (sqrt 2/2) sd(psi_l),

the root of two because an antisymmetric start draws m/2 pairs. Elsewhere by a small ensemble: networks of few neurons at the same
capacity, whose spread is measured.
"""

from dataclasses import dataclass

import numpy as np

from numerics.experiments.mean_field import LAYERS, MeanField, distances
from numerics.networks.sampling import draw_of_capacity

__all__ = ["Spread", "ensemble_spread", "tangent_spread"]

_DRAWN = 20_000  # neurons for the variance: 1 % of s
_NETWORKS, _NEURONS = 24, 400
_SINGULAR = 1e-10  # smallest over largest eigenvalue of the kernel, below which its inverse is noise


@dataclass(frozen=True)
class Spread:
    """s of one layer, and how it was found."""

    value: float
    source: str


def tangent_spread(limit: MeanField, kappa_prime: float) -> dict[str, Spread]:
    """Find s of each layer as P goes to infinity; empty if the samples are too close for the kernel to be inverted."""
    X, y = limit.X, limit.y
    net = draw_of_capacity(_DRAWN, kappa_prime, _DRAWN, X.shape[1], antisymmetric=False, activation=limit.activation)
    z_of = net.v @ X.T
    slope = np.where(z_of > 0, 1.0, net.negative_slope)
    # J of neuron k: of its output weight (n,), and of its input weights, whose products are u^2 slope_i slope_j x_i.x_j
    values, factors, gram = slope * z_of, net.u[:, None] * slope, X @ X.T
    kernels = {"w": gram * (factors.T @ factors) / _DRAWN, "a": values.T @ values / _DRAWN}
    whole = kernels["w"] + kernels["a"]
    eigenvalues = np.linalg.eigvalsh(whole)
    if eigenvalues[0] < _SINGULAR * eigenvalues[-1]:
        return {}
    z = np.linalg.solve(whole, y)

    def products(left: np.ndarray, right: np.ndarray) -> dict[str, np.ndarray]:
        """left.g_l right of every neuron, layer by layer."""
        of_w = np.einsum("ki,ki->k", ((factors * left) @ X), ((factors * right) @ X))
        return {"w": of_w, "a": (values @ left) * (values @ right)}

    sizes = {"w": np.einsum("kj,kj->k", net.v, net.v), "a": net.u**2}
    found: dict[str, Spread] = {}
    for layer in LAYERS:
        p = np.linalg.solve(whole, kernels[layer] @ z)
        both = products(p, z)
        psi = (products(z, z)[layer] - 2 * (both["w"] + both["a"])) / (z @ kernels[layer] @ z)
        psi -= sizes[layer] / sizes[layer].mean()
        found[layer] = Spread(float(np.std(psi)) / np.sqrt(2), "delta method")
    return found


def ensemble_spread(limit: MeanField, capacity: float, kappa_prime: float, seed: int = 0) -> dict[str, Spread]:
    """Find s of each layer from the spread of log RD over small networks of the same capacity."""
    starts = [
        draw_of_capacity(capacity, kappa_prime, _NEURONS, limit.X.shape[1], rng=child, activation=limit.activation)
        for child in np.random.SeedSequence(seed).spawn(_NETWORKS)
    ]
    logs = [[np.log(distances(run)[layer]) for layer in LAYERS] for run in limit.train_all(starts)]
    spread = np.std(logs, axis=0, ddof=1) * np.sqrt(_NEURONS)
    source = f"{_NETWORKS} networks of {_NEURONS} neurons"
    return {layer: Spread(float(value), source) for layer, value in zip(LAYERS, spread, strict=True)}
