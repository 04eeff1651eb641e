"""Figures: computed data in, Axes or Figure out; :mod:`numerics.figures.style` saves them."""
