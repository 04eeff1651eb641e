"""
Three layers: four regions
==========================

Each of the two hidden layers may be in a regime of its own. On the plane of the book (:math:`\\beta_2=\\beta_3`) that gives four
regions, which the literature knows from experiments.
"""

import phasetheory as pt

diagram = pt.phase_diagram(3)
for layer in ("W1", "W2"):
    print(layer, "is critical on", diagram.boundary(layer))
diagram.plot()
