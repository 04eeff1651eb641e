"""nm.pytorch.Monitor against the same quantities worked out another way."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

import numerics as nm

torch = pytest.importorskip("torch")
nn = torch.nn
mpl.use("Agg")


def mlp(seed=0, dtype=torch.float32):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(5, 40), nn.ReLU(), nn.Linear(40, 30), nn.ReLU(), nn.Linear(30, 2)).to(dtype)


def trained(model, monitor, steps=30, every=10, rate=0.05):
    torch.manual_seed(1)
    X, y = torch.randn(20, 5), torch.randn(20, 2)
    X, y = X.to(next(model.parameters()).dtype), y.to(next(model.parameters()).dtype)
    optimiser = torch.optim.SGD(model.parameters(), rate)
    monitor.log(0)
    for step in range(1, steps + 1):
        optimiser.zero_grad()
        ((model(X) - y) ** 2).mean().backward()
        optimiser.step()
        if step % every == 0:
            monitor.log(step)
    return monitor.to_xarray()


def kernel(model, X):
    """By one backward pass for each sample and nothing else."""
    signs = np.random.default_rng(0).choice([-1.0, 1.0], 2) / np.sqrt(2)
    rows = []
    for x in X:
        out = model.eval()(x[None])[0] @ torch.as_tensor(signs, dtype=x.dtype)
        rows.append(torch.cat([g.flatten() for g in torch.autograd.grad(out, list(model.parameters()))]).double())
    J = torch.stack(rows).numpy()
    return J @ J.T


def test_distances_are_those_of_the_singular_values():
    model = mlp()
    start = {name: p.detach().clone().double().numpy() for name, p in model.named_parameters()}
    found = trained(model, nm.pytorch.Monitor(model)).isel(step=-1)
    for name, p in model.named_parameters():
        change = np.atleast_2d(p.detach().double().numpy() - start[name])
        sizes = np.linalg.svd(change, compute_uv=False)
        whole = np.linalg.svd(np.atleast_2d(start[name]), compute_uv=False)
        expected = [np.linalg.norm(sizes) / np.linalg.norm(whole), sizes[0] / whole[0]]
        np.testing.assert_allclose(found.relative_distance.sel(parameter=name), expected, rtol=1e-4)
        np.testing.assert_allclose(found.stable_rank.sel(parameter=name), (sizes**2).sum() / sizes[0] ** 2, rtol=2e-4)


@pytest.mark.parametrize(
    "build",
    [
        mlp,
        lambda: nn.Sequential(nn.Unflatten(1, (1, 5)), nn.Conv1d(1, 9, 3), nn.ReLU(), nn.Flatten(), nn.Linear(27, 2)),
        lambda: nn.Sequential(
            shared := nn.Linear(5, 5), nn.ReLU(), shared, nn.ReLU(), nn.LayerNorm(5), nn.Linear(5, 2)
        ),
    ],
    ids=["mlp", "conv", "a layer used twice"],
)
def test_the_kernel_is_that_of_single_gradients(build):
    torch.manual_seed(3)
    model = build()
    probe = torch.randn(4, 5)
    before = kernel(model, probe)
    model.train()
    monitor = nm.pytorch.Monitor(model, probe=probe)
    found = trained(model, monitor).kernel_change.values
    assert model.training
    after = kernel(model, probe)
    expected = np.linalg.norm(after - before) / np.linalg.norm(before)
    assert found[0] == 0
    assert found[-1] == pytest.approx(expected, rel=1e-3)
    assert expected > 0.01


def test_the_balance_is_kept_by_small_steps_and_not_by_adams_directions():
    model = nn.Sequential(nn.Linear(5, 20, bias=False), nn.ReLU(), nn.Linear(20, 2, bias=False)).double()
    combination = {"0.weight": 1, "2.weight": -1}
    found = trained(model, nm.pytorch.Monitor(model, conserved=[combination]), rate=1e-3)
    assert found.balance_drift.values[-1] < 0.05
    assert list(found.conserved.values) == ["|0.weight|² - |2.weight|²"]
    wrong = nm.pytorch.Monitor(model, conserved=[{"0.weight": 1, "2.weight": 1}])
    assert trained(model, wrong, rate=1e-3).balance_drift.values[-1] > 0.5


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell, self.last = nn.RNN(5, 12, nonlinearity="relu", batch_first=True), nn.Linear(12, 2)

    def forward(self, x):
        return self.last(self.cell(torch.stack([x, 2 * x, -x], 1))[0][:, -1])


class Blocks(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.inner, self.outer = nn.Linear(5, 12), nn.Linear(12, 9), nn.Linear(9, 12)
        self.last = nn.Linear(12, 2, bias=False)

    def forward(self, x):
        h = self.first(x).relu()
        return self.last(h + self.outer(self.inner(h).relu()) / 2)


READ = {
    "chain": (mlp, 2),
    "conv": (
        lambda: nn.Sequential(nn.Unflatten(1, (1, 5)), nn.Conv1d(1, 9, 3), nn.ReLU(), nn.Flatten(), nn.Linear(27, 2)),
        1,
    ),
    "recurrent": (Recurrent, 1),
    "residual": (Blocks, 2),
    "normalised": (lambda: nn.Sequential(nn.Linear(5, 8), nn.LayerNorm(8), nn.ReLU(), nn.Linear(8, 2)), 0),
    "smooth": (lambda: nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 2)), 0),
}


@pytest.mark.parametrize("case", READ)
def test_what_is_conserved_is_read_off_the_module_and_conserved(case):
    torch.manual_seed(0)
    build, number = READ[case]
    model = build().double()
    monitor = nm.pytorch.Monitor(model, probe=torch.randn(3, 5).double())
    found = trained(model, monitor, rate=1e-3, steps=20)
    assert found.conserved.size == number
    # the drift of a step is of the order of its size
    assert np.all(found.balance_drift.values[-1] < 0.05)


def test_orientations_that_gather_are_seen():
    model = mlp()
    monitor = nm.pytorch.Monitor(model, neurons=8)
    monitor.log(0)
    with torch.no_grad():
        direction = torch.randn(5)
        model[0].weight.copy_(torch.where(torch.arange(40)[:, None] % 2 == 0, direction, -direction))
        model[0].bias.zero_()
    monitor.log(1)
    found = monitor.to_xarray().sel(layer="0.weight")
    assert found.entropy.values[0] > 0.6
    assert found.entropy.values[1] < 0.2
    np.testing.assert_allclose(np.abs(found.similarity.values[1]), 1, atol=1e-5)
    assert np.abs(found.similarity.values[0]).min() < 0.5


def test_a_parameter_that_starts_at_zero_has_a_distance_and_no_relative_one():
    model = mlp()
    nn.init.zeros_(model[4].weight)
    found = trained(model, nm.pytorch.Monitor(model)).sel(parameter="4.weight").isel(step=-1)
    assert np.all(found.distance > 0)
    assert np.all(np.isnan(found.relative_distance))


def test_tables_and_figures_have_what_was_logged(tmp_path):
    model = mlp()
    monitor = nm.pytorch.Monitor(model, probe=torch.randn(3, 5), conserved=[{"0.weight": 1, "2.weight": -1}])
    found = trained(model, monitor)
    monitor.to_csv(tmp_path / "run.csv")
    table = pd.read_csv(tmp_path / "run.csv")
    row = table.query("step == 30 and quantity == 'relative_distance' and of == '2.weight' and norm == 'spectral'")
    expected = found.relative_distance.sel(step=30, parameter="2.weight", norm="spectral")
    assert row.value.item() == pytest.approx(float(expected))
    assert set(table.quantity) == set(found.data_vars) - {"similarity"}
    labels = [" ".join(ax.get_title().split()) for ax in monitor.plot().axes]
    assert {"RD, Frobenius norm", "change of the tangent kernel", "drift of the balance"} <= set(labels)


def test_half_precision_and_frozen_parameters():
    model = mlp(dtype=torch.bfloat16)
    model[0].weight.requires_grad_(False)
    found = trained(model, nm.pytorch.Monitor(model))
    assert "0.weight" not in found.parameter
    assert np.isfinite(found.relative_distance.isel(step=-1)).all()


REFUSED = {
    "no module": (lambda: nm.pytorch.Monitor(3), "model is of type int; give a Module"),
    "nothing to train": (lambda: nm.pytorch.Monitor(nn.ReLU()), "model has no parameter that is trained"),
    "lazy": (lambda: nm.pytorch.Monitor(nn.LazyLinear(3)), "has no shape yet; send one batch"),
    "probe": (lambda: nm.pytorch.Monitor(mlp(), probe=[1.0]), "probe is of type list; give a Tensor"),
    "output": (
        lambda: nm.pytorch.Monitor(nn.Conv1d(1, 2, 1), probe=torch.ones(2, 1, 3)),
        "(2, 2, 3); it has to be",
    ),
    "layer": (
        lambda: nm.pytorch.Monitor(mlp(), layers=["W1"]),
        "layers = 'W1'; use one of 0.weight, 2.weight, 4.weight",
    ),
    "neurons": (lambda: nm.pytorch.Monitor(mlp(), neurons=1), "neurons = 1; give an integer >= 2"),
    "conserved": (lambda: nm.pytorch.Monitor(mlp(), conserved=["0.weight"]), "give mappings such as"),
    "conserved name": (lambda: nm.pytorch.Monitor(mlp(), conserved=[{"a": 1}]), "conserved = 'a'; use one of"),
    "step": (lambda: nm.pytorch.Monitor(mlp()).log(-1), "step = -1; give an integer >= 0"),
    "nothing": (lambda: nm.pytorch.Monitor(mlp()).to_xarray(), "nothing has been logged; call log(step)"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_watched_is_refused(case):
    call, message = REFUSED[case]
    with pytest.raises(nm.InputError) as caught:
        call()
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_steps_ascend_and_weights_are_finite():
    model = mlp()
    monitor = nm.pytorch.Monitor(model)
    monitor.log(5)
    with pytest.raises(nm.InputError, match="step = 5; give an integer >= 6"):
        monitor.log(5)
    with torch.no_grad():
        model[0].weight[0, 0] = float("nan")
    with pytest.raises(nm.InputError, match=r"0\.weight has NaN or infinite values"):
        monitor.log(6)
