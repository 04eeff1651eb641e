"""Weight decay: what a step with it costs, and whether RD on the walk is the theory's at the capacity P(t) of that time.

    python benchmarks/weight_decay.py

First table: seconds a step (the least of several runs, same start, same rtol) of the kink-exact method with decay and without.
Second: |v(t) - v(0)|/|v(0)| of an infinitely wide network on its walk, P(t) = P exp(-2 mu tau), against that of a fresh network
of the capacity P(t) without decay.
Third: the same ratio on 16 samples of a teacher with one kink, networks of width 1000 (mean over seeds and its standard error)
and infinitely wide.
"""

import numpy as np

import numerics as nm

_WALK = 100.0, 1e-4  # first capacity, mu
_TEACHER = (100, 10**1.25, 10, 10**0.625, 1, 0.1, 0.01)
_CAPACITIES = (64, 16, 8, 4, 2, 1, 0.25, 0.1)


def seconds_a_step(start: nm.TwoLayer, X: np.ndarray, y: np.ndarray, mu: float, runs: int) -> float:
    """Of the fit, to a loss of 1e-3."""
    decay = nm.normalised_decay(start, mu=mu)
    found = [nm.gradient_flow(start, X, y, loss_tol=1e-3, weight_decay=decay).stats for _ in range(runs)]
    return min(stats.seconds / stats.accepted for stats in found)


def cost() -> None:
    """With decay over without."""
    rng = np.random.default_rng(0)
    X, y = nm.datasets.four_points()
    space = rng.standard_normal((10, 4)), rng.standard_normal(10)
    print("two inputs, four samples; four inputs, ten samples: microseconds a step without, with decay, ratio")
    for name, (inputs, targets), widths in (("planar", (X, y), (1000, 100_000)), ("general", space, (1000, 20_000))):
        for width in widths:
            start = nm.TwoLayer.draw(width, 5 / width, 1, inputs.shape[1], rng=1)
            runs = 40 if width == 1000 else 8
            plain, decayed = (seconds_a_step(start, inputs, targets, mu, runs) for mu in (0.0, 1e-4))
            print(f"{name:8} m = {width:7}  {1e6 * plain:9.1f} {1e6 * decayed:9.1f}   {decayed / plain:.2f}")


def walk() -> None:
    """RD of w at P(t) against that of a fresh network."""
    X, y = nm.datasets.four_points()
    capacity, mu = _WALK
    start = nm.TwoLayer.mean_field(capacity=capacity, kappa_prime=1, inputs=X)
    times = np.log(capacity / np.array(_CAPACITIES)) / (2 * mu) / start.kappa
    decay = nm.normalised_decay(start, mu=mu)
    options = {"loss_tol": 1e-30, "t_max": 1.01 * times[-1], "times": times, "keep_weights": True}
    run = nm.gradient_flow(start, X, y, weight_decay=decay, **options)
    print("P(t)      |V(t) - V(0)|/|V(0)|   F_w(P(t), 1)   ratio   loss        (V = exp(mu tau) v)")
    for here, t, network, loss in zip(_CAPACITIES, times, run.snapshots.networks, run.snapshots.loss, strict=True):
        V = np.exp(decay * t) * network.v
        moved = np.linalg.norm(V - start.v) / np.linalg.norm(start.v)
        fresh = nm.gradient_flow(
            nm.TwoLayer.mean_field(capacity=here, kappa_prime=1, inputs=X), X, y, throw=False
        ).relative_distance["w"]
        print(f"{here:5g} {moved:14.4f} {fresh:20.4f} {moved / fresh:12.4f}   {loss:.1e}")
    print(run)


def teacher() -> None:
    """Distance on the walk over F_w, of drawn networks and of the infinitely wide one."""
    print("from P = 300: distance of w over F_w at P(t) = " + ", ".join(f"{P:.3g}" for P in _TEACHER))
    for mu, width in ((1e-2, 1000), (1e-3, 1000), (1e-3, None), (1e-4, None), (1e-6, None)):
        rows = []
        for seed in range(1 if width is None else 8):
            found = nm.decay_walk(capacities=[300], mu=mu, width=width, seed=seed)
            at = [int(np.argmin(np.abs(np.log(found.capacities / P)))) for P in _TEACHER]
            rows.append(found.ratio(found.walks[0])[at])
        error = np.std(rows, axis=0, ddof=1) / np.sqrt(len(rows)) if len(rows) > 1 else np.zeros(len(_TEACHER))
        numbers = (f"{mean:.3f} ± {part:.3f}" for mean, part in zip(np.mean(rows, axis=0), error, strict=True))
        print(f"mu = {mu:g}, width {width or 'infinite'}: " + "  ".join(numbers))


if __name__ == "__main__":
    cost()
    walk()
    teacher()
