"""nm.pytorch.inspect on families whose answer is known."""

import json
import re
from fractions import Fraction

import numpy as np
import pytest

import numerics as nm
import phasetheory as pt

torch = pytest.importorskip("torch")
nn = torch.nn
WIDTHS = (32, 64, 128)
RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((6, 10)), RNG.standard_normal(6)
HALF = Fraction(1, 2)


def mlp(fill=None, depth=3, outputs=1, dtype=torch.float32):
    def factory(width):
        hidden = [part for _ in range(depth - 2) for part in (nn.Linear(width, width), nn.ReLU())]
        model = nn.Sequential(nn.Linear(10, width), nn.ReLU(), *hidden, nn.Linear(width, outputs))
        for name, p in model.named_parameters():
            if fill is not None:
                fill(name, p)
        return model.to(dtype)

    return factory


def glorot(name, p):
    nn.init.xavier_uniform_(p) if p.ndim == 2 else nn.init.zeros_(p)


def look(factory, y=Y, **options):
    return nm.pytorch.inspect(factory, X, y, **{"widths": WIDTHS, "seeds": 4, **options})


def predicted(found, norm="frobenius"):
    """Of the weights."""
    return {p.name: p.predicted[norm] for p in found.parameters if p.predicted and len(p.law.shape) > 1}


def test_the_default_is_linear_in_every_layer():
    found = look(mlp(), widths=(64, 128, 256, 512), seeds=3)
    assert list(predicted(found).values()) == [-3 * HALF, -1, -HALF]
    assert all(p.regime is pt.Regime.LINEAR for p in found.parameters if p.predicted)
    for name in ("0.weight", "2.weight"):
        for norm in ("frobenius", "spectral"):
            assert found[name].measured[norm].slope == pytest.approx(float(found[name].predicted[norm]), abs=0.15)
    assert found.capacity.exponent == HALF
    assert found.rates.largest_step == -1
    assert "all layers are linear" in found.sentence
    assert "features of width 4096 move 8 times less than at 64" in found.sentence


def test_distances_are_those_of_a_trained_wide_network():
    wide = look(lambda width: mlp(depth=2)(16 * width), seeds=2)
    model = nm.pytorch.Module.of(mlp(depth=2)(2048), centred=False)
    assert wide.error.mean(axis=1)[-1] < 0.15
    run = nm.gradient_flow(model, X, Y, loss_tol=1e-6)
    moved = np.linalg.norm(run.network.weights[0] - model.weights[0]) / np.linalg.norm(model.weights[0])
    assert moved == pytest.approx(np.mean(wide["0.weight"].relative_distance[-1, :, 0]), rel=0.25)


def test_the_remedy_does_what_it_says():
    found = look(mlp())
    assert (
        "divide the output by m^(1/2) and let the rate go as m for 0.weight: then every layer moves" in found.sentence
    )

    class Divided(nn.Module):
        def __init__(self, width):
            super().__init__()
            self.width, self.inner = width, mlp()(width)

        def forward(self, x):
            return self.inner(x) / self.width**0.5

    def rates(model):
        groups = [
            {"params": [p], "lr": 0.01 * (model.width if n == "inner.0.weight" else 1)}
            for n, p in model.named_parameters()
        ]
        return torch.optim.SGD(groups)

    after = look(Divided, widths=(64, 256), optimizer=rates)
    assert set(predicted(after, "spectral").values()) == {0}
    assert all(abs(after[f"inner.{i}.weight"].measured["spectral"].slope) < 0.2 for i in (0, 2, 4))


def test_glorot_at_depth_two_is_critical():
    found = look(mlp(glorot, 2))
    assert list(predicted(found).values()) == [0, 0]
    assert "nothing to change" in found.sentence


def test_a_constant_deviation_is_linear_in_the_limit_alone():
    found = look(mlp(lambda name, p: nn.init.normal_(p, std=0.02), 2), seeds=16)
    assert all(p.regime is pt.Regime.LINEAR for p in found.parameters if p.predicted)
    assert found.turning_width == pytest.approx(2500, rel=0.05)
    assert re.search(r"but only beyond width \d+, where P = 1 with these data: below it", found.sentence)


def mup(name, p):
    if p.ndim == 2:
        nn.init.normal_(p, std=1 / p.shape[1] if name.startswith("4") else p.shape[1] ** -0.5)


def adam(readout):
    def make(model):
        width = model[0].out_features
        rates = {"0": 1e-3, "2": 1e-3 / width, "4": 1e-3 * width**readout}
        return torch.optim.Adam([{"params": [p], "lr": rates[n[0]]} for n, p in model.named_parameters()], 1e-3)

    return make


def test_mup_with_adam_and_a_wrong_rate_of_the_readout():
    right = look(mlp(mup), optimizer=adam(-1), seeds=16)
    assert set(predicted(right, "spectral").values()) == {0}
    assert "as in muP" in right.sentence
    assert [str(right[f"{i}.weight"].rate.rate) for i in (0, 2, 4)] == ["0.001", "0.001 m^-1", "0.001 m^-1"]
    wrong = look(mlp(mup), optimizer=adam(0), seeds=16)
    assert set(predicted(wrong, "spectral").values()) != {0}
    assert "as in muP" not in wrong.sentence
    assert "; let the rate go as m^-1 for 4.weight: then every layer moves by the same share" in wrong.sentence
    # distances by signs of the gradient: the readout alone moves more than its share
    assert wrong["4.weight"].measured["spectral"].slope > right["4.weight"].measured["spectral"].slope + 0.1


def test_ten_outputs_and_half_precision():
    targets = RNG.standard_normal((6, 10))
    found = look(mlp(outputs=10, dtype=torch.bfloat16), targets, seeds=2)
    assert list(predicted(found).values()) == [-3 * HALF, -1, -HALF]


class Residual(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.first, self.branch, self.last = nn.Linear(10, width), nn.Linear(width, width), nn.Linear(width, 1)
        nn.init.zeros_(self.branch.weight)

    def forward(self, x):
        h = torch.relu(self.first(x))
        return self.last(h + self.branch(h))


def test_a_branch_that_starts_at_zero_is_a_case_of_its_own():
    found = look(Residual)
    assert found["branch.weight"].law.scale.exponent is None
    assert str(found["branch.weight"].predicted["frobenius"]) == "oo"
    assert not found["branch.weight"].measured
    json.loads(found.to_json())


@pytest.mark.parametrize("zero", [False, True])
def test_biases_of_a_chain_have_the_slopes_of_the_theory(zero):
    found = look(mlp(lambda name, p: nn.init.zeros_(p) if zero and p.ndim == 1 else None))
    half = "m^(-1/2)"
    biases = (0, 0, 0) if zero else (1, half, half)
    wanted = pt.fully_connected((1, half, half), biases=biases)
    for norm in ("frobenius", "spectral"):
        names = dict(
            zip(wanted.slopes(norm), ("0.weight", "0.bias", "2.weight", "2.bias", "4.weight", "4.bias"), strict=True)
        )
        assert {names[layer]: slope for layer, slope in wanted.slopes(norm).items()} == {
            p.name: p.predicted[norm] for p in found.parameters
        }
    assert not any("no path of the graph" in note for note in found.notes)
    assert found["0.bias"].regime is (None if zero else pt.Regime.LINEAR)
    assert ("starts at zero" in str(found)) is zero


def test_biases_beside_a_skip_have_slopes_and_those_before_a_normalisation_are_told():
    found = look(Residual, widths=(64, 128, 256))
    for name in ("first.bias", "branch.bias"):
        fit = found[name].measured["frobenius"]
        assert float(found[name].predicted["frobenius"]) == pytest.approx(fit.slope, abs=fit.high - fit.low)
    assert not any(note.startswith("on no path of the graph") for note in found.notes)
    normed = look(lambda m: nn.Sequential(nn.Linear(10, m), nn.LayerNorm(m), nn.ReLU(), nn.Linear(m, 1)), seeds=2)
    assert "on no path of the graph, so without a predicted slope: 0.bias, 1.weight, 1.bias" in normed.notes
    assert normed["3.bias"].predicted


def test_two_layers_at_zero_never_move_and_that_is_told():
    found = look(mlp(lambda name, p: nn.init.zeros_(p) if name[0] in "24" or "bias" in name else None))
    assert predicted(found) == {}
    assert any(
        "sigma_0.bias = sigma_2.weight = sigma_2.bias = sigma_4.weight = 0" in note and "they never move" in note
        for note in found.notes
    )


class Attention(Residual):
    def __init__(self, width):
        super().__init__(width)
        self.branch = nn.MultiheadAttention(width, 4, batch_first=True)
        self.unused = nn.Parameter(torch.ones(width))

    def forward(self, x):
        h = self.first(x)[:, None]
        return self.last((h + self.branch(h, h, h)[0])[:, 0])


def test_attention_is_measured_only_and_an_unused_parameter_is_told():
    found = look(Attention)
    assert found.graph is None
    assert any(note.startswith("not read: branch (MultiheadAttention)") for note in found.notes)
    assert any(note.startswith("never used: ") and "unused" in note for note in found.notes)
    assert "frobenius" in found["first.weight"].measured


def test_dropout_chance_and_a_width_that_is_ignored_are_told():
    def active(width):
        return nn.Sequential(nn.Linear(10, width), nn.ReLU(), nn.Dropout(0.5), nn.Linear(width, 1))

    assert any("dropout was active" in note for note in look(active).notes)

    class Noisy(Residual):
        def forward(self, x):
            return super().forward(x + 0.1 * torch.randn_like(x))

    assert any("not deterministic" in note for note in look(Noisy).notes)
    assert any("ignores its width" in note for note in look(lambda width: mlp()(20)).notes)


def test_a_table_has_every_parameter():
    found = look(mlp(), seeds=2)
    text, html, data = str(found), found._repr_html_(), found.to_dict()
    for name in ("0.weight", "2.bias"):
        assert name in text
        assert name in html
        assert name in [p["name"] for p in data["parameters"]]
    assert found.sentence in text
    assert "sqrt(1/(3 fan_in))" in text
    assert data["parameters"][0]["predicted"]["frobenius"] == "-3/2"
    assert found["0.weight"].law.fan_out.exponent == 1
    with pytest.raises(nm.InputError, match="no parameter 'W1'; use one of "):
        found["W1"]


def test_rates_decay_and_both_regimes_are_in_the_table_and_momentum_is_told():
    def decayed(model):
        width = model[0].out_features
        return torch.optim.AdamW(model.parameters(), 1e-3 / width, weight_decay=0.1 * width)

    text = str(look(mlp(mup), optimizer=decayed, seeds=2))
    row = next(line for line in text.splitlines() if "2.weight" in line)
    assert re.search(r" 0.001 m\^-1 +0.1 m .* linear, spectral critical$", row)
    assert "weight decay is in none of the numbers" in text
    assert "let the rate be constant for 0.weight: then every layer moves" in text
    heavy = look(mlp(), optimizer=lambda model: torch.optim.SGD(model.parameters(), 1e-3, momentum=0.9), seeds=2)
    assert any(note.startswith("momentum is in none of the numbers") for note in heavy.notes)


class Normalised(nn.Module):
    """Attention and a normalisation: the biases of the keys, and of the layer before the normalisation, change nothing."""

    def __init__(self, width):
        super().__init__()
        self.first, self.last, self.keys = nn.Linear(2, width), nn.Linear(width, 1), nn.Linear(width, width)
        self.attention = nn.MultiheadAttention(width, 2, dropout=0.5, batch_first=True)
        self.norm = nn.BatchNorm1d(width)

    def forward(self, x):
        h = self.first(x.view(len(x), 5, 2))
        shares = torch.softmax(h @ self.keys(h).mT, -1)
        return self.last(torch.relu(self.norm((shares @ h + self.attention(h, h, h)[0])[:, -1])))


@pytest.mark.parametrize("optimizer", [None, lambda model: torch.optim.Adam(model.parameters(), 1e-3)])
def test_a_gradient_of_roundings_is_none_and_attention_drops_nothing(optimizer):
    found = look(Normalised, optimizer=optimizer, widths=(16, 32), seeds=2)
    assert not any("not deterministic" in note for note in found.notes)
    assert any("dropout was active" in note for note in found.notes)
    assert any(re.match("no gradient at the start, .*: .*keys.bias", note) for note in found.notes)
    assert not found["keys.bias"].relative_distance.any()
    assert not found["keys.bias"].measured
    assert found["keys.weight"].measured


class Complex(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(10, width, dtype=torch.complex64))

    def forward(self, x):
        return x @ self.weight.real


class Logarithm(nn.Module):
    def forward(self, x):
        return torch.log(-x.square())


REFUSED = {
    "factory": (lambda: nm.pytorch.inspect(3, X, Y), "factory = 3; give a function of the width"),
    "no module": (lambda: look(lambda width: None), "factory(32) returned None; it has to return a torch.nn.Module"),
    "depth": (
        lambda: look(lambda width: nn.Sequential(*(nn.Linear(10, 10) for _ in range(width // 16)))),
        "the depth and the parts have to be the same at all widths",
    ),
    "output": (lambda: look(lambda width: nn.Unflatten(1, (10, 1))), "has no parameter that is trained"),
    "output of three": (
        lambda: look(lambda width: nn.Sequential(nn.Linear(10, width), nn.Unflatten(1, (width, 1)))),
        "let it give (6,) or (6, k)",
    ),
    "targets": (lambda: look(mlp(), Y[:4]), "y has shape (4,) and the output of the module (6, 1)"),
    "signature": (
        lambda: look(lambda: None),
        "factory cannot be called with a width alone: too many positional arguments; give a function of the width",
    ),
    "complex": (lambda: look(Complex), "parameter weight of factory(32) is complex; give real ones"),
    "output of the width": (
        lambda: look(lambda width: nn.Linear(10, width)),
        "the output of factory has shape (6, 32) and (6, 64) and (6, 128) at different widths; let it have one at all",
    ),
    "nan at the output": (
        lambda: look(lambda width: nn.Sequential(nn.Linear(10, width), nn.Linear(width, 1), Logarithm())),
        "the output of the module at X has NaN or infinite values; let it be finite",
    ),
    "nothing to learn": (
        lambda: look(mlp(lambda name, p: nn.init.zeros_(p)), np.zeros(6)),
        "y is what the module gives at the start, so that there is nothing to learn; give other targets",
    ),
    "nan": (
        lambda: look(mlp(lambda name, p: p.data.fill_(float("nan")))),
        "has NaN or infinite values; give finite ones",
    ),
    "widths": (lambda: look(mlp(), widths=(64,)), "give at least two widths"),
    "seeds": (lambda: look(mlp(), seeds=0), "seeds = 0; give an integer >= 1"),
    "optimizer": (lambda: look(mlp(), optimizer="adam"), "optimizer is of type str; give a function of the module"),
    "inputs": (lambda: nm.pytorch.inspect(mlp(), X[:, :3], Y, widths=WIDTHS), "does not take X of shape (6, 3)"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_inspected_is_refused(case):
    call, message = REFUSED[case]
    with pytest.raises(nm.InputError) as caught:
        call()
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
