"""What the functions of both packages return cannot be changed afterwards: a result is a frozen dataclass."""

import dataclasses
import importlib
import inspect
import pkgutil

import pytest

import numerics
import phasetheory
from numerics.flow.controller import PIController

MUTABLE = {PIController}  # keeps the error of the step before


def imported(name):
    try:
        return importlib.import_module(name)
    except ImportError:  # an extra that is not installed here
        return None


def dataclasses_of(package):
    names = [info.name for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")]
    for module in filter(None, map(imported, names)):
        for _, kind in inspect.getmembers(module, inspect.isclass):
            if dataclasses.is_dataclass(kind) and kind.__module__ == module.__name__:
                yield kind


@pytest.mark.parametrize("package", [phasetheory, numerics])
def test_every_dataclass_is_frozen_but_those_that_are_meant_to_change(package):
    found = set(dataclasses_of(package))
    assert len(found) > 20
    assert {kind for kind in found if not kind.__dataclass_params__.frozen} <= MUTABLE
