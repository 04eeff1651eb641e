"""nm.pytorch.inspect on modules as people write them, each with its answer.

``digits.csv`` holds the first ten of scikit-learn's digits: Optical Recognition of Handwritten Digits, UCI, E. Alpaydin,
C. Kaynak (1998), CC BY 4.0.
"""

import copy
import math
import re
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import numerics as nm
import phasetheory as pt
from numerics.cli import main
from numerics.scans import CellStatus

torch = pytest.importorskip("torch")
nn, F = torch.nn, torch.nn.functional

DIGITS = Path(__file__).parent / "digits.csv"
WIDTHS = (32, 64, 128)
RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((6, 10)), RNG.standard_normal(6)
UNIT = X / np.linalg.norm(X, axis=1, keepdims=True), Y / np.sqrt(np.mean(Y**2))
SEQUENCES, IMAGES = RNG.standard_normal((4, 3, 3)), RNG.standard_normal((4, 1, 6, 6))
HALF = Fraction(1, 2)


# Models.


def perceptron(*sizes, activation=nn.ReLU):
    """Fully connected, as PyTorch makes it."""
    parts = [part for pair in pairwise(sizes) for part in (nn.Linear(*pair), activation())]
    return nn.Sequential(*parts[:-1])


def started(module, weights, biases=nn.init.zeros_):
    """The same with other initial values."""
    for p in module.parameters():
        weights(p) if p.ndim > 1 else biases(p)
    return module


def small(p):
    return nn.init.normal_(p, std=0.02)


def fill(module, **deviations):
    """Weights of exactly these standard deviations, so that few are enough to tell a law."""
    for name, deviation in deviations.items():
        weight = getattr(module, name).weight
        nn.init.normal_(weight)
        weight.data *= deviation / weight.data.square().mean().sqrt()
    return module


class Convolutional(nn.Module):
    """Two convolutions with pooling."""

    def __init__(self, width):
        super().__init__()
        self.first, self.second = (nn.Conv2d(channels, width, 3, padding=1) for channels in (1, width))
        self.last = nn.Linear(width, 1)

    def forward(self, x):
        h = F.max_pool2d(F.relu(self.first(x)), 2)
        return self.last(F.adaptive_avg_pool2d(F.relu(self.second(h)), 1).flatten(1))


class Recurrent(nn.Module):
    """A relu RNN, read at its end."""

    def __init__(self, width):
        super().__init__()
        self.cell = nn.RNN(3, width, nonlinearity="relu", batch_first=True)
        self.last = nn.Linear(width, 1)

    def forward(self, x):
        return self.last(self.cell(x)[0][:, -1])


class Tied(nn.Module):
    """Two hidden layers with one matrix."""

    def __init__(self, width):
        super().__init__()
        self.first, self.middle, self.again = nn.Linear(10, width), nn.Linear(width, width), nn.Linear(width, width)
        self.last = nn.Linear(width, 1)
        self.again.weight = self.middle.weight

    def forward(self, x):
        h = F.relu(self.first(x))
        return self.last(F.relu(self.again(F.relu(self.middle(h)))))


class Autoencoder(nn.Module):
    """What decodes is what encodes, transposed."""

    def __init__(self, width):
        super().__init__()
        self.encode = nn.Linear(10, width, bias=False)

    def forward(self, x):
        return F.linear(F.relu(self.encode(x)), self.encode.weight.t())


class Residual(nn.Module):
    """One block of two matrices beside a skip; the last of them may start at zero."""

    def __init__(self, width, zero=False):
        super().__init__()
        self.first, self.up, self.down = nn.Linear(10, width), nn.Linear(width, width), nn.Linear(width, width)
        self.last = nn.Linear(width, 1)
        if zero:
            started(self.down, nn.init.zeros_)

    def forward(self, x):
        h = self.first(x)
        return self.last(F.relu(h + self.down(F.relu(self.up(h)))))


class Head(nn.Module):
    """One head of attention on the input, with its last position as the query: the network of phasetheory.attention."""

    def __init__(self, width):
        super().__init__()
        self.V, self.Q, self.K = (nn.Linear(3, width, bias=False) for _ in range(3))
        self.a = nn.Linear(width, 1, bias=False)

    def forward(self, x):
        query, key = self.Q(x[:, -1:]), self.K(x)
        logits = query @ key.transpose(-2, -1) / key.shape[-1] ** 0.5
        return self.a(F.relu(torch.softmax(logits, -1) @ self.V(x)))[:, 0]


class Fused(Head):
    """The same by the function of PyTorch."""

    def forward(self, x):
        mixed = F.scaled_dot_product_attention(self.Q(x[:, -1:]), self.K(x), self.V(x))
        return self.a(F.relu(mixed))[:, 0]


class Transformer(nn.Module):
    """A block with attention by hand, in two heads with a causal mask, LayerNorm before each branch, or behind it."""

    def __init__(self, width, before=True):
        super().__init__()
        self.width, self.before = width, before
        self.embed, self.position = nn.Linear(3, width, bias=False), nn.Parameter(torch.randn(3, width) * 0.5)
        self.query, self.key, self.value, self.out = (nn.Linear(width, width, bias=False) for _ in range(4))
        self.norms = nn.ModuleList([nn.LayerNorm(width) for _ in range(2)])
        self.up, self.down = nn.Linear(width, 4 * width, bias=False), nn.Linear(4 * width, width, bias=False)
        self.head = nn.Linear(width, 1, bias=False)
        self.softmax, self.dropout = nn.Softmax(-1), nn.Dropout(0.0)
        self.register_buffer("mask", torch.tril(torch.ones(3, 3)) == 0)

    def attend(self, h):
        samples, steps, _ = h.shape
        q, k, v = (
            part(h).view(samples, steps, 2, self.width // 2).transpose(1, 2)
            for part in (self.query, self.key, self.value)
        )
        logits = (q @ k.transpose(-2, -1)) * (self.width // 2) ** -0.5
        shares = self.dropout(self.softmax(logits.masked_fill(self.mask, -1e9)))
        return self.out((shares @ v).transpose(1, 2).reshape(samples, steps, self.width))

    def forward(self, x):
        h = self.embed(x) + self.position
        first, second = self.norms
        if self.before:
            h = h + self.attend(first(h))
            h = h + self.down(F.relu(self.up(second(h))))
        else:
            h = first(h + self.attend(h))
            h = second(h + self.down(F.relu(self.up(h))))
        return self.head(h[:, -1])


class Unused(nn.Module):
    """With a part that was left over."""

    def __init__(self, width):
        super().__init__()
        self.net, self.spare = perceptron(10, width, 1), nn.Linear(width, width)

    def forward(self, x):
        return self.net(x)


# Answers.


def look(factory, data=(X, Y), **options):
    return nm.pytorch.inspect(factory, *data, **{"widths": WIDTHS, "seeds": 2, **options})


def slopes(found, norm="frobenius"):
    """Predicted, of the weights."""
    return {p.name: p.predicted[norm] for p in found.parameters if p.predicted and len(p.law.shape) > 1}


def mean_difference(found, norm="spectral"):
    """Of the slopes by the tangent kernels from the predicted ones."""
    pairs = [(found[name].measured[norm].slope, float(slope)) for name, slope in slopes(found, norm).items()]
    return np.mean([abs(measured - predicted) for measured, predicted in pairs])


def test_two_layers_on_images_of_784_pixels():
    images, labels = nm.load_data("mnist:4")
    found = look(lambda m: perceptron(784, m, 1), (images[:, :-1], labels - labels.mean()), widths=(16, 32, 64))
    assert list(slopes(found).values()) == [-3 * HALF, -HALF]
    assert found.capacity.exponent == HALF
    assert found.turning_width == pytest.approx(9 * 784, rel=0.2)  # P = sqrt(m/784)/3
    assert (
        "all layers are linear under gradient flow; features of width 1024 move 512 times less than at 16"
        in found.sentence
    )
    assert "but only beyond width " in found.sentence


def test_with_more_inputs_than_neurons_the_limit_begins_beyond_them():
    data = RNG.standard_normal((3, 200)), Y[:3]
    narrow, wide = (look(lambda m: perceptron(200, m, 1), data, widths=widths) for widths in ((16, 64), (256, 1024)))
    assert "but only beyond width 200, the number of inputs" in narrow.sentence
    assert "beyond" not in wide.sentence
    assert mean_difference(wide, "frobenius") < mean_difference(narrow, "frobenius")


def test_glorot_of_three_layers_moves_alike_in_spectral_norm():
    found = look(lambda m: started(perceptron(10, m, m, 1), nn.init.xavier_uniform_))
    assert list(slopes(found, "spectral").values()) == [0, 0, 0]
    assert "nothing to change" in found.sentence
    assert "S spectral" in str(found).splitlines()[2]  # a table, however many parameters start at zero


@pytest.mark.parametrize("depth", [2, 3])
def test_a_deviation_of_two_hundredths_is_linear_only_beyond_the_widths_one_trains(depth):
    found = look(lambda m: started(perceptron(10, *[m] * (depth - 1), 1), small), UNIT, seeds=4)
    assert {pt.classify(slope) for slope in slopes(found, "spectral").values()} == {pt.Regime.LINEAR}
    assert found.turning_width == pytest.approx(2500, rel=0.05)  # m^(L/2) 0.02^L = 1
    assert found.turning_width_here == pytest.approx(found.turning_width, rel=0.01)
    turning = f"{float(f'{found.turning_width:.3g}'):.0f}"
    assert (
        f"but only beyond width {turning}, where P = 1 with these data: below it every layer has to" in found.sentence
    )
    assert f"divide the output by {'m' if depth == 2 else 'm^(3/2)'}: then every layer moves" in found.sentence


def test_how_large_samples_are_moves_the_width_from_which_on_the_limit_holds():
    found = look(lambda m: started(perceptron(10, m, 1), small), (10 * UNIT[0], UNIT[1]), widths=(64, 250, 1000))
    assert found.turning_width_here == pytest.approx(250, rel=0.05)
    below, there, above = found["2.weight"].relative_distance[..., 0].mean(axis=1)
    assert below > 2 > there > 0.5 > above


def test_a_convolutional_network():
    found = look(Convolutional, (IMAGES, Y[:4]), widths=(8, 16, 32))
    wanted = pt.convolutional((1, "m^(-1/2)", "m^(-1/2)"))
    for norm in ("frobenius", "spectral"):
        assert list(slopes(found, norm).values()) == list(wanted.slopes(norm).values())
    assert "let the rate go as m for first.weight" in found.sentence


def test_a_recurrent_network():
    found = look(Recurrent, (SEQUENCES, Y[:4]), widths=(64, 128, 256), seeds=4)
    wanted = pt.recurrent("m^(-1/2)", "m^(-1/2)", "m^(-1/2)", steps=3)
    assert list(slopes(found).values()) == list(wanted.slopes().values()) == [0, -HALF, 0]
    assert mean_difference(found) < 0.2
    assert "every layer moves by the same share" in found.sentence


def test_tied_weights_are_one_layer_that_is_used_twice():
    found = look(Tied)
    layers = {
        "first": pt.Layer(1, 1, "m"),
        "middle": pt.Layer("m^(-1/2)", "m", "m"),
        "last": pt.Layer("m^(-1/2)", "m", 1),
    }
    wanted = pt.Graph(layers, [pt.Path({"first": 1, "middle": 2, "last": 1})]).slopes()
    assert slopes(found) == {f"{name}.weight": slope for name, slope in wanted.items()}
    assert "again.weight" not in [p.name for p in found.parameters]


def test_weights_tied_across_a_network_grow_along_it_and_so_does_its_output():
    found = look(Autoencoder, (X, X), widths=(128, 256, 512))
    assert found.capacity.exponent == 1
    assert slopes(found) == {"encode.weight": -1}
    (note,) = (note for note in found.notes if note.startswith("the output at the start is"))
    assert "grows with it" in note

    class Centred(nn.Module):
        def __init__(self, width):
            super().__init__()
            self.net, self.start = Autoencoder(width), Autoencoder(width)
            self.start.load_state_dict(self.net.state_dict())
            self.start.requires_grad_(False)

        def forward(self, x):
            return self.net(x) - self.start(x)

    centred = look(Centred, (X, X), widths=(128, 256, 512))
    assert not any(note.startswith("the output at the start") for note in centred.notes)
    assert centred["net.encode.weight"].measured["frobenius"].slope == pytest.approx(-1, abs=0.15)


def test_a_residual_network():
    found = look(Residual, widths=(64, 128, 256), seeds=4)
    assert slopes(found) == {"first.weight": -3 * HALF, "up.weight": -1, "down.weight": -1, "last.weight": -HALF}
    assert mean_difference(found) < 0.25


def test_a_residual_network_whose_branch_starts_at_zero():
    found = look(lambda m: Residual(m, zero=True))
    wanted = pt.residual(1, "m^(-1/2)", "m^(-1/2)", sigma_V=0, blocks=1).slopes()
    assert list(map(str, slopes(found).values())) == list(map(str, (wanted[k] for k in ("U", "W1", "V1", "a"))))
    assert "down.weight, at zero first, is all learned" in found.sentence
    assert "no gradient at the start, behind a layer that starts at zero" in "\n".join(found.notes)
    assert not any("never used" in note for note in found.notes)


@pytest.mark.parametrize("kind", [Head, Fused])
def test_attention_on_the_input_is_that_of_the_theory(kind):
    powers = {"V": 0.25, "Q": -0.5, "K": -0.75, "a": -1.0}
    found = look(lambda m: fill(kind(m), **{name: m**p for name, p in powers.items()}), (SEQUENCES, Y[:4]))
    scales = {f"sigma_{name}": pt.m ** Fraction(power) for name, power in powers.items()}
    for norm in ("frobenius", "spectral"):
        wanted = pt.attention(**scales, multiplier="1/sqrt(m)").slopes(norm)
        assert slopes(found, norm) == {f"{name}.weight": wanted[name] for name in "VQKa"}


@pytest.mark.parametrize("before", [True, False])
def test_a_transformer_block(before):
    found = look(lambda m: Transformer(m, before), (SEQUENCES, Y[:4]), widths=(32, 64, 128))
    inner = dict.fromkeys(("value.weight", "out.weight", "up.weight", "down.weight"), -1)
    assert slopes(found) == {"embed.weight": -3 * HALF, **inner, "head.weight": -HALF}
    assert mean_difference(found) < 0.25
    assert any("without a predicted slope: position, query.weight, key.weight, norms" in note for note in found.notes)


def test_a_normalisation_beside_a_skip_is_read_while_nothing_outgrows_its_start():
    class Block(nn.Module):
        def __init__(self, width):
            super().__init__()
            self.embed, self.norm = nn.Linear(10, width, bias=False), nn.LayerNorm(width)
            self.inner, self.last = nn.Linear(width, width, bias=False), nn.Linear(width, 1, bias=False)

        def forward(self, x):
            h = self.embed(x)
            return self.last(h + F.relu(self.inner(self.norm(h))))

    def block(embed, inner, last):
        return lambda m: fill(Block(m), embed=m**embed, inner=m**inner, last=m**last)

    # h is of size m^(3/4), its branch of m^(1/2), whatever h is
    found = look(block(0.25, -0.5, -0.75), widths=(64, 128, 256), seeds=3)
    assert list(slopes(found, "spectral").values()) == [-5 * HALF, -5 * HALF / 2, -HALF]
    assert mean_difference(found) < 0.2
    grown = look(block(-1, -1, -1))
    assert slopes(grown) == {}
    assert any("a layer outgrows its start, beside a skip" in note for note in grown.notes)


def test_a_smooth_activation_is_named_and_the_rest_measured():
    found = look(lambda m: perceptron(10, m, m, 1, activation=nn.GELU), widths=(64, 128, 256), seeds=5)
    assert slopes(found) == {}
    assert "not read: 1 (GELU); no slopes are predicted, distances are measured alone" in found.notes
    assert re.search(
        r"whose error is 0\.\d+ at width 256, \d\.weight keeps up best as the width grows, .*: so all layers",
        found.sentence,
    )


def test_a_part_that_was_left_over_is_told_by_its_name():
    found = look(Unused)
    assert "never used: the output is not computed from spare.weight, spare.bias" in found.notes
    assert slopes(found) == {"net.0.weight": -3 * HALF, "net.2.weight": -HALF}


def test_dropout_is_told_of_and_turned_off():
    def active(width):
        return nn.Sequential(nn.Linear(10, width), nn.ReLU(), nn.Dropout(0.5), nn.Linear(width, 1))

    found, quiet = look(active), look(lambda m: active(m).eval())
    assert any("dropout was active, and is turned off here" in note for note in found.notes)
    assert not any("dropout" in note for note in quiet.notes)
    assert [p.relative_distance.tolist() for p in found.parameters] == [
        p.relative_distance.tolist() for p in quiet.parameters
    ]


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16], ids=str)
def test_short_precision_is_done_in_copies_in_float64(kind):
    stored = {m: perceptron(10, m, 1).to(kind) for m in WIDTHS}
    before = copy.deepcopy(stored)
    found, exact = look(stored.get, seeds=1), look(lambda m: copy.deepcopy(stored[m]).double(), seeds=1)
    assert found["0.weight"].relative_distance == pytest.approx(exact["0.weight"].relative_distance, rel=1e-12)
    assert str(found["0.weight"].law.scale) == "sqrt(1/(3 fan_in))"
    nm.pytorch.scaling_check(stored.get, X, Y, widths=WIDTHS[:2], seeds=2, steps=(1,), optimizer=sgd)
    for m, module in stored.items():
        assert module[0].weight.dtype == kind
        assert torch.equal(module[0].weight, before[m][0].weight)


def sgd(module, rate=0.3):
    return torch.optim.SGD(module.parameters(), rate)


def digits():
    data = nm.load_data(str(DIGITS))
    return data[0][:, :-1] / 16, data[1]


def test_ten_outputs_with_cross_entropy_on_digits():
    pixels, labels = digits()
    assert labels.tolist() == list(range(10))
    options = {"loss": "cross-entropy", "optimizer": sgd, "widths": (64, 256), "seeds": 2, "steps": (10, 1000)}
    check = nm.pytorch.scaling_check(lambda m: perceptron(64, m, 10), pixels, labels, **options)
    found = check.inspection
    assert slopes(found) == {"0.weight": -3 * HALF, "2.weight": -HALF}
    assert any("cross-entropy is log 10 = 2.3 at output 0 and has no minimum" in note for note in found.notes)
    assert np.all(check.runs.status == CellStatus.DONE)
    assert check.runs.attrs["loss_tol"] == pytest.approx(math.log(10) / 4, rel=0.02)
    assert check.measured["0.weight"]["spectral"].slope < -0.4


def test_the_command_reads_the_digits(tmp_path, capsys):
    (tmp_path / "model.py").write_text(
        "from torch import nn\n\n\ndef build(width):\n"
        "    return nn.Sequential(nn.Linear(64, width), nn.ReLU(), nn.Linear(width, 10))\n"
    )
    words = ["inspect", f"{tmp_path / 'model.py'}:build", "--data", str(DIGITS), "--widths", "64,128", "--seeds", "2"]
    assert main([*words, "--loss", "cross-entropy", "--optimizer", "adam", "--rate", "1/m"]) == 0
    out = capsys.readouterr().out
    assert "0.weight   m x 64  sqrt(1/(3 fan_in))  m^-1" in out
    assert "under Adam" in out
    assert "cross-entropy is log 10" in out


def test_a_factory_that_ignores_its_width():
    found = look(lambda m: perceptron(10, 20, 1))
    assert found.sentence == "nothing changes with the width: let factory use the width that it is given"
    assert any(note.startswith("factory ignores its width") for note in found.notes)
