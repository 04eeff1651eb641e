"""
Recurrent networks: the boundary counts the steps
=================================================

Input and output weights start at :math:`m^{-x}`, the memory, used once a step, at :math:`m^{-y}`. Where the memory is strong
(:math:`y<1/2`) the boundary of the input weights has the slope :math:`(T-1)/2`: longer memories condense later. Derived exactly.
"""

import matplotlib.pyplot as plt

import phasetheory as pt

figure, axes = plt.subplots(1, 3, figsize=(13, 4.6), sharey=True, layout="constrained")
for ax, steps in zip(axes, (2, 3, 5), strict=True):
    diagram = pt.graph_diagram(f"recurrent:{steps}")
    print(steps, "steps: U and a are critical on", diagram.boundary("U"))
    diagram.plot(ax, window=(-0.8, 2.0, -0.6, 2.6))
    ax.set_xlabel(r"$x$: $\sigma_U = \sigma_a = m^{-x}$")
    ax.set_ylabel(r"$y$: memory $\sigma_W = m^{-y}$" if ax is axes[0] else "")
