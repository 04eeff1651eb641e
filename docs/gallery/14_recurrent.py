"""
A recurrent network
===================

Regions of a recurrent network of three steps, derived from its graph. The slope of the boundary below counts how often the
recurrent weights are used.
"""

import sympy as sp

import phasetheory as pt

x, y = sp.symbols("x y", real=True)
pt.graph_diagram(pt.recurrent(pt.m**-x, pt.m**-y, pt.m**-x, steps=3), (x, y)).plot()
