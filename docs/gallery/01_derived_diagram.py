"""
The derived diagram of two layers
=================================

Regimes, boundaries and named initialisations, all computed: nothing is measured here. The input weights are linear below the
boundary, condensed above it.
"""

import phasetheory as pt

pt.phase_diagram(2).plot()
