"""numerics: integrate the gradient flow of sampled networks, and check the theory by experiment.

A :class:`Plan` takes a phase diagram of ``phasetheory``, points, widths and seeds. Each of its cells draws a network
(:class:`TwoLayer`, or :class:`DeepNetwork` beyond two layers) and trains it with :func:`gradient_flow`. :func:`scan`
runs the cells, on any workers, and keeps them in a labelled dataset; :func:`verify` holds the slopes of their
relative distances against the derived ones and gives a verdict, within an :class:`Allowance` that it names. Two
layers are depth 2: there is one path for every depth.

The folders, from the ground up: kernels; networks, datasets, scans; slopes, observe; flow; experiments; reports,
figures; commands. Imports point down from commands to kernels.

The names are in ``__init__.pyi``, each imported when it is first asked for.
"""

from phasetheory.public_names import public_names

__getattr__, __dir__, __all__ = public_names(__name__)
