"""Modules of a family, drawn at several widths: what every answer about a factory rests on."""

import copy
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import nn

from numerics.arrays import listed, whole_number
from numerics.errors import InputError, shown

__all__ = ["Factory", "check_factory", "check_family", "check_widths", "draw", "draws_at"]

Factory = Callable[[int], nn.Module]


def draw(factory: Factory, width: int, seed: int) -> nn.Module:
    """One module of a width, a copy in float64; the generator of PyTorch is left as it was. What the factory raises is passed on.

    Raises
    ------
    InputError
        If it returns no module, or one with NaN or infinite values.
    """
    check_factory(factory)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module = factory(width)
    if not isinstance(module, nn.Module):
        raise InputError(f"factory({width}) returned {shown(module)}; it has to return a torch.nn.Module")
    for name, parameter in module.named_parameters():
        if isinstance(parameter, nn.parameter.UninitializedParameter):
            raise InputError(
                f"parameter {name} of factory({width}) has no shape yet; send a batch through the module first"
            )
        if parameter.is_complex():
            raise InputError(f"parameter {name} of factory({width}) is complex; give real ones")
        if not bool(torch.isfinite(parameter).all()):
            raise InputError(f"parameter {name} of factory({width}) has NaN or infinite values; give finite ones")
    if not any(parameter.requires_grad for parameter in module.parameters()):
        raise InputError(f"factory({width}) has no parameter that is trained; give a module with weights")
    return copy.deepcopy(module).to(torch.float64)


def check_factory(factory: Any) -> None:
    """Refuse what is no function of one width."""
    advice = "give a function of the width that returns a torch.nn.Module"
    if not callable(factory) or isinstance(factory, nn.Module):
        what = f"a {type(factory).__name__}" if isinstance(factory, nn.Module) else shown(factory)
        raise InputError(f"factory = {what}; {advice}")
    try:
        signature = inspect.signature(factory)
    except ValueError:  # of what is not written in Python
        return
    try:
        signature.bind(1)
    except TypeError as error:
        raise InputError(f"factory cannot be called with a width alone: {error}; {advice}") from None


def draws_at(factory: Factory, widths: Sequence[int], seeds: int) -> list[list[nn.Module]]:
    """Modules by width and seed, of one family."""
    modules = [[draw(factory, width, seed) for seed in range(seeds)] for width in widths]
    check_family([row[0] for row in modules], widths)
    return modules


def check_family(modules: Sequence[nn.Module], widths: Sequence[int]) -> None:
    """Refuse modules whose parameters are not the same at all widths, but for their sizes."""
    first = {name: parameter.ndim for name, parameter in modules[0].named_parameters()}
    for module, width in zip(modules[1:], widths[1:], strict=True):
        other = {name: parameter.ndim for name, parameter in module.named_parameters()}
        if different := sorted(set(first.items()) ^ set(other.items())):
            raise InputError(
                f"factory({width}) and factory({widths[0]}) differ in {different[0][0]}; the depth and the parts have to be "
                "the same at all widths, only their sizes may change"
            )


def check_widths(widths: Any) -> tuple[int, ...]:
    """Ascending, at least two."""
    given = listed(widths, "widths", "give integers such as (64, 128, 256)")
    found = tuple(whole_number(width, "widths", 1, "give integers >= 1 such as (64, 128, 256)") for width in given)
    if len(set(found)) < 2 or len(set(found)) < len(found):
        raise InputError(f"widths = {shown(found)}; give at least two widths, each once: a law needs them")
    return tuple(sorted(found))
