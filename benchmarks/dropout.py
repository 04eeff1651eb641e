"""Dropout: which method integrates the averaged flow best, whether training with masks follows it, what becomes of directions.

    python benchmarks/dropout.py

Four points, kappa' = 1, kept with probability p, q = (1 - p)/p. First table: 100 neurons, p = 1/2, P = 20, 1 and 0.2, two starts
each: error of RD against steps of Heun's method of 1/150 of the fastest time, median and largest over starts and layers,
passes over the neurons and milliseconds, at tau = 30 and at the time in which dropout settles.
Second: RD and loss of gradient descent with masks over those of the averaged flow, three seeds of the masks, 100 neurons.
Third: entropy of the orientations, each neuron weighted by |f_k| at the samples, 400 neurons, eight starts, without dropout, and
with it at a third of the settling time, at it, and at three times it.
"""

import numpy as np
from numba import njit

import numerics as nm
from numerics.experiments.condensation_map import output_entropy

_METHODS = ("kink-exact", "rkc", "dormand-prince")
_CAPACITIES = (20.0, 1.0, 0.2)


@njit(cache=True)
def _velocity(u, v, X, y, kappa, q, du, dv, e):  # type: ignore[no-untyped-def]
    n, d = X.shape
    e[:] = -y
    for k in range(u.size):
        for i in range(n):
            z = 0.0
            for j in range(d):
                z += v[k, j] * X[i, j]
            e[i] += kappa * u[k] * max(z, 0.0)
    for k in range(u.size):
        du[k] = 0.0
        dv[k] = 0.0
        for i in range(n):
            z = 0.0
            for j in range(d):
                z += v[k, j] * X[i, j]
            if z > 0.0:
                felt = -kappa / n * (e[i] + q * kappa * u[k] * z)
                du[k] += felt * z
                for j in range(d):
                    dv[k, j] += felt * u[k] * X[i, j]


@njit(cache=True)
def _heun(u, v, X, y, kappa, q, h, steps):  # type: ignore[no-untyped-def]
    u, v = u.copy(), v.copy()
    du, dv, du1, dv1, e = np.empty_like(u), np.empty_like(v), np.empty_like(u), np.empty_like(v), np.empty(y.size)
    for _ in range(steps):
        _velocity(u, v, X, y, kappa, q, du, dv, e)
        _velocity(u + h * du, v + h * dv, X, y, kappa, q, du1, dv1, e)
        u += 0.5 * h * (du + du1)
        v += 0.5 * h * (dv + dv1)
    return u, v


def accuracy() -> None:
    """Methods against small steps."""
    X, y = nm.datasets.four_points()
    print("method, rtol: error of RD median, largest; loss; passes; ms   (medians over 6 starts)")
    for settled in (False, True):
        found: dict[tuple[str, float], list[tuple[float, ...]]] = {}
        for capacity in _CAPACITIES:
            for seed in range(2):
                start = nm.TwoLayer.draw(100, capacity / 100, 1, 2, rng=seed)
                t = nm.settling_time(start, 0.5) if settled else 30 / start.kappa
                fastest = np.linalg.eigvalsh(nm.tangent_kernel(start, X))[-1] / len(y) * max(1.0, 3 / capacity)
                steps = int(np.ceil(t * fastest * 150))
                u, v = _heun(start.u, start.v, X, y, start.kappa, 1.0, t / steps, steps)
                true = {"w": _moved(v, start.v), "a": _moved(u, start.u)}
                e = start.kappa * np.maximum(X @ v.T, 0) @ u - y
                for method in _METHODS:
                    for rtol in (1e-2, 1e-3):
                        options = {"dropout": 0.5, "t_max": t, "loss_tol": 1e-30, "method": method, "rtol": rtol}
                        run = nm.gradient_flow(start, X, y, **options)
                        errors = [abs(run.relative_distance[layer] / true[layer] - 1) for layer in "wa"]
                        loss = abs(run.loss / (e @ e / 8) - 1)
                        cost = run.stats.evaluations + run.stats.kernel_evaluations, 1e3 * run.stats.seconds
                        found.setdefault((method, rtol), []).append((*errors, loss, *cost))
        print("settled" if settled else "tau = 30")
        for (method, rtol), rows in found.items():
            table = np.array(rows)
            middle = np.median(table[:, 2:], axis=0)
            print(
                f"  {method:15} {rtol:g}: {np.median(table[:, :2]):.1e} {table[:, :2].max():.1e}; {middle[0]:.1e}; "
                f"{middle[1]:.0f}; {middle[2]:.0f}"
            )


def _moved(now: np.ndarray, then: np.ndarray) -> float:
    return float(np.linalg.norm(now - then) / np.linalg.norm(then))


def masks() -> None:
    """Training with masks against the averaged flow."""
    X, y = nm.datasets.four_points()
    print(
        "P, p, step in tau, tau: mean over seeds of (with masks)/(averaged) - 1 in percent, RD_w, RD_a, loss; largest of one"
    )
    for capacity in (20.0, 1.0):
        start = nm.TwoLayer.draw(100, capacity / 100, 1, 2, rng=0)
        for kept in (0.5, 0.8):
            for step in (1e-2, 1e-3):
                for tau in (1, 10, 100):
                    end = {"t_max": tau / start.kappa, "loss_tol": 1e-30, "rtol": 1e-3}
                    flow = nm.gradient_flow(start, X, y, dropout=kept, **end)
                    rows = []
                    for seed in range(3):
                        own = {
                            "rate": step / start.kappa,
                            "max_steps": round(tau / step),
                            "loss_tol": 1e-30,
                            "rng": seed,
                        }
                        run = nm.descend(start, X, y, optimizer="gradient-descent", dropout=kept, throw=False, **own)
                        ratios = [run.relative_distance[layer] / flow.relative_distance[layer] for layer in "wa"]
                        rows.append([*ratios, run.loss / flow.loss])
                    off = 100 * (np.array(rows) - 1)
                    mean = ", ".join(f"{value:+.1f}" for value in off.mean(axis=0))
                    print(f"{capacity:4g} {kept} {step:g} {tau:4}: {mean}; {np.abs(off[:, :2]).max():.1f}", flush=True)


def directions() -> None:
    """Entropies without dropout and with it."""
    X, y = nm.datasets.four_points()
    print(
        "P: entropy without; with dropout at 1/3, 1, 3 settling times (mean, standard deviation over 8 starts); steps; s"
    )
    for capacity in _CAPACITIES:
        rows = []
        for seed in range(8):
            start = nm.TwoLayer.draw(400, capacity / 400, 1, 2, rng=seed)
            end = nm.settling_time(start, 0.5)
            plain = nm.gradient_flow(start, X, y)
            options = {"loss_tol": 1e-30, "times": (end / 3, end), "t_max": 3 * end, "keep_weights": True}
            run = nm.gradient_flow(start, X, y, dropout=0.5, **options)
            networks = plain.network, *run.snapshots.networks, run.network
            rows.append([*(output_entropy(network, X) for network in networks), run.stats.accepted, run.stats.seconds])
        mean, spread = np.mean(rows, axis=0), np.std(rows, axis=0, ddof=1)
        values = ", ".join(f"{a:.3f} ± {b:.3f}" for a, b in zip(mean[:4], spread[:4], strict=True))
        print(f"{capacity:4g}: {values}; {mean[4]:.0f}; {mean[5]:.1f}", flush=True)


if __name__ == "__main__":
    accuracy()
    masks()
    directions()
