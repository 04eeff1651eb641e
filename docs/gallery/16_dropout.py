"""
Dropout condenses a linear network
==================================

The same start, of 400 neurons in the linear regime, trained without dropout and with it: half of the neurons kept, averaged
over the masks, until nothing moves any more. Below: orientation and amplitude of every neuron. ``phasetheory condense --dropout
0.5`` does it all over the plane.
"""

import numerics as nm
from numerics.figures.functions import plot_learned_functions

X, y = nm.datasets.four_points()
start = nm.TwoLayer.draw(400, 20 / 400, 1, 2, rng=0)
plain = nm.gradient_flow(start, X, y)
settled = nm.gradient_flow(start, X, y, dropout=0.5, loss_tol=1e-30, t_max=nm.settling_time(start, 0.5))
print({name: round(run.relative_distance["a"], 2) for name, run in {"without": plain, "with": settled}.items()})
plot_learned_functions({"without dropout": plain, "with dropout, settled": settled}, X, y)
