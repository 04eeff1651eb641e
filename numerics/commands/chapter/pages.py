"""All pages of the chapter, in order."""

from numerics.commands.chapter import (
    definitions,
    diagram,
    distances,
    empirical,
    equations,
    features,
    functions,
    linear,
    rescaling,
    three_layers,
    water,
    wishes,
)
from numerics.commands.chapter.page import Page

__all__ = ["PAGES"]

PAGES: tuple[Page, ...] = (
    water.PAGE,
    functions.PAGE,
    rescaling.PAGE,
    equations.PAGE,
    definitions.PAGE,
    linear.PAGE,
    distances.PAGE,
    diagram.PAGE,
    empirical.SYNTHETIC,
    empirical.DIGITS,
    three_layers.PAGE,
    features.SYNTHETIC,
    features.DIGITS,
    wishes.PAGE,
)
