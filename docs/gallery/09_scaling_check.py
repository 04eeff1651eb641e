"""
A scaling check
===============

Does every layer learn at any width? A family of three-layer networks in muP, trained at several widths, each layer in
spectral norm, held against the theory.
"""

import numerics as nm
from numerics.figures.power_laws import plot_scaling_check

check = nm.scaling_check("mup", widths=(64, 128, 256), seeds=3)
print(check)
plot_scaling_check(check)
