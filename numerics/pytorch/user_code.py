"""A factory in a file of the user's, with an optimiser by name: what a command works with; their errors are shown as theirs."""

import contextlib
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import sympy as sp
import torch
from torch import nn

import phasetheory as pt
from numerics.errors import InputError, check_choice
from numerics.pytorch.draws import Factory, check_factory
from numerics.pytorch.laws import MakeOptimizer
from phasetheory.symbols.expressions import as_scale

__all__ = ["OPTIMIZERS", "UserCodeError", "locate_factory", "read_factory", "running", "with_rate"]

#: Optimisers by name.
OPTIMIZERS = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam, "adamw": torch.optim.AdamW}
_WIDTH = "_width_of_the_factory"  # where a module of a command keeps it


class UserCodeError(InputError):
    """The user's code raised an error, which has been shown."""


@contextlib.contextmanager
def running(file: Path) -> Iterator[None]:
    """Where code of a file is run: it finds its neighbours, what it prints goes to stderr, its errors are shown from there on."""
    folder = str(file.resolve().parent)
    sys.path.insert(0, folder)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    except (Exception, SystemExit) as error:
        raised = error.__cause__ if isinstance(error, InputError) and error.__cause__ is not None else error
        if not _show(raised, file):
            raise
        raise UserCodeError(f"{file} raised {type(raised).__name__}; its own lines are above") from None
    finally:
        with contextlib.suppress(ValueError):
            sys.path.remove(folder)


def locate_factory(source: str) -> tuple[Path, str]:
    """The file and the name in ``path/to/model.py:factory``; the file is there."""
    text, colon, name = source.rpartition(":")
    if not colon or not text or not name.isidentifier():
        raise InputError(
            f"{source}: give a file and the function in it that builds the model, such as model.py:factory"
        )
    file = Path(text)
    if not file.is_file():
        raise InputError(f"{text} is no file; give a Python file and a function in it, such as model.py:factory")
    return file, name


def read_factory(file: Path, name: str) -> Factory:
    """Run a file and take a function from it."""
    module = ModuleType(file.stem)
    module.__file__ = str(file)
    exec(compile(file.read_bytes(), str(file), "exec"), module.__dict__)
    if not hasattr(module, name):
        known = [key for key, value in vars(module).items() if callable(value) and not key.startswith("_")]
        raise InputError(f"{file} has no {name}; it has {', '.join(known) or 'no function'}")
    found: Factory = getattr(module, name)
    return found


def with_rate(factory: Factory, optimizer: str, rate: str) -> tuple[Factory, MakeOptimizer]:
    """A factory that remembers widths, and an optimiser whose rate is a formula in the width m."""
    check_choice(optimizer, "optimizer", OPTIMIZERS)
    formula = as_scale(rate, name="rate")
    if unknown := formula.free_symbols - {pt.m}:
        raise InputError(f"rate = {rate} has {min(map(str, unknown))}; give a formula in the width m such as 1/m")
    check_factory(factory)

    def build(width: int) -> Any:
        module = factory(width)
        if isinstance(module, nn.Module):
            setattr(module, _WIDTH, width)  # a copy has it too
        return module

    def make(module: nn.Module) -> torch.optim.Optimizer:
        width = sp.Integer(getattr(module, _WIDTH))
        return OPTIMIZERS[optimizer](module.parameters(), float(formula.subs(pt.m, width)))

    return build, make


def _show(error: BaseException, file: Path) -> bool:
    """Print an error as Python does, from the first line in the file on; whether there is any."""
    frames = traceback.extract_tb(error.__traceback__)
    own = next((index for index, frame in enumerate(frames) if Path(frame.filename) == file), None)
    syntax = isinstance(error, SyntaxError) and error.filename == str(file)
    if own is None and not syntax:
        return False
    rows = traceback.format_list(frames[own:]) if own is not None else []
    head = ["Traceback (most recent call last):\n"] if rows else []
    print("".join([*head, *rows, *traceback.format_exception_only(error)]), end="", file=sys.stderr)
    return True
