"""
What was learned, and by which features
=======================================

Above: the function before and after training. Below: one dot a neuron, its amplitude :math:`|a_k||w_k|` against the orientation
of :math:`w_k`. In the condensed regime a thousand neurons gather in a few directions.
"""

import matplotlib.pyplot as plt

import numerics as nm
from numerics.figures.functions import plot_learned_functions

X, y = nm.datasets.four_points()
portraits = nm.train_points(width=1000, data=(X, y))
figure = plt.figure(figsize=(9.5, 5.2), layout="constrained")
plot_learned_functions({portrait.title: portrait.solution for portrait in portraits}, X, y, figure=figure)
