"""
The same plane under Adam
=========================

Three layers trained by gradient flow, left, and by Adam at a small rate, right: the optimiser moves the boundaries.
"""

import matplotlib.pyplot as plt

import phasetheory as pt

figure, axes = plt.subplots(1, 2, figsize=(12.8, 5.6), layout="constrained")
for ax, optimizer in zip(axes, ("gradient-flow", "adam"), strict=True):
    pt.phase_diagram(3, optimizer=optimizer).plot(
        ax=ax, inside=True, names=("xavier", "ntk", "he"), window=(0, 5, -2, 3)
    )
axes[0].set_title("gradient flow")
