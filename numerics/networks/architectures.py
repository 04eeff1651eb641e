r"""The architectures of :class:`phasetheory.Graph` as PyTorch modules whose parameters are the layers of the graph.

Each class says which shapes its layers have and what it makes of a batch. All weights are (fan_out, fan_in, ...), inputs of shape
(n, *inputs), biases (neurons,); there is no bias, gain or epsilon that the graph does not have. One output gives
(n,), several (n, k).
"""

import math
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np

from numerics.errors import InputError, missing_torch

try:
    import torch
    from torch import nn
    from torch.nn import functional
except ImportError as error:
    raise missing_torch("a network of this architecture") from error

__all__ = ["KINDS", "NORMALISATIONS", "Reference"]

Shape = tuple[int, ...]


def layer_norm(z: torch.Tensor) -> torch.Tensor:
    """Every sample over all its neurons and positions, without epsilon."""
    return functional.layer_norm(z, z.shape[1:], eps=0.0)


def batch_norm(z: torch.Tensor) -> torch.Tensor:
    """Every neuron over all samples and positions, without epsilon."""
    rest = [0, *range(2, z.ndim)]
    return (z - z.mean(rest, keepdim=True)) / z.std(rest, correction=0, keepdim=True)


#: What comes after every hidden layer of a normalised chain.
NORMALISATIONS: Mapping[str, Callable[[torch.Tensor], torch.Tensor]] = {"layer": layer_norm, "batch": batch_norm}


class Reference(nn.Module):
    """Base: a reading layer ``a`` above whatever comes before.

    Parameters
    ----------
    weights : mapping of str to float64 array
        The layers by name.
    alpha : float
        The output is divided by it.
    told : mapping
        The parameters of the architecture, numbers where they are scales.
    normalise : callable, optional
        See :data:`NORMALISATIONS`.
    """

    #: Axes of a sample, in words.
    sample: ClassVar[str]
    axes: ClassVar[tuple[int, ...]]

    def __init__(
        self,
        weights: Mapping[str, np.ndarray],
        alpha: float,
        told: Mapping[str, Any],
        normalise: Callable[[torch.Tensor], torch.Tensor] | None = None,
    ) -> None:
        super().__init__()
        for name, w in weights.items():
            self.register_parameter(name, nn.Parameter(torch.from_numpy(w)))
        self.names, self.alpha, self.told = tuple(weights), alpha, told
        self.normalise = normalise if normalise is not None else nn.Identity()

    @classmethod
    def shapes(cls, names: tuple[str, ...], told: Mapping[str, Any], inputs: Shape, width: int) -> dict[str, Shape]:
        """Shapes of the layers at a width, for samples of shape ``inputs``."""
        raise NotImplementedError

    def layer(self, name: str) -> torch.Tensor:
        """The parameter of this name, or what stands in for it in a functional call."""
        found: torch.Tensor = getattr(self, name)
        return found

    def features(self, x: torch.Tensor) -> torch.Tensor:
        """What the last layer reads, (n, fan_in)."""
        raise NotImplementedError

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The output (n,) or (n, k)."""
        # the output bias is divided by alpha too: it is a path to the output like others
        f = self.with_bias(self.features(x) @ self.layer("a").T, self.output_bias) / self.alpha
        return f.squeeze(1) if self.told["outputs"] == 1 else f

    def with_bias(self, z: torch.Tensor, name: str) -> torch.Tensor:
        """A bias added, if there is one of this name; neurons are the second axis."""
        if name not in self.told["biases"]:
            return z
        return z + self.layer(name).reshape(1, -1, *[1] * (z.ndim - 2))

    @property
    def output_bias(self) -> str:
        """The name that a bias of the output has."""
        return "ba"

    def enter(self, x: torch.Tensor, layer: str) -> torch.Tensor:
        """The first layer: of coordinates, or of token ids."""
        w = self.layer(layer)
        return x @ w.T if self.told.get("embedding") is None else functional.embedding(x, w.T)


class Chain(Reference):
    """Fully connected: samples (d,), with an embedding a token id each."""

    sample, axes = "(d,), or () for the token ids of an embedding", (0, 1)

    @classmethod
    def shapes(cls, names: tuple[str, ...], told: Mapping[str, Any], inputs: Shape, width: int) -> dict[str, Shape]:
        """W_l (m, fan_in), a (k, m), b_l (m,) or (k,)."""
        weights = [name for name in names if name not in told["biases"]]
        fans = [_entering(told, inputs, ()), *[width] * (len(weights) - 1), told["outputs"]]
        found: dict[str, Shape] = {w: (fans[i + 1], fans[i]) for i, w in enumerate(weights)}
        return found | {bias: (fans[int(bias[1:])],) for bias in told["biases"]}

    def hidden_layers(self) -> list[str]:
        """Names of W_1 ... W_(L-1)."""
        return [name for name in self.names if name not in self.told["biases"]][:-1]

    def features(self, x: torch.Tensor) -> torch.Tensor:
        """Relu of every layer."""
        h = x
        for number, layer in enumerate(self.hidden_layers(), start=1):
            z = self.enter(x, layer) if number == 1 else h @ self.layer(layer).T
            h = torch.relu(self.normalise(self.with_bias(z, f"b{number}")))
        return h

    @property
    def output_bias(self) -> str:
        """That of the last layer, b3 of three."""
        return f"b{self.told['depth']}"


class Convolutional(Chain):
    """Convolutions with zeros around: samples (channels, length) or (channels, height, breadth)."""

    sample, axes = "(channels, length) or (channels, height, breadth)", (2, 3)

    @classmethod
    def shapes(cls, names: tuple[str, ...], told: Mapping[str, Any], inputs: Shape, width: int) -> dict[str, Shape]:
        """W_l (m, channels, kernel) or (m, channels, side, side), a (k, m) or (k, m positions)."""
        weights = [name for name in names if name not in told["biases"]]
        sides = _sides(told["kernel"], len(inputs) - 1)
        positions = inputs[1:]
        found: dict[str, Shape] = {}
        for number, layer in enumerate(weights[:-1]):
            found[layer] = (width, width if number else inputs[0], *sides)
            positions = tuple(
                (p + 2 * (side // 2) - side) // told["stride"] + 1 for p, side in zip(positions, sides, strict=True)
            )
        read = width if told["pooling"] == "average" else width * math.prod(positions)
        found[weights[-1]] = (told["outputs"], read)
        last = told["depth"]
        return found | {b: (told["outputs"] if int(b[1:]) == last else width,) for b in told["biases"]}

    def features(self, x: torch.Tensor) -> torch.Tensor:
        """Relu of every convolution, then flattened or averaged over the positions."""
        convolve = functional.conv1d if x.ndim == 3 else functional.conv2d
        h = x
        for number, layer in enumerate(self.hidden_layers(), start=1):
            w = self.layer(layer)
            z = convolve(h, w, stride=self.told["stride"], padding=w.shape[-1] // 2)
            h = torch.relu(self.normalise(self.with_bias(z, f"b{number}")))
        return h.flatten(2).mean(2) if self.told["pooling"] == "average" else h.flatten(1)


class Recurrent(Reference):
    """h_t = relu(W h_(t-1) + U x_t + b), h_0 = 0: samples (T, d), or (T,) for the token ids of an embedding."""

    sample, axes = "(steps, d), or (steps,) for the token ids of an embedding", (1, 2)

    @classmethod
    def shapes(cls, names: tuple[str, ...], told: Mapping[str, Any], inputs: Shape, width: int) -> dict[str, Shape]:
        """U (m, d), W (m, m), b (m,), a (k, m), ba (k,)."""
        if inputs[0] != told["steps"]:
            raise InputError(f"inputs = {inputs}; the graph has {told['steps']} steps, which come first")
        found: dict[str, Shape] = {"U": (width, _entering(told, inputs, inputs[:1])), "W": (width, width)}
        found |= {"b": (width,), "a": (told["outputs"], width), "ba": (told["outputs"],)}
        return {name: found[name] for name in names}

    def features(self, x: torch.Tensor) -> torch.Tensor:
        """h_T."""
        entering = self.enter(x, "U")
        h = torch.relu(self.with_bias(entering[:, 0], "b"))
        for t in range(1, self.told["steps"]):
            h = torch.relu(self.with_bias(h @ self.layer("W").T + entering[:, t], "b"))
        return h


class Residual(Reference):
    """h_0 = relu(U x), then h + c relu(W h) or h + c V relu(W h), with biases: samples (d,), or () with an embedding."""

    sample, axes = "(d,), or () for the token ids of an embedding", (0, 1)

    @classmethod
    def shapes(cls, names: tuple[str, ...], told: Mapping[str, Any], inputs: Shape, width: int) -> dict[str, Shape]:
        """U (m, d), W_l and V_l (m, m), a (k, m); biases (m,), that of the output (k,)."""
        first: dict[str, Shape] = {"U": (width, _entering(told, inputs, ())), "a": (told["outputs"], width)}
        first |= {bias: (width,) for bias in told["biases"]} | {"ba": (told["outputs"],)}
        return {name: first.get(name, (width, width)) for name in names}

    def features(self, x: torch.Tensor) -> torch.Tensor:
        """h_B."""
        h = torch.relu(self.with_bias(self.enter(x, "U"), "bU"))
        for block in range(1, self.told["blocks"] + 1):
            branch = torch.relu(self.with_bias(h @ self.layer(f"W{block}").T, f"bW{block}"))
            if self.told["matrices"] == 2:
                branch = self.with_bias(branch @ self.layer(f"V{block}").T, f"bV{block}")
            h = h + self.told["multiplier"] * branch
        return h


class Attention(Reference):
    """Features relu(V sum_j p_j x_j), p = softmax of c (Q x_T).(K x_j): samples (T, d)."""

    sample, axes = "(positions, d)", (2,)

    @classmethod
    def shapes(cls, names: tuple[str, ...], told: Mapping[str, Any], inputs: Shape, width: int) -> dict[str, Shape]:
        """V, Q, K (m, d), a (k, m), bV and bQ (m,), ba (k,)."""
        others: dict[str, Shape] = {"a": (told["outputs"], width), "ba": (told["outputs"],)}
        others |= {"bV": (width,), "bQ": (width,)}
        return {name: others.get(name, (width, inputs[1])) for name in names}

    def features(self, x: torch.Tensor) -> torch.Tensor:
        """Relu of the values where the last position looks."""
        query, keys = self.with_bias(x[:, -1] @ self.layer("Q").T, "bQ"), x @ self.layer("K").T
        p = torch.softmax(self.told["multiplier"] * torch.einsum("nm,njm->nj", query, keys), dim=1)
        return torch.relu(self.with_bias(torch.einsum("nj,njd->nd", p, x) @ self.layer("V").T, "bV"))


#: Modules by the kind of :class:`phasetheory.Architecture`.
KINDS: Mapping[str, type[Reference]] = {
    "chain": Chain,
    "convolutional": Convolutional,
    "recurrent": Recurrent,
    "residual": Residual,
    "attention": Attention,
}


def _entering(told: Mapping[str, Any], inputs: Shape, before: Shape) -> int:
    """The fan_in of the first layer: coordinates of the last axis of a sample, or words, after the axes ``before``."""
    vocabulary = told.get("embedding")
    wanted = len(before) + (vocabulary is None)
    if len(inputs) != wanted:
        what = "d coordinates" if vocabulary is None else "token ids"
        raise InputError(f"inputs = {inputs}; give the {wanted} axes of a sample of {what}")
    return inputs[-1] if vocabulary is None else int(vocabulary)


def _sides(kernel: int, dimensions: int) -> Shape:
    """The sides of a kernel with so many entries."""
    side = round(kernel ** (1 / dimensions))
    if side**dimensions != kernel or side % 2 == 0:
        raise InputError(
            f"kernel = {kernel} in {dimensions} dimensions; give an odd number of entries along each, 3 or 9"
        )
    return (side,) * dimensions
