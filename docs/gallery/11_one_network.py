"""
One network
===========

Where a network of 1000 neurons with He's scales sits. Colour is the distance that it is predicted to move, thick the line where
that is the whole length of its weights, the arrow where a wider one goes. ``phasetheory locate he --width 1000`` says it.
"""

import numerics as nm
from numerics.experiments.location_plane import plane_around
from numerics.figures.location import plot_location

found = nm.locate("he", *nm.datasets.four_points(), width=1000)
plot_location(found, plane_around(found, "w"))
