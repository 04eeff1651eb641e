"""Tracing a forward pass while it runs at some inputs: torch.fx, with sizes that are numbers.

With sizes known, a forward pass may loop over them, unpack them and branch on them. What depends on the entries of a tensor is
not followed: a graph would hold for these inputs alone.
"""

from collections.abc import Iterator
from operator import attrgetter, getitem
from typing import Any

import torch
from torch import fx, nn

__all__ = ["traced"]


def traced(module: nn.Module, inputs: torch.Tensor) -> fx.Graph:
    """The graph of a module at inputs (n, ...); the shape of every tensor in it is in ``node.meta``."""
    return _Tracer(inputs).trace(module)


class _Proxy(fx.Proxy):
    """Stands for a tensor, or for a tuple with tensors in it, and knows what it is."""

    tracer: "_Tracer"

    def __getattr__(self, k: str) -> Any:
        value = getattr(self.tracer.values[self.node], k)
        if callable(value):
            return super().__getattr__(k)
        return self.tracer.create_proxy("call_function", getattr, (self, k), {}) if _holds_tensors(value) else value

    def __len__(self) -> int:
        return len(self.tracer.values[self.node])

    def __iter__(self) -> Iterator[Any]:
        return (self.tracer.create_proxy("call_function", getitem, (self, index), {}) for index in range(len(self)))


class _Tracer(fx.Tracer):
    """Runs every node as it is made."""

    def __init__(self, inputs: torch.Tensor) -> None:
        super().__init__()
        self.values: dict[fx.Node, Any] = {}
        self._inputs = [inputs]
        self._running = False

    def create_node(self, kind: str, target: Any, args: Any, kwargs: Any, *more: Any, **options: Any) -> fx.Node:
        node = super().create_node(kind, target, args, kwargs, *more, **options)
        if kind != "output":
            value = self.values[node] = self._run(node)
            if isinstance(value, torch.Tensor):
                node.meta["shape"] = value.shape
        return node

    def create_proxy(self, *args: Any, **options: Any) -> Any:
        """A stand-in for what has tensors in it; the value itself of what has none."""
        proxy = super().create_proxy(*args, **options)
        if _holds_tensors(value := self.values[proxy.node]):
            return proxy
        self.graph.erase_node(proxy.node)
        return value

    def proxy(self, node: fx.Node) -> fx.Proxy:
        return _Proxy(node, self)

    def _run(self, node: fx.Node) -> Any:
        args, kwargs = fx.map_arg((node.args, node.kwargs), self.values.__getitem__)
        self._running = True
        try:
            match node.op, node.target:
                case "placeholder", _:
                    return self._inputs.pop() if self._inputs else args[0]
                case "get_attr", str(name):
                    return attrgetter(name)(self.root)
                case "call_module", str(name):
                    return self.root.get_submodule(name).forward(*args, **kwargs)
                case "call_method", str(name):
                    return getattr(args[0], name)(*args[1:], **kwargs)
                case _, function:
                    return function(*args, **kwargs)  # type: ignore[operator]
        finally:
            self._running = False

    # while a node runs, the modules in it are no part of the graph

    def call_module(self, m: nn.Module, forward: Any, args: Any, kwargs: Any) -> Any:
        return forward(*args, **kwargs) if self._running else super().call_module(m, forward, args, kwargs)

    def getattr(self, attr: str, attr_val: Any, parameter_proxy_cache: Any) -> Any:
        return attr_val if self._running else super().getattr(attr, attr_val, parameter_proxy_cache)


def _holds_tensors(value: Any) -> bool:
    if isinstance(value, tuple | list):
        return any(map(_holds_tensors, value))
    return isinstance(value, torch.Tensor)
