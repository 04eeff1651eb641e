"""nm.pytorch.scaling_check: training at every width against the prediction."""

import json

import matplotlib as mpl
import numpy as np
import pytest

import numerics as nm
from numerics.scans import CellStatus

torch = pytest.importorskip("torch")
nn = torch.nn
mpl.use("Agg")
WIDTHS = (64, 128, 256)
X, Y = np.random.default_rng(0).standard_normal((4, 10)), np.array([0.7, -0.5, 0.2, -0.6])


def two(width):
    return nn.Sequential(nn.Linear(10, width), nn.ReLU(), nn.Linear(width, 1))


def mean_field(width):
    """Critical: f = (1/m) sum a relu(w.x), at rates that grow as m."""
    model = two(width)
    nn.init.normal_(model[2].weight, std=1 / width)
    nn.init.zeros_(model[2].bias)
    nn.init.normal_(model[0].weight, std=1.0)
    return model


def sgd(rate):
    return lambda model: torch.optim.SGD(model.parameters(), rate)


def check(factory=two, y=Y, **options):
    return nm.pytorch.scaling_check(factory, X, y, **{"widths": WIDTHS, "seeds": 3, **options})


def slopes(found, norm="spectral"):
    return {name: fits[norm].slope for name, fits in found.measured.items() if norm in fits}


def test_steps_of_sgd_and_the_flow_measure_the_same():
    small = {"widths": (16, 32), "seeds": 2}
    flow, steps = check(**small), check(**small, optimizer=sgd(0.02))
    assert flow.inspection.optimizer == "gradient flow"
    ends = [run.runs.relative_distance.sel(step=np.inf).values for run in (flow, steps)]
    assert np.allclose(*ends, rtol=0.1)
    # a step of rate 0.02 is 0.02 of the time of the flow
    assert np.allclose(steps.runs.end * 0.02, flow.runs.end, rtol=0.1)


def test_a_loss_that_diverges_is_a_run_that_stopped_short():
    found = check(optimizer=sgd(1e3), widths=(32, 64))
    assert np.all(found.runs.status == CellStatus.STOPPED_SHORT)
    assert np.isnan(found.runs.relative_distance.sel(step=np.inf)).all()


def test_the_readout_of_the_default_does_as_predicted_and_verdicts_follow():
    found = check(optimizer=sgd(0.02), seeds=6)
    results = {result.layer: result for result in found.of("spectral")}
    assert results["2.weight"].agrees
    assert results["2.weight"].measured.slope == pytest.approx(-0.5, abs=0.15)
    assert slopes(found)["0.weight"] < -0.8
    assert "2.weight: S = " in str(found)
    assert found.summary.startswith("lazy")


def test_runs_that_do_not_fit_are_in_no_slope():
    found = check(optimizer=sgd(1e-4), steps=(1, 3))
    assert np.all(found.runs.status == CellStatus.STOPPED_SHORT)
    assert not any(found.measured.values())
    assert not found.agrees
    assert "stopped short of loss" in found.verdict
    # what was on the way is kept, and has slopes
    assert all(result.measured is not None for result in found.at(3))
    with pytest.raises(nm.InputError, match="step = 2 was not kept; use one of 1, 3, inf"):
        found.at(2)


def test_the_mean_field_is_critical_and_its_figure_has_a_panel_for_every_step():
    def scaled(model):
        width = model[0].out_features
        rates = {"0.weight": 0.05 * width, "2.weight": 0.05 / width}
        return torch.optim.SGD([{"params": [p], "lr": rates[name]} for name, p in model.named_parameters()])

    def no_biases(width):
        model = mean_field(width)
        model[0].bias = model[2].bias = None
        return model

    found = check(no_biases, optimizer=scaled, widths=(64, 256), seeds=4, steps=(1, 5, 2000))
    assert [str(result.predicted_slope) for result in found.layers] == ["0", "0", "0", "0"]
    assert all(abs(slope) < 0.2 for slope in slopes(found, "frobenius").values())
    panels = [ax.get_title() for ax in found.plot().axes]
    assert panels == ["step 1", "step 5", "at the end"]


def test_a_table_holds_every_number_once():
    found = check(optimizer=sgd(0.02), widths=(32, 64), steps=(1, 10, 1000))
    frame = found.to_frame()
    assert list(frame) == ["width", "seed", "module", "norm", "step", "value"]
    assert not frame.duplicated(list(frame)[:-1]).any()
    assert set(frame.module) == {"0.weight", "0.bias", "2.weight", "2.bias"}
    rows = frame[(frame.width == 32) & (frame.seed == 1) & (frame.norm == "frobenius") & (frame.module == "0.weight")]
    assert rows.value.is_monotonic_increasing
    assert len(rows) == 3  # fitted before the last step
    data = json.loads(found.to_json())
    assert data["parameters"][0]["relative_distance"][0][1][0] == rows.value.iloc[-1]
    html = found._repr_html_()
    assert html.count("<table") == 2
    assert "2.weight" in html


def largest_eigenvalue(width, seed):
    """Of the tangent kernel over n."""
    torch.manual_seed(seed)
    model, rows = two(width).double(), []
    for x in torch.from_numpy(X):
        model.zero_grad()
        model(x).sum().backward()
        rows.append(torch.cat([p.grad.reshape(-1) for p in model.parameters()]))
    return float(torch.linalg.matrix_norm(torch.stack(rows), 2) ** 2) / len(X)


def test_a_rate_whose_steps_overshoot_is_told_of_and_by_how_much():
    found = check(optimizer=sgd(0.02), widths=(32, 64))
    assert not found.notes
    assert found.inspection.step[1, 2] == pytest.approx(0.02 * largest_eigenvalue(64, 2))
    # ten steps or so at 0.8 go as far as a hundred at a small rate, as many at 2.6 do not
    largest = max(largest_eigenvalue(width, seed) for width in (32, 64) for seed in range(3))
    below, beyond = (check(optimizer=sgd(share / largest), widths=(32, 64)) for share in (0.8, 2.6))
    weights = [run.runs.relative_distance.sel(parameter="0.weight", step=np.inf) for run in (found, below, beyond)]
    assert np.all(below.runs.end.sel(width=64) < 15)
    assert np.allclose(weights[1] / weights[0], 1, atol=0.1)
    assert np.all(weights[2].sel(width=64) / weights[0].sel(width=64) > 1.3)
    assert not below.notes
    assert "a step of SGD makes up for 2.6 times what is missing: it overshoots at width" in beyond.notes[-1]
    assert "divide the rate by 2.9 or more" in beyond.notes[-1]
    assert {result.reason for result in beyond.layers} == {"steps overshoot, use a smaller rate"}
    assert beyond.summary.startswith("undecided")


def test_a_verdict_is_on_the_slope_at_these_widths_where_the_tangent_model_holds():
    """At widths to 256 the readout of the default is far from -1/2 still, and as the kernels have it."""
    found = check(optimizer=sgd(0.02), seeds=4)
    result = found.of("spectral")[2]
    here = found.by_kernels["2.weight"]["spectral"].slope
    assert (result.layer, result.prediction.expected) == ("2.weight", pytest.approx(here))
    assert f"predicted -1/2, {here:.2f} at these widths" in str(found)
    # kernels and runs are of the same modules: they differ by what is beyond the tangent model, RD itself too
    for own in found.layers:
        if own.layer.endswith("weight"):
            assert own.beyond.slope == pytest.approx(own.measured.slope - own.prediction.expected)
            assert own.beyond.slope == pytest.approx(0, abs=0.1)
            assert own.beyond.high - own.beyond.low < 0.3 * (own.measured.high - own.measured.low)
            assert own.ratios[256] == pytest.approx(1, abs=0.1)
    # after one step there is nothing beyond, and no predicted limit is drawn
    first = {result.layer: result for result in found.at(1) if result.norm == "frobenius"}
    assert first["0.weight"].ratios[256] == pytest.approx(1, abs=0.02)


def test_far_from_the_tangent_model_the_limit_is_all_that_is_known():
    def tiny(width):
        model = two(width)
        for p in model.parameters():
            nn.init.normal_(p, std=1 / width)
        return model

    found = nm.pytorch.inspect(tiny, X, Y, widths=(16, 32), seeds=2)
    assert found.error.mean(axis=1).max() > 0.3
    assert found["2.weight"].measured
    assert not found.near


def test_the_tangent_models_are_followed_as_far_as_each_is_near():
    """The modules of the default at width 16 are far from them at the end, and not after a step."""
    found = check(optimizer=sgd(0.02), widths=(16, 32), seeds=2)
    first, end = found.runs.error.sel(step=1), found.runs.error.sel(step=np.inf)
    assert first.max() < 0.02
    assert np.all(end > first)
    assert all(result.prediction.distances for result in found.at(1))
    # where they are far at the end there is no other prediction than the limit, and it is said
    far = check(optimizer=sgd(0.02), widths=(2, 4), seeds=2)
    assert far.error.max() > 0.3
    assert far.at(1)[0].prediction.distances
    assert not far.layers[0].prediction.distances
    assert any(note.startswith("far from the tangent model at width ") for note in far.notes)


def test_a_step_of_cross_entropy_overshoots_at_twice_the_rate():
    """Its curvature is at most 1/2: at a step of 0.8 distances are those of a small rate, to a fifth."""

    def classes(width):
        return nn.Sequential(nn.Linear(10, width), nn.ReLU(), nn.Linear(width, 3))

    options = {"y": np.array([0, 1, 2, 1]), "loss": "cross-entropy", "widths": (32, 64), "seeds": 2, "steps": (1000,)}
    small = check(classes, optimizer=sgd(0.02), **options)
    large = check(classes, optimizer=sgd(0.02 * 0.8 / small.inspection.step.max()), **options)
    assert large.inspection.step.max() == pytest.approx(0.8)
    assert not any("overshoots" in note for note in large.notes)
    ratios = (large.runs / small.runs).relative_distance.sel(step=np.inf, norm="frobenius")
    assert np.allclose(ratios.sel(parameter=["0.weight", "2.weight"]), 1, atol=0.2)
    squares = check(
        classes,
        y=np.eye(3)[[0, 1, 2, 1]] - 1 / 3,
        **{k: options[k] for k in ("widths", "seeds", "steps")},
        optimizer=sgd(0.02),
    )
    assert squares.inspection.step == pytest.approx(2 * small.inspection.step)


def test_a_limit_that_begins_beyond_the_widths_is_not_held_against_them():
    """Fewer neurons than inputs: the slope is another, and nothing is decided."""

    def many(width):
        return nn.Sequential(nn.Linear(400, width), nn.ReLU(), nn.Linear(width, 1))

    inputs = np.random.default_rng(0).standard_normal((4, 400))
    found = nm.pytorch.scaling_check(
        many, inputs, 20 * Y, widths=(12, 48), seeds=4, optimizer=sgd(0.001), steps=(5000,), loss_tol=0.2
    )
    first = found.of("spectral")[0]
    assert found.inspection.limit_begins > 400
    assert found.error.max() > 0.3
    assert first.verdict.value == "undecided"
    assert first.reason.endswith("; use wider networks")


def mup(width):
    """Three layers at the scales of muP."""
    model = nn.Sequential(nn.Linear(10, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 1))
    for layer, deviation in ((0, 1.0), (2, width**-0.5), (4, 1 / width)):
        nn.init.normal_(model[layer].weight, std=deviation)
        nn.init.zeros_(model[layer].bias)
    return model


@pytest.mark.parametrize("right", [True, False])
def test_mup_with_adam_is_critical_and_with_a_wrong_rate_of_the_readout_layers_drift_apart(right):
    def adam(model):
        width = model[0].out_features
        rates = {"0": 3e-3, "2": 3e-3 / width, "4": 3e-3 / width if right else 1e-4}
        return torch.optim.Adam([{"params": [p], "lr": rates[name[0]]} for name, p in model.named_parameters()])

    found = check(mup, optimizer=adam, steps=(3000,))
    weights = {result.layer: result for result in found.of("spectral") if result.layer.endswith("weight")}
    assert [result.predicted_slope for result in weights.values()] == ([0, 0, 0] if right else [-1, -1, 0])
    assert all(result.agrees for result in weights.values())
    first, last = (weights[name].measured.slope for name in ("0.weight", "4.weight"))
    assert last - first > 0.5 if not right else abs(last - first) < 0.3


def test_momentum_leads_to_the_same_place_sooner():
    plain, heavy = (
        check(
            optimizer=lambda model, m=m: torch.optim.SGD(model.parameters(), 5e-4, momentum=m),
            seeds=2,
            steps=(1, 10, 5000),
        )
        for m in (0.0, 0.9)
    )
    assert np.all(heavy.runs.end < plain.runs.end / 3)
    assert np.allclose(heavy.inspection.step / plain.inspection.step, 10)
    distances = [run.runs.relative_distance.sel(step=np.inf, parameter="0.weight") for run in (plain, heavy)]
    assert np.allclose(distances[1] / distances[0], 1, atol=0.1)
    known = heavy.runs.by_kernels.sel(parameter="0.weight", norm="frobenius", width=64, seed=0)
    assert [bool(np.isfinite(known.sel(step=step))) for step in (1, 10, np.inf)] == [True, False, True]


class Branch(nn.Module):
    """One residual block whose last map starts at zero, so that the first has no gradient there."""

    def __init__(self, width):
        super().__init__()
        self.first, self.inner, self.outer = nn.Linear(10, width), nn.Linear(width, width), nn.Linear(width, width)
        self.last = nn.Linear(width, 1)
        nn.init.zeros_(self.outer.weight)
        nn.init.zeros_(self.outer.bias)

    def forward(self, x):
        h = torch.relu(self.first(x))
        return self.last(h + self.outer(torch.relu(self.inner(h))))


@pytest.mark.parametrize("make", [sgd(0.02), lambda model: torch.optim.Adam(model.parameters(), 1e-3)])
def test_what_has_no_gradient_at_the_start_is_held_against_the_limit(make):
    found = check(Branch, optimizer=make, widths=(16, 32), seeds=2)
    results = {result.layer: result for result in found.of("spectral")}
    assert results["inner.weight"].beyond is None
    assert "outer.weight" not in results  # it starts at zero
    assert np.all(found.runs.relative_distance.sel(parameter="inner.weight", step=np.inf) > 0)
    assert not found.runs.by_kernels.sel(parameter="inner.weight").any()


def adam(rate):
    def make(model):
        return torch.optim.Adam(model.parameters(), rate / model[0].out_features, betas=(0.9, 0.99))

    return make


def test_adam_is_predicted_by_signs():
    found = check(optimizer=adam(0.06), seeds=3, steps=(1, 3000))
    assert [str(result.predicted_slope) for result in found.of("spectral")] == ["-1", "-1", "-1/2", "-1/2"]
    # the first step of Adam is one of signs: its RD is known
    first = found.runs.relative_distance.sel(step=1, width=64, parameter="0.weight", norm="frobenius")
    torch.manual_seed(0)
    layer = two(64)[0].double()
    open_somewhere = int((layer(torch.from_numpy(X)) > 0).any(0).sum())  # others have no gradient
    moved = 0.06 / 64 * (10 * open_somewhere) ** 0.5
    assert float(first[0]) == pytest.approx(moved / float(layer.weight.detach().norm()), rel=2e-3)
    assert np.all(found.runs.status == CellStatus.DONE)
    for own in found.layers:
        if own.layer.endswith("weight"):
            assert own.measured.slope == pytest.approx(own.prediction.expected, abs=0.12)
    hasty = check(optimizer=adam(6), seeds=2, widths=(32, 64), steps=(10,))
    assert (
        "times the tenth of what is missing that is left at the end: it overshoots at width 32, 64" in hasty.notes[-1]
    )


def test_cross_entropy_ends_at_a_level():
    labels = [0, 2, 1, 1]

    def classes(width):
        return nn.Sequential(nn.Linear(10, width), nn.ReLU(), nn.Linear(width, 3))

    found = check(classes, labels, loss="cross-entropy", optimizer=sgd(0.5), widths=(32, 64))
    assert found.runs.attrs["loss_tol"] == pytest.approx(np.log(3) / 4, rel=0.02)
    assert np.all(found.runs.loss <= found.runs.attrs["loss_tol"])
    model = torch.manual_seed(0) and classes(32).double()
    optimiser, inputs = torch.optim.SGD(model.parameters(), 0.5), torch.from_numpy(X)
    start = model[0].weight.detach().clone()
    for _ in range(int(found.runs.end.sel(width=32, seed=0))):
        optimiser.zero_grad()
        nn.functional.cross_entropy(model(inputs), torch.tensor(labels)).backward()
        optimiser.step()
    moved = float((model[0].weight - start).detach().norm() / start.norm())
    kept = found.runs.relative_distance.sel(width=32, seed=0, step=np.inf, parameter="0.weight", norm="frobenius")
    assert moved == pytest.approx(float(kept), rel=1e-6)


REFUSED = {
    "seeds": ({"seeds": 1}, "seeds = 1; give an integer >= 2"),
    "steps": ({"steps": ()}, "give integers >= 1 such as (1, 10, 100)"),
    "step": ({"steps": (0, 1)}, "give integers >= 1 such as (1, 10, 100)"),
    "loss": ({"loss": "hinge"}, "loss = 'hinge'; use one of squares, cross-entropy"),
    "labels": ({"loss": "cross-entropy"}, "cross-entropy takes labels (4,), integers from 0 to 1"),
    "level": ({"loss_tol": -1}, "loss_tol = -1"),
    "seconds": ({"max_seconds": 0}, "max_seconds = 0"),
    "optimizer": ({"optimizer": lambda model: torch.optim.LBFGS(model.parameters())}, "let it make SGD, Adam or AdamW"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_checked_is_refused(case):
    options, message = REFUSED[case]
    with pytest.raises(nm.InputError) as caught:
        check(**options)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
