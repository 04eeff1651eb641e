"""From a module to the theory's graph: a trace says what is computed, every tensor is the layers that lead to it.

A tensor is read as a *signal*: the parts it has gone through, one after the other. A part is a layer (the name of its weights),
a bias that was added, a fixed factor, a normalisation, a mean by attention, or a fork, signals side by side whose sum goes on. A
sum of two signals keeps what they have in common before the fork, so that residual and recurrent networks of any length stay
short, and adds what biases they end in behind it. The gains of normalisations are on no path; what they do to the slopes is left
out, and said. What cannot be read is named; then there is no graph.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import fx, nn

from numerics.pytorch.tracer import traced

__all__ = ["Attended", "Factor", "Fork", "Normalised", "Part", "Reading", "Shift", "Signal", "layers_of", "read_module"]


@dataclass(frozen=True)
class Shift:
    """A bias, added; whether a relu follows directly."""

    bias: str
    relu: bool = False


@dataclass(frozen=True)
class Factor:
    """A fixed factor: which of the module's, in the order of its forward pass."""

    index: int


@dataclass(frozen=True)
class Normalised:
    """A normalisation: which of the module's, in the order of its forward pass."""

    index: int


@dataclass(frozen=True)
class Fork:
    """Signals side by side, summed."""

    branches: tuple["Signal", ...]
    depth: int = field(init=False, compare=False, repr=False)  #: of forks within forks

    def __post_init__(self) -> None:
        parts = (part for branch in self.branches for part in branch)
        depth = 1 + max((part.depth for part in parts if isinstance(part, Fork)), default=0)
        object.__setattr__(self, "depth", depth)


@dataclass(frozen=True)
class Attended:
    """A mean over positions, with the shares softmax(query . key): of what is on the way to these, a share sees no size."""

    query: "Signal"
    key: "Signal"


Part = str | Shift | Factor | Normalised | Attended | Fork
Signal = tuple[Part, ...]


@dataclass(frozen=True)
class Reading:
    """What was read in a module.

    Attributes
    ----------
    signal : tuple of parts, or None
        Of the output; None where something could not be read.
    factors : list of float
        The fixed factors.
    features : list of int
        Over how many each normalisation goes.
    averages : list of float
        Over how many entries each pooling, mean or sum goes.
    biases : set of str
        What is added.
    gains : set of str
        What is on no path: gains and shifts of normalisations, queries and keys, what is added to the inputs.
    unread : list of str
        What could not be read, by name.
    """

    signal: Signal | None = None
    factors: list[float] = field(default_factory=list)
    features: list[int] = field(default_factory=list)
    averages: list[float] = field(default_factory=list)
    biases: set[str] = field(default_factory=set)
    gains: set[str] = field(default_factory=set)
    unread: list[str] = field(default_factory=list)


def read_module(module: nn.Module, inputs: torch.Tensor) -> Reading:
    """Read a module's forward pass at some inputs (n, ...)."""
    try:
        graph = traced(module, inputs)
    except Exception as error:  # a user's forward pass may do anything with the stand-ins that it is traced with
        return Reading(unread=[f"the forward pass, which torch.fx does not follow ({_told(error)})"])
    reader = _Reader(module)
    for node in graph.nodes:
        reader.step(node)
    if not reader.found.unread and not isinstance(reader.output, tuple):
        reader.found.unread.append("the output, which no layer leads to")
    reader.found.gains.difference_update(layers_of(reader.output or ()))
    return reader.found if reader.found.unread else replace(reader.found, signal=reader.output)


def layers_of(signal: Signal) -> Iterator[str]:
    """The layers of a signal, as they come."""
    for part in signal:
        if isinstance(part, str):
            yield part
        elif isinstance(part, Fork):
            for branch in part.branches:
                yield from layers_of(branch)


@dataclass(frozen=True)
class _Weights:
    """A parameter that the forward pass takes by itself, or a part of it."""

    name: str
    whole: bool = True


@dataclass(frozen=True)
class _Products:
    """Two signals multiplied with each other: logits, if a softmax comes next, which makes shares of them."""

    query: Signal
    key: Signal
    shares: bool = False


class _Nothing:
    """A tensor of zeros, to which no path leads."""


class _Constant:
    """Any other tensor that is neither computed from the inputs nor trained."""


_NOTHING, _CONSTANT = _Nothing(), _Constant()

_POOLS = (
    nn.MaxPool1d, nn.MaxPool2d, nn.AvgPool1d, nn.AvgPool2d, nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d,
    nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d,
)  # fmt: skip
_AVERAGES = {
    "max_pool1d", "max_pool2d", "avg_pool1d", "avg_pool2d", "adaptive_avg_pool1d", "adaptive_avg_pool2d",
    "adaptive_max_pool1d", "adaptive_max_pool2d", "boolean_dispatch", "mean", "sum",
}  # fmt: skip
_RELU_MODULES, _RELUS = (nn.ReLU, nn.LeakyReLU), {"relu", "relu_", "leaky_relu"}
#: Maps of degree 1 that leave exponents alone.
_PLAIN_MODULES = (
    nn.Identity, nn.Flatten, nn.Unflatten, nn.Dropout, nn.Dropout1d, nn.Dropout2d, *_POOLS,
)  # fmt: skip
_PLAIN = _AVERAGES | {
    "flatten", "reshape", "view", "transpose", "t", "permute", "squeeze", "unsqueeze", "getitem",
    "contiguous", "dropout", "neg", "clone", "select", "to", "float", "double", "chunk", "split", "unbind", "expand", "getattr",
}  # fmt: skip
_SUMS = {"add", "iadd", "add_", "sub", "isub"}
_PRODUCTS = {"mul", "imul", "mul_", "truediv", "itruediv", "div", "div_"}
_NORMS = (nn.LayerNorm, nn.BatchNorm1d, nn.BatchNorm2d)
#: What leaves shares and logits what they are.
_ON_PRODUCTS = {
    "masked_fill", "masked_fill_", "dropout", "getitem", "squeeze", "unsqueeze", "transpose", "permute", "view", "reshape",
    "flatten", "contiguous", "float", "double", "to",
}  # fmt: skip
_MATRIX_PRODUCTS = {"matmul", "bmm"}
_LINEAR = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Embedding)
_ZEROS = {"zeros", "zeros_like", "new_zeros"}
_APPLIED = {"linear", "conv1d", "conv2d", "matmul", "mm", "embedding"}
_AS = {"to", "type_as", "view_as", "reshape_as", "expand_as"}  # another tensor, which tells no more than type and shape
_STEPS = 64  # of a recurrence that are followed


class _Reader:
    """Goes through the nodes of a trace and keeps the signal of each."""

    def __init__(self, module: nn.Module) -> None:
        self._module = module
        self._names = {id(p): name for name, p in module.named_parameters()}
        self._signals: dict[fx.Node, Any] = {}
        self.found, self.output = Reading(), None

    def step(self, node: fx.Node) -> None:
        """Read one node."""
        match node.op:
            case "placeholder":
                self._signals[node] = ()
            case "output":
                self.output = self._of(node.args[0])
            case "get_attr":
                self._signals[node] = self._attribute(str(node.target))
            case "call_module":
                self._signals[node] = self._called(node, self._module.get_submodule(str(node.target)))
            case _:
                name = (
                    node.target if isinstance(node.target, str) else getattr(node.target, "__name__", str(node.target))
                )
                self._signals[node] = self._function(node, str(name))

    def _of(self, value: Any) -> Any:
        return self._signals.get(value) if isinstance(value, fx.Node) else value

    def _unread(self, what: str) -> Any:
        """Note what cannot be read; its signal is None."""
        if what not in self.found.unread:
            self.found.unread.append(what)
        return None

    def _attribute(self, path: str) -> Any:
        value: Any = self._module
        for name in path.split("."):
            value = getattr(value, name)
        if id(value) in self._names:
            return _Weights(self._names[id(value)])
        return _CONSTANT if value.any() else _NOTHING

    def _called(self, node: fx.Node, part: nn.Module) -> Any:
        signal, what = self._of(node.args[0]), f"{node.target} ({type(part).__name__})"
        if isinstance(signal, _Products) and isinstance(part, nn.Softmax | nn.Dropout | nn.Identity):
            return replace(signal, shares=True) if isinstance(part, nn.Softmax) else signal
        if not isinstance(signal, tuple):
            return self._unread(what) if isinstance(signal, _Products) else signal  # of nothing, or not read before
        if isinstance(part, _LINEAR):
            if getattr(part, "groups", 1) != 1:
                return self._unread(f"{what} with groups")
            return self._with_bias((*signal, self._names[id(part.weight)]), getattr(part, "bias", None))
        if isinstance(part, _NORMS):
            return self._normalised(signal, part)
        if isinstance(part, nn.RNNCell | nn.RNN) and part.nonlinearity == "relu":
            return self._recurrent(node, signal, part, what)
        if isinstance(part, _RELU_MODULES):
            return _kinked(signal)
        if isinstance(part, _PLAIN_MODULES):
            if isinstance(part, _POOLS):
                self._note_average(node)
            return signal
        return self._unread(what)

    def _with_bias(self, signal: Signal, *biases: Any) -> Signal:
        """A signal to which biases are added."""
        names = [self._names[id(p)] for p in biases if id(p) in self._names]
        (self.found.biases if signal else self.found.gains).update(names)
        return (*signal, *map(Shift, names)) if signal else signal

    def _note_average(self, node: fx.Node) -> None:
        """Over how many entries a map of degree 1 goes: it leaves exponents alone if that is the same at all widths."""
        before, after = (own.meta["shape"].numel() for own in (node.all_input_nodes[0], node))
        self.found.averages.append(before / after)

    def _normalised(self, signal: Signal, part: Any) -> Signal:
        self.found.gains.update({self._names[id(p)] for p in (part.weight, part.bias) if id(p) in self._names})
        return self._over(signal, part.num_features if hasattr(part, "num_features") else part.normalized_shape[-1])

    def _over(self, signal: Signal, features: int) -> Signal:
        self.found.features.append(features)
        return (*signal, Normalised(len(self.found.features) - 1))

    def _recurrent(self, node: fx.Node, signal: Signal, part: Any, what: str) -> Signal | None:
        """A cell's next state, or the last of a sequence: one fork for each step behind it."""
        if isinstance(part, nn.RNN) and (part.num_layers > 1 or part.bidirectional):
            return self._unread(f"{what} of several layers or directions")
        suffix = "" if isinstance(part, nn.RNNCell) else "_l0"
        into, again = (self._names[id(getattr(part, f"weight_{kind}{suffix}"))] for kind in ("ih", "hh"))
        before = self._of(node.args[1]) if len(node.args) > 1 else self._of(node.kwargs.get("hx", _NOTHING))
        biases = [getattr(part, f"bias_{kind}{suffix}") for kind in ("ih", "hh")] if part.bias else []

        def next_state(state: Any) -> Any:
            whole = self._sum((*signal, into), (*state, again) if isinstance(state, tuple) else _NOTHING)
            return None if whole is None else _kinked(self._with_bias(whole, *biases))

        if isinstance(part, nn.RNNCell):
            return next_state(before)
        if before is not None and not isinstance(before, _Nothing):
            return self._unread(f"{what} with a state at the start")
        shape = node.all_input_nodes[0].meta["shape"]
        steps = shape[-2] if part.batch_first or len(shape) == 2 else shape[0]
        state: Any = next_state(_NOTHING)
        for _ in range(steps - 1):
            state = None if state is None else next_state(state)
        return state

    def _sum(self, one: Any, other: Any) -> Any:
        """Two signals added: what they have in common, a fork, and the biases at the ends of both."""
        if isinstance(one, _Nothing) or isinstance(other, _Nothing):
            return one if isinstance(other, _Nothing) else other
        common = 0
        while common < min(len(one), len(other)) and one[common] == other[common]:
            common += 1
        (first, shifts), (second, more) = _apart(one[common:]), _apart(other[common:])
        if not first and not second:  # the same signal twice
            return (*one[:common], *shifts, *more)
        fork = Fork((first, second))
        if fork.depth >= _STEPS:
            return self._unread(f"a recurrence of more than {_STEPS} steps")
        return (*one[:common], fork, *shifts, *more)

    def _function(self, node: fx.Node, name: str) -> Any:
        if name in _ZEROS:
            return _NOTHING
        if name == "scaled_dot_product_attention":
            return self._attention(node)
        given = [self._of(value) for value in node.args[:2]]
        if any(isinstance(value, _Products) for value in given):
            return self._of_products(node, name, given)
        if name in _MATRIX_PRODUCTS and len(given) == 2 and all(isinstance(value, tuple) for value in given):
            return _Products(*given)
        known = [self._signals.get(value) for value in node.all_input_nodes]
        signals = [value for value in known if isinstance(value, tuple | _Nothing)]
        weights = [value for value in known if isinstance(value, _Weights)]
        if name == "layer_norm" and isinstance(given[0], tuple):
            self.found.gains.update(weight.name for weight in weights)
            return self._over(given[0], node.meta["shape"][-1])
        if any(value is None for value in known):
            return None  # of what was not read before
        if all(isinstance(value, _Constant) for value in known):
            return _CONSTANT
        if weights and not signals and name in ("t", "transpose", "getattr"):
            return weights[0]
        if weights and not signals and name in ("getitem", "unsqueeze", "expand"):
            return replace(weights[0], whole=False)  # it may be added; of stacked matrices each would be another layer
        if name in _APPLIED and all(value.whole for value in weights) and weights and len(signals) == 1:
            biases = [self._module.get_parameter(value.name) for value in weights[1:]]
            entered = signals[0]
            return entered if isinstance(entered, _Nothing) else self._with_bias((*entered, weights[0].name), *biases)
        if name in _SUMS and len(signals) == 1 and len(weights) == 1:
            shifted, bias = signals[0], self._module.get_parameter(weights[0].name)
            return self._unread(_said(name)) if isinstance(shifted, _Nothing) else self._with_bias(shifted, bias)
        if name in _SUMS and len(node.args) == 2 and signals and not weights:
            values = [self._of(value) for value in node.args]
            return (
                self._sum(*values)
                if all(isinstance(v, tuple | _Nothing) for v in values)
                else self._unread(_said(name))
            )
        if name in ("cat", "stack"):
            return self._all(signals) if len(signals) == len(known) else self._unread(_said(name))
        if name in _PRODUCTS and len(signals) == 1 and not weights:
            return self._scaled(node, signals[0], name)
        if name in _RELUS and len(signals) == 1:
            return _kinked(given[0])
        if name in _PLAIN and (len(signals) == 1 or name in _AS):
            if name in _AVERAGES:
                self._note_average(node)
            return given[0]
        return self._unread(_said(name)) if signals or weights else None

    def _attention(self, node: fx.Node) -> Any:
        given = [value for value in map(self._of, node.args[:3]) if isinstance(value, tuple)]
        scale: Any = node.kwargs.get("scale")
        if len(given) < 3 or isinstance(scale, fx.Node):
            return self._unread(_said("scaled_dot_product_attention"))
        query, key, values = given
        shape = node.all_input_nodes[0].meta["shape"]
        self.found.factors.append(shape[-1] ** -0.5 if scale is None else scale)
        return self._attended(_Products((*query, Factor(len(self.found.factors) - 1)), key, shares=True), values)

    def _of_products(self, node: fx.Node, name: str, given: Sequence[Any]) -> Any:
        """Logits on their way to a softmax, or shares on theirs to the values."""
        products = next(value for value in given if isinstance(value, _Products))
        other = next((value for value in given if value is not products), products)
        if name in _ON_PRODUCTS or (name in _SUMS and isinstance(other, _Nothing | _Constant)):  # a mask
            return products
        if products.shares:
            if name in _MATRIX_PRODUCTS | {"mul"} and isinstance(other, tuple):
                return self._attended(products, other)
        elif name == "softmax":
            return replace(products, shares=True)
        elif name in _PRODUCTS and isinstance(other, int | float):
            query = self._scaled(node, products.query, name)
            return query if query is None else replace(products, query=query)
        return self._unread(_said(name))

    def _attended(self, shares: _Products, values: Signal) -> Signal:
        self.found.gains.update(layers_of((*shares.query, *shares.key)))
        return (*values, Attended(shares.query, shares.key))

    def _all(self, signals: Sequence[Any]) -> Any:
        whole: Any = _NOTHING
        for signal in signals:
            whole = self._sum(whole, signal) if whole is not None else None
        return whole

    def _scaled(self, node: fx.Node, signal: Any, name: str) -> Any:
        """A signal times a fixed number, or over one."""
        numbers = [value for value in map(self._of, node.args) if isinstance(value, int | float) and value]
        over = "div" in name
        if isinstance(signal, _Nothing) or len(numbers) != 1 or (over and not isinstance(node.args[0], fx.Node)):
            return signal if isinstance(signal, _Nothing) else self._unread(_said(name))
        self.found.factors.append(abs(1 / numbers[0] if over else numbers[0]))
        return (*signal, Factor(len(self.found.factors) - 1))


def _apart(signal: Signal) -> tuple[Signal, Signal]:
    """A signal, and the biases that it ends in."""
    end = len(signal)
    while end and isinstance(signal[end - 1], Shift):
        end -= 1
    return signal[:end], signal[end:]


def _kinked(signal: Any) -> Any:
    """A signal behind a relu, which follows directly on the biases that it ends in."""
    if not isinstance(signal, tuple):
        return signal
    before, shifts = _apart(signal)
    return (*before, *(replace(part, relu=True) for part in shifts if isinstance(part, Shift)))


def _said(name: str) -> str:
    return f"{name} in the forward pass"


def _told(error: Exception) -> str:
    """An error in a line."""
    first = str(error).partition("\n")[0]
    return f"{type(error).__name__}: {first}" if first else type(error).__name__
