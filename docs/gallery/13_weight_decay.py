"""
Weight decay: lazy first, rich later
====================================

With weight decay the plane has a time axis: the regimes when the data are fitted, the walk that the decay makes of the linear
one, and where it ends. ``phasetheory decay`` trains such networks.
"""

import phasetheory as pt
from numerics.figures.weight_decay import plot_weight_decay

plot_weight_decay(pt.decayed_diagram("1/2"), names=("xavier", "ntk", "he"))
