"""
Network and tangent model
=========================

Freeze the Jacobian at the start and train that. In the linear regime both learn the same function; in the others they do not.
"""

import matplotlib.pyplot as plt
import numpy as np

import numerics as nm
from numerics.figures.tangent import plot_tangent_function

X, y = nm.datasets.four_points()
line = np.column_stack([np.linspace(-1.7, 1.7, 300), np.ones(300)])
figure, axes = plt.subplots(1, 3, figsize=(10.5, 3.8), layout="constrained")
for ax, gamma in zip(axes, (0.5, 1.0, 1.75), strict=True):
    start = nm.TwoLayer.sample(1000, gamma, 0, X, rng=0)
    plot_tangent_function(nm.compare_with_tangent(start, X, y, inputs=line), X, y, ax=ax)
    ax.set_title(rf"$\gamma={gamma:g}$")
