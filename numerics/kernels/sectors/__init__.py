"""Numba kernels of the kink-exact method in the plane: neurons of one sector share one law, and six moments of it say the rest.

A *row* stands for a place (:class:`numerics.flow.two_layer.sectors.Sectors`) and the sign of u: row = place, plus the number of
places if u < 0. Over a step with constant forces all neurons of a row obey one linear map of (u, v), their law. So a pass asks no
neuron for its samples: it maps, sees whether v left its sector or u changed sign, sends the few of which that is true from event
to event, and adds up u u, u v and v v by rows. Output and tangent kernel of every sample are sums of those over half circles, so
that a pass costs the same for any n.
"""
