"""
From small to large initialisation
==================================

The same data, a thousand neurons, six sizes of the start: linear splines with kinks at the data, then kernels, then
the shape of the random start itself.
"""

import matplotlib.pyplot as plt

import numerics as nm
from numerics.figures.functions import plot_gallery

X, y = nm.datasets.four_points()
points = [(gamma, 0) for gamma in ("2", "1", "3/4", "1/2", "1/4", "0")]
portraits = nm.train_points(points, 1000, data=(X, y), antisymmetric=False)
solutions = {rf"$\gamma={float(p.point[0]):g}$": (p.solution, p.regime) for p in portraits}
plot_gallery(solutions, X, y, figure=plt.figure(figsize=(9.0, 4.8), layout="constrained"))
