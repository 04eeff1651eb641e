"""Modules read by torch.fx are the graphs that the theory's constructors make, and what cannot be read is named."""

import re

import numpy as np
import pytest

import numerics as nm
import phasetheory as pt

torch = pytest.importorskip("torch")

from numerics.pytorch.draws import draws_at  # noqa: E402
from numerics.pytorch.graph import family_of  # noqa: E402
from numerics.pytorch.laws import laws_of  # noqa: E402
from numerics.pytorch.trace import read_module  # noqa: E402

nn, F = torch.nn, torch.nn.functional
WIDTHS = (16, 32, 64, 128)
VECTORS, SEQUENCES, IMAGES = torch.zeros(3, 10), torch.zeros(3, 4, 2), torch.zeros(3, 1, 8, 8)


def filled(module, **powers):
    """Parameters whose names begin so, filled with numbers of standard deviation m^p; all others of deviation 1/sqrt(m)."""
    for name, p in module.named_parameters():
        power = next((value for start, value in powers.items() if name.startswith(start)), -0.5)
        nn.init.normal_(p, std=module.width**power)
    return module


def family(factory, inputs, rates=None):
    modules = draws_at(factory, WIDTHS, 16)
    laws = {law.name: law for law in laws_of(modules, WIDTHS)}
    rates = {} if rates is None else {law.name: law for law in nm.pytorch.rate_laws(factory, rates, widths=WIDTHS)}
    given = inputs if inputs.dtype == torch.int64 else inputs.double()
    return family_of([read_module(row[0], given) for row in modules], WIDTHS, laws, rates)


def slopes_of_weights(found):
    slopes = found.graph.slopes()
    return {name: slopes[name] for name in found.chain}


def of_biases(graph, norm="frobenius"):
    return {
        name: slope for name, slope in graph.slopes(norm).items() if "bias" in name or re.match(r"b([UWa]|\d|$)", name)
    }


def of_weights(graph, norm="frobenius"):
    return {name: slope for name, slope in graph.slopes(norm).items() if name not in of_biases(graph)}


class Net(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.width = width
        self.first, self.last = nn.Linear(10, width), nn.Linear(width, 1)
        self.build(width)

    def build(self, width):
        self.middle = nn.Linear(width, width)

    def forward(self, x):
        return self.last(F.relu(self.middle(torch.relu(self.first(x))))).squeeze(-1)


class Residual(Net):
    def build(self, width):
        self.blocks = nn.ModuleList([nn.Linear(width, width) for _ in range(12)])

    def forward(self, x):
        h = self.first(x)
        for block in self.blocks:
            h = h + F.relu(block(h)) * self.width**-0.5
        return self.last(h)


class Recurrent(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.width = width
        self.cell = nn.RNN(2, width, nonlinearity="relu", batch_first=True)
        self.last = nn.Linear(width, 1)

    def forward(self, x):
        return self.last(self.cell(x)[0][:, -1])


class Cell(Recurrent):
    def __init__(self, width):
        super().__init__(width)
        self.cell = nn.RNNCell(2, width, nonlinearity="relu")

    def forward(self, x):
        h = x.new_zeros(x.size(0), self.width)
        for step in range(4):
            h = self.cell(x[:, step], h)
        return self.last(h)


class Unrolled(Cell):
    """A loop over sizes, which are asked for in many ways."""

    def forward(self, x):
        batch, steps, _ = x.shape
        h = torch.zeros(batch, self.width).to(x)
        for step in range(steps):
            h = self.cell(x[:, step], h)
        return self.last(h).view(len(x), -1)


class Iterated(Cell):
    def forward(self, x, h=None):
        if x.dim() == 3 and h is None:
            for entries in x.unbind(1):
                h = self.cell(entries, h)
        return self.last(h)


class Written(Cell):
    """The same, written out."""

    def forward(self, x):
        cell = self.cell
        h = torch.relu(F.linear(x[:, 0], cell.weight_ih, cell.bias_ih) + cell.bias_hh)
        for step in range(1, 4):
            h = (F.linear(x[:, step], cell.weight_ih, cell.bias_ih) + F.linear(h, cell.weight_hh, cell.bias_hh)).relu()
        return self.last(h)


class Convolutional(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.width = width
        self.first, self.second = nn.Conv2d(1, width, 3), nn.Conv2d(width, width, 3, stride=2)
        self.last = nn.Linear(width, 1)

    def forward(self, x):
        h = F.max_pool2d(F.relu(self.first(x)), 2)
        return self.last(torch.flatten(F.adaptive_avg_pool2d(F.relu(self.second(h)), 1), 1))


class Reused(Net):
    def forward(self, x):
        h = self.first(x).relu()
        return self.last(self.middle(self.middle(h).relu()).relu())


class Bare(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.width = width
        self.W, self.b, self.a = (nn.Parameter(torch.zeros(*shape)) for shape in ((10, width), (width,), (width,)))

    def forward(self, x):
        return torch.relu(x @ self.W + self.b) @ self.a / self.width


def test_a_chain():
    found = family(lambda m: filled(Net(m), first=-0.25, middle=-0.75), VECTORS)
    scales = ("m^(-1/4)", "m^(-3/4)", "m^(-1/2)")
    expected, shifted = pt.Network(scales), pt.fully_connected(scales, biases=scales)
    assert found.unread == ()
    assert found.beside == ()
    assert list(of_biases(found.graph)) == ["first.bias", "middle.bias", "last.bias"]
    assert list(of_biases(found.graph).values()) == list(of_biases(shifted).values())
    for norm in ("frobenius", "spectral"):
        assert [found.graph.slopes(norm)[f"{n}.weight"] for n in ("first", "middle", "last")] == list(
            expected.slopes(norm).values()
        )
    under_adam = found.graph.slopes(optimizer="adam")
    assert [under_adam[name] for name in found.chain] == list(expected.slopes(optimizer="adam").values())


def test_twelve_residual_blocks():
    found = family(lambda m: filled(Residual(m), first=-1, blocks=0.25, last=-1), VECTORS)
    expected = pt.residual("1/m", "m^(1/4)", "1/m", blocks=12, multiplier="1/sqrt(m)", biases=("1/m", "m^(1/4)", "1/m"))
    for slopes in (of_weights, of_biases):
        assert list(slopes(found.graph).values()) == list(slopes(expected).values())


@pytest.mark.parametrize("kind", [Recurrent, Cell, Unrolled, Iterated, Written])
def test_recurrent_networks_of_four_steps(kind):
    found = family(
        lambda m: filled(kind(m), **{"cell.weight_ih": -1.5, "cell.weight_hh": -0.25, "last": -1.5}), SEQUENCES
    )
    for norm in ("frobenius", "spectral"):
        expected = pt.recurrent("m^(-3/2)", "m^(-1/4)", "m^(-3/2)", steps=4, biases=("m^(-1/2)", "m^(-3/2)"))
        assert list(of_weights(found.graph, norm).values()) == list(of_weights(expected, norm).values())
        # two biases are added in every step
        into, again, last = of_biases(found.graph, norm).values()
        assert [into, again, last] == [of_biases(expected, norm)[name] for name in ("b", "b", "ba")]


def test_a_convolutional_network_with_pooling():
    found = family(lambda m: filled(Convolutional(m), first=-1, second=-0.75, last=-0.75), IMAGES)
    expected = pt.convolutional(("1/m", "m^(-3/4)", "m^(-3/4)")).slopes()
    assert list(slopes_of_weights(found).values()) == list(expected.values())


def test_a_module_that_is_used_twice():
    found = family(lambda m: filled(Reused(m), first=-1, last=-1), VECTORS)
    layers = {
        "first": pt.Layer("1/m", 1, "m"),
        "middle": pt.Layer("1/sqrt(m)", "m", "m"),
        "last": pt.Layer("1/m", "m", 1),
    }
    expected = pt.Graph(layers, [pt.Path({"first": 1, "middle": 2, "last": 1})]).slopes()
    assert {name.removesuffix(".weight"): slope for name, slope in of_weights(found.graph).items()} == expected
    assert {"first.bias", "middle.bias", "last.bias"} < set(found.graph.layers)


def test_parameters_without_a_module_and_a_fixed_factor():
    found = family(lambda m: filled(Bare(m), W=0, a=0), VECTORS)
    assert slopes_of_weights(found) == {"W": 0, "a": 0}
    assert str(found.factors[0]) == "m^-1"
    assert found.beside == ()
    assert found.capacities({"W": np.full(4, 2.0), "a": np.array([8.0, 16.0, 32.0, 64.0])}) == [1.0] * 4


class FunctionalNorm(nn.Module):
    """As people write it, with a gain and without a shift."""

    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return F.layer_norm(x, self.weight.shape, self.weight, None, 1e-5)


@pytest.mark.parametrize("norm", [nn.LayerNorm, FunctionalNorm])
def test_layer_normalisation(norm):
    def factory(width):
        model = nn.Sequential(
            nn.Linear(10, width), norm(width), nn.ReLU(), nn.Linear(width, width), norm(width), nn.ReLU(),
            nn.Linear(width, 1),
        )  # fmt: skip
        model.width = width
        return filled(model, **{"0.": -0.5, "3.": -1, "6.": -1.5})

    found = family(factory, VECTORS)
    expected = pt.fully_connected(("m^(-1/2)", "1/m", "m^(-3/2)"), layer_norm=True).slopes()
    assert list(of_weights(found.graph).values()) == list(expected.values())
    assert list(of_biases(found.graph)) == ["6.bias"]  # those before a normalisation do not count
    assert found.normalised
    assert {"1.weight", "4.weight"} < set(found.beside)


def test_rates_are_absorbed_and_a_layer_at_zero_is_its_own_case():
    def rates(model):
        groups = [{"params": [p], "lr": 1 / model.width if "first" in n else 1.0} for n, p in model.named_parameters()]
        return torch.optim.SGD(groups, 1.0)

    found = family(lambda m: filled(Net(m), first=0), VECTORS, rates)
    expected = pt.Network((1, "1/sqrt(m)", "1/sqrt(m)"), learning_rates=("1/m", 1, 1)).slopes()
    assert sorted(map(str, slopes_of_weights(found).values())) == sorted(map(str, expected.values()))

    def with_zero(width):
        module = filled(Net(width))
        nn.init.zeros_(module.last.weight)
        return module

    assert str(family(with_zero, VECTORS).graph.slopes()["last.weight"]) == "oo"


class Attention(Net):
    def build(self, width):
        self.mix = nn.MultiheadAttention(width, 4, batch_first=True)

    def forward(self, x):
        h = self.first(x[:, None])
        return self.last((h + self.mix(h, h, h)[0])[:, 0])


class Mean(Net):
    def forward(self, x):
        return self.first(x).relu().mean(-1)


class Gated(Net):
    def forward(self, x):
        h = self.first(x)
        return self.last(h * torch.relu(h))


class Branching(Net):
    def forward(self, x):
        return self.last(self.first(x)) if x.sum() > 0 else x[:, :1]


class PreNorm(Net):
    def build(self, width):
        self.norm, self.middle = nn.LayerNorm(width), nn.Linear(width, width)
        nn.init.zeros_(self.middle.weight)

    def forward(self, x):
        h = self.first(x)
        return self.last(h + self.middle(self.norm(h)))


class Products(Net):
    def forward(self, x):
        h = self.first(x)
        return self.last((h @ h.t()) @ h)


class Positioned(Net):
    """A constant is added, which is neither an input nor trained."""

    def build(self, width):
        self.register_buffer("position", torch.ones(width))

    def forward(self, x):
        return self.last(self.first(x) + self.position)


class Long(Net):
    def build(self, width):
        self.cell = nn.RNNCell(10, width, nonlinearity="relu")

    def forward(self, x):
        h = None
        for _ in range(400):
            h = self.cell(x, h)
        return self.last(h)


class SoftMaximum(Net):
    def forward(self, x):
        return self.last(torch.softmax(self.first(x), -1))


class Additive(Net):
    def forward(self, x):
        h = self.first(x[:, None])
        return self.last(torch.softmax(h @ h.transpose(1, 2) + h[..., :1], -1) @ h)[:, 0]


UNREAD = {
    Attention: "mix (MultiheadAttention)",
    Mean: "a mean, sum or pooling over a number of entries that changes with the width",
    Gated: "mul in the forward pass",
    Branching: "the forward pass, which torch.fx does not follow (TraceError: symbolically traced variables cannot be used as "
    "inputs to control flow)",
    PreNorm: "a normalisation beside a skip, and a layer that starts at zero",
    Products: "matmul in the forward pass",
    Positioned: "add in the forward pass",
    Long: "a recurrence of more than 64 steps",
    SoftMaximum: "softmax in the forward pass",
    Additive: "add in the forward pass",
}


@pytest.mark.parametrize("kind", UNREAD, ids=lambda kind: kind.__name__)
def test_what_cannot_be_read_is_named(kind):
    made = (lambda m: kind(m)) if kind is PreNorm else (lambda m: filled(kind(m)))
    found = family(made, VECTORS)
    assert found.unread == (UNREAD[kind],)
    assert found.graph is None


class Causal(Net):
    """Attention with a mask that the module holds, and sizes taken from the input."""

    def build(self, width):
        self.query, self.key, self.value = (nn.Linear(width, width) for _ in range(3))
        self.register_buffer("mask", torch.tril(torch.ones(4, 4)))

    def forward(self, x):
        h = self.first(x.reshape(-1, 1, 10).expand(len(x), 4, 10))
        b, t, width = h.shape
        q, k, v = (part(h).view(b, t, 2, width // 2).transpose(1, 2) for part in (self.query, self.key, self.value))
        logits = (q @ k.mT / q.shape[-1] ** 0.5).masked_fill(self.mask[:t, :t] == 0, -torch.inf)
        mixed = (torch.softmax(logits, -1) @ v).transpose(1, 2).reshape(b, t, width)
        return self.last(F.relu(mixed[:, -1]))


class Stacked(Net):
    """Matrices in one parameter are no shared layer."""

    def build(self, width):
        self.matrices = nn.Parameter(torch.zeros(2, width, width))

    def forward(self, x):
        h = self.first(x)
        for place in range(2):
            h = F.relu(h @ self.matrices[place])
        return self.last(h)


class Shifted(Causal):
    """Part of a parameter is added."""

    def build(self, width):
        super().build(width)
        self.position = nn.Parameter(torch.zeros(1, 8, width))

    def forward(self, x):
        h = self.first(x[:, None].expand(-1, 4, -1))
        return self.last(F.relu(h + self.position[:, : h.size(1)])[:, -1])


def test_a_part_of_a_parameter_may_be_added_and_is_no_layer():
    found = family(lambda m: filled(Shifted(m)), VECTORS)
    assert found.chain == ("first.weight", "last.weight")
    assert "position" in found.graph.layers
    assert family(lambda m: filled(Stacked(m)), VECTORS).unread == ("matmul in the forward pass",)


def test_attention_with_a_mask_that_the_module_holds():
    found = family(lambda m: filled(Causal(m)), VECTORS)
    assert found.unread == ()
    assert found.chain == ("first.weight", "value.weight", "last.weight")


def test_a_smooth_activation_and_a_frozen_layer_are_named():
    class Smooth(Net):
        def build(self, width):
            self.middle = nn.Sequential(nn.Linear(width, width), nn.GELU())

    assert family(lambda m: filled(Smooth(m)), VECTORS).unread == ("middle.1 (GELU)",)

    def frozen(width):
        module = filled(Net(width))
        module.middle.requires_grad_(False)
        return module

    assert family(frozen, VECTORS).unread == ("middle.weight, which is not trained",)
