"""
The diagram, derived and measured
=================================

Squares: trained networks, coloured by the measured regime, with the measured slope. ``phasetheory verify --out results`` draws it
at larger widths.
"""

import numerics as nm
from numerics.figures.verification import plot_measured_diagram

verification = nm.verify(nm.Plan.quick(), executor=nm.Serial())
plot_measured_diagram(verification)
