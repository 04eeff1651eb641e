"""
A map of slopes
===============

The slope of RD(w) over the plane: measured, derived, and their difference. Stars: where the measured slope changes sign, with
its interval. Line: the derived boundary. Where one layer outweighs the other only slightly the slope at
these widths is far from its limit, which the third panel shows. ``phasetheory scan`` and ``plot`` do this on finer grids.
"""

import matplotlib.pyplot as plt

import numerics as nm
from numerics.experiments.maps import compare_map
from numerics.figures.slope_maps import plot_slope_map

gammas, primes = ("0.6", "0.8", "1", "1.2", "1.4"), ("-0.4", "-0.2", 0, "0.2", "0.4")
data = nm.scan(
    nm.Plan.grid(gamma=gammas, gamma_prime=primes, widths=(1000, 4000, 16000), seeds=2), executor=nm.Serial()
)
comparison = compare_map(data, "w")
figure, axes = plt.subplots(1, 3, figsize=(13.2, 3.9), layout="constrained", sharey=True)
for ax, quantity in zip(axes, ("slope", "predicted", "difference"), strict=True):
    plot_slope_map(comparison, quantity, ax=ax)
