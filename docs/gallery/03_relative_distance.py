"""
Relative distance against the width
===================================

Three points of the diagram, one in each regime. Markers: geometric means over the seeds, with bars from the smallest to the
largest. Solid: fitted. Dashed: the derived slope. Dotted: the distance itself, of the infinitely wide network of the
same capacity, with no free parameter.
"""

import numerics as nm
from numerics.figures.power_laws import plot_power_laws

plan = nm.Plan(points=[("1/2", 0), (1, 0), ("7/4", 0)], widths=(1000, 2000, 4000, 8000), seeds=3)
result = nm.verify(plan, executor=nm.Serial())
judged = [layer for point in result.points for layer in point.layers]
for (gamma, _), layer in zip(plan.points, judged, strict=True):
    print(f"gamma = {float(gamma):<5g} predicted {layer.predicted_slope!s:>4}, measured {layer.measured}")
plot_power_laws(judged, labels=[rf"$\gamma={float(gamma):g}$" for gamma, _ in plan.points])
