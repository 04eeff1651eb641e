"""Mappings that cannot be written to, and can be sent to another process."""

import copyreg
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

__all__ = ["read_only"]


def read_only(mapping: Mapping[str, Any]) -> "MappingProxyType[str, Any]":
    """A read-only copy.

    Examples
    --------
    >>> import pickle
    >>> pickle.loads(pickle.dumps(read_only({"U": 1})))["U"]
    1
    """
    return MappingProxyType(dict(mapping))


def _reduced(mapping: "MappingProxyType[str, Any]") -> Any:
    return read_only, (dict(mapping),)


copyreg.pickle(MappingProxyType, _reduced)
