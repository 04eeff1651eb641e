"""phasetheory: derive in which regime a network trains, and why.

Exact and symbolic (SymPy). A :class:`Network` has scales that are functions of the width; its exponents give, by the scaling
argument, the slope of every layer, and over a plane of networks a :class:`PhaseDiagram`. The folders say what a statement
rests on: dynamics are proved, scaling is derived. The numerical side, which checks every prediction by experiment, is the
package ``numerics``.

The names are in ``__init__.pyi``, each imported when it is first asked for.
"""

from phasetheory.public_names import public_names

__getattr__, __dir__, __all__ = public_names(__name__)
