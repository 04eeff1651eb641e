"""The public names of a package, imported when they are asked for: who asks for one does not wait for all the others."""

import ast
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

__all__ = ["public_names"]


def public_names(package: str) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """``__getattr__``, ``__dir__`` and ``__all__`` of a package, from the imports and the list in its ``__init__.pyi``.

    The file is that of the type checkers, so that a name is written down once.

    Parameters
    ----------
    package : str
        Its ``__name__``.
    """
    module = sys.modules[package]
    stub = Path(str(module.__file__)).with_suffix(".pyi")
    homes: dict[str, str] = {}
    listed: list[str] = []
    for line in ast.parse(stub.read_text(encoding="utf-8")).body:
        match line:
            case ast.ImportFrom(module=str(home), names=names):
                homes |= dict.fromkeys((name.name for name in names), home)
            case ast.Assign(value=value):
                listed = ast.literal_eval(value)

    for name in listed:
        # a name that is its folder's too: the folder takes its place when it is imported, which happens once
        if homes[name].startswith(f"{package}.{name}."):
            import_module(f"{package}.{name}")
            delattr(module, name)

    def get(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        home = homes[name]
        value = import_module(f"{package}.{name}") if home == package else getattr(import_module(home), name)
        setattr(module, name, value)  # from now on found without a search
        return value

    return get, lambda: sorted({*vars(module), *listed}), listed
