"""Laws of shapes, scales and rates, recognised in modules whose laws are known."""

from fractions import Fraction

import numpy as np
import pytest

import numerics as nm

torch = pytest.importorskip("torch")

from numerics.pytorch.laws import laws_of  # noqa: E402

nn = torch.nn
WIDTHS = (32, 64, 128, 256)
HALF = Fraction(1, 2)


def filled(fill):
    """A three-layer network whose matrices were filled, biases left as PyTorch has them."""

    def factory(width):
        model = nn.Sequential(nn.Linear(10, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 1))
        for p in model.parameters():
            if p.ndim == 2 and fill is not None:
                fill(p)
        return model

    return factory


def scales(factory, **options):
    return {law.name: law.scale for law in nm.pytorch.parameter_laws(factory, widths=WIDTHS, **options)}


CASES = {
    "default": (None, (0, -HALF, -HALF), "sqrt(1/(3 fan_in))", "uniform"),
    "he": (lambda w: nn.init.kaiming_normal_(w), (0, -HALF, -HALF), "sqrt(2/fan_in)", "normal"),
    "glorot": (lambda w: nn.init.xavier_uniform_(w), (-HALF, -HALF, -HALF), "sqrt(2/(fan_in + fan_out))", "uniform"),
    "fan-out": (lambda w: nn.init.kaiming_normal_(w, mode="fan_out"), (-HALF, -HALF, 0), "sqrt(2/fan_out)", "normal"),
    "constant std": (lambda w: nn.init.normal_(w, std=0.02), (0, 0, 0), "0.02", "normal"),
    "orthogonal": (
        lambda w: nn.init.orthogonal_(w),
        (-HALF, -HALF, -HALF),
        "sqrt(1/fan_out)",
        "orthogonal",
    ),
    "zero": (lambda w: nn.init.zeros_(w), (None, None, None), "0", "zero"),
    "mean field": (lambda w: nn.init.normal_(w, std=1 / w.shape[1]), (0, -1, -1), "1/fan_in", "normal"),
}


@pytest.mark.parametrize("case", CASES)
def test_known_initialisations_are_recognised(case):
    fill, exponents, formula, distribution = CASES[case]
    found = scales(filled(fill))
    assert [found[f"{i}.weight"].exponent for i in (0, 2, 4)] == list(exponents)
    first = found["0.weight"]
    assert (str(first), first.distribution, first.exact) == (formula, distribution, True)
    if case == "mean field":
        assert str(found["2.weight"]) == "1/fan_in"
    assert found["0.bias"].exponent == 0
    assert found["2.bias"].exponent == -HALF


def test_another_power_is_fitted_with_an_interval():
    found = scales(filled(lambda w: nn.init.normal_(w, std=3 * max(w.shape) ** -0.75)))["2.weight"]
    assert not found.exact
    assert found.exponent == Fraction(-3, 4)
    assert found.fit.low < -0.75 < found.fit.high + 0.01
    assert found.fit.high - found.fit.low < 0.05
    assert float(str(found).split()[1]) == pytest.approx(3, rel=0.02)


def test_shapes_and_fans():
    def factory(width):
        return nn.Sequential(
            nn.Conv1d(2, width, 3),
            nn.ReLU(),
            nn.Conv1d(width, 2 * width, 3),
            nn.Flatten(),
            nn.Linear(20 * width, round(width**0.5)),
        )

    found = {law.name: law for law in nm.pytorch.parameter_laws(factory, widths=WIDTHS, seeds=2)}
    assert [str(side) for side in found["2.weight"].shape] == ["2 m", "m", "3"]
    assert (found["2.weight"].fan_in.exponent, found["2.weight"].fan_in.constant) == (1, 3)
    assert (found["4.weight"].fan_in.exponent, found["4.weight"].fan_out.exponent) == (1, HALF)
    assert (found["0.bias"].fan_in.exponent, found["0.bias"].fan_out.exponent) == (0, 1)


def test_a_recurrent_network_and_an_embedding():
    class Recurrent(nn.Module):
        def __init__(self, width):
            super().__init__()
            self.table = nn.Embedding(50, width)
            self.cell = nn.RNN(width, width, nonlinearity="relu")
            self.norm = nn.LayerNorm(width)

    found = {law.name: law for law in nm.pytorch.parameter_laws(Recurrent, widths=WIDTHS)}
    assert found["cell.weight_hh_l0"].scale.exponent == -HALF
    assert (found["table.weight"].fan_in.exponent, found["table.weight"].fan_out.exponent) == (0, 1)
    assert (str(found["table.weight"].scale), found["table.weight"].scale.distribution) == ("1", "normal")
    assert (str(found["norm.weight"].scale), found["norm.weight"].scale.distribution) == ("1", "constant")
    assert found["norm.bias"].scale.exponent is None


def test_rates_of_every_group_are_functions_of_the_width():
    def mup(model):
        width = model[0].out_features
        rates = {"0.weight": 0.1, "0.bias": 0.1, "2.weight": 6.4 / width, "2.bias": 0.1, "4.weight": 3 / width**0.5}
        named = dict(model.named_parameters())
        return torch.optim.AdamW(
            [{"params": [named[name]], "lr": rate} for name, rate in rates.items()], weight_decay=0.01
        )

    found = {law.name: law for law in nm.pytorch.rate_laws(filled(None), mup, widths=WIDTHS)}
    assert {name: str(law.rate) for name, law in found.items()} == {
        "0.weight": "0.1",
        "0.bias": "0.1",
        "2.weight": "6.4 m^-1",
        "2.bias": "0.1",
        "4.weight": "3 m^(-1/2)",
        "4.bias": "None",
    }
    assert found["0.weight"].optimizer == "AdamW"
    assert found["0.weight"].decay.constant == 0.01
    assert found["4.bias"].decay is None


def test_momentum_is_read():
    laws = nm.pytorch.rate_laws(filled(None), lambda m: torch.optim.SGD(m.parameters(), 0.1, 0.9), widths=WIDTHS)
    assert {str(law.momentum) for law in laws} == {"0.9"}
    assert {law.decay for law in laws} == {None}


def test_a_rate_that_is_no_usual_power_is_fitted():
    law = nm.pytorch.rate_laws(
        filled(None), lambda m: torch.optim.SGD(m.parameters(), m[0].out_features ** -0.41), widths=WIDTHS
    )[0]
    assert not law.rate.exact
    assert float(law.rate.exponent) == pytest.approx(-0.41, abs=0.05)


def test_the_generator_of_pytorch_is_left_alone():
    torch.manual_seed(7)
    expected = torch.randn(3)
    torch.manual_seed(7)
    nm.pytorch.parameter_laws(filled(None), widths=(8, 16), seeds=2)
    np.testing.assert_array_equal(torch.randn(3), expected)


def deeper(width):
    return nn.Sequential(*(nn.Linear(4, 4) for _ in range(width // 8)))


def spoilt(width):
    model = nn.Linear(3, width)
    model.weight.data[0, 0] = float("nan")
    return model


REFUSED = {
    "a number": (lambda: nm.pytorch.parameter_laws(3), "factory = 3; give a function of the width"),
    "a module": (lambda: nm.pytorch.parameter_laws(nn.Linear(2, 2)), "factory = a Linear; give a function"),
    "no module": (
        lambda: nm.pytorch.parameter_laws(lambda m: m),
        "factory(64) returned 64; it has to return a torch.nn.Module",
    ),
    "depth": (lambda: nm.pytorch.parameter_laws(deeper, widths=(8, 16)), "the depth and the parts have to be the same"),
    "nan": (lambda: nm.pytorch.parameter_laws(spoilt), "parameter weight of factory(64) has NaN"),
    "one width": (lambda: nm.pytorch.parameter_laws(filled(None), widths=(64,)), "give at least two widths"),
    "the same widths": (lambda: nm.pytorch.parameter_laws(filled(None), widths=(64, 64)), "give at least two widths"),
    "widths": (lambda: nm.pytorch.parameter_laws(filled(None), widths=64), "widths = 64; give integers such as"),
    "seeds": (lambda: nm.pytorch.parameter_laws(filled(None), seeds=0), "seeds = 0; give an integer >= 1"),
    "no parameters": (lambda: nm.pytorch.parameter_laws(lambda m: nn.ReLU()), "has no parameter that is trained"),
    "optimizer": (
        lambda: nm.pytorch.rate_laws(filled(None), "adam"),
        "optimizer is of type str; give a function of the module",
    ),
    "another": (
        lambda: nm.pytorch.rate_laws(filled(None), lambda m: torch.optim.RMSprop(m.parameters())),
        "optimizer makes RMSprop; let it make SGD, Adam or AdamW",
    ),
    "climbing": (
        lambda: nm.pytorch.rate_laws(filled(None), lambda m: torch.optim.SGD(m.parameters(), 1, maximize=True)),
        "optimizer has maximize=True and climbs; let it be False",
    ),
    "of another module": (
        lambda: nm.pytorch.rate_laws(filled(None), lambda m: torch.optim.SGD(nn.Linear(2, 2).parameters(), 1)),
        "optimizer trains none of the parameters",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_has_no_law_is_refused(case):
    call, message = REFUSED[case]
    with pytest.raises(nm.InputError) as caught:
        call()
    assert message in str(caught.value)


def test_errors_of_the_users_code_are_theirs():
    def broken(width):
        raise KeyError("theirs")

    with pytest.raises(KeyError, match="theirs"):
        nm.pytorch.parameter_laws(broken)


def test_a_few_numbers_have_the_law_of_the_matrix_beside_them_unless_they_contradict_it():
    def readout(width, bias=None):
        model = nn.Linear(width, 1)
        if bias is not None:
            nn.init.normal_(model.bias, std=bias(width))
        return model

    for start in range(20):
        torch.manual_seed(start)
        modules = [[readout(width).double() for _ in range(4)] for width in (64, 256)]
        assert [str(law.scale) for law in laws_of(modules, (64, 256))] == ["sqrt(1/(3 fan_in))"] * 2
        other = [[readout(width, lambda m: 1 / m**2).double() for _ in range(4)] for width in (64, 256)]
        _, law = laws_of(other, (64, 256))
        assert law.scale.exponent <= -1  # four numbers at each width say no more
