"""The tangent kernel of a module at a few inputs, quick enough to be looked at while it is trained.

A sample's gradient of the weights of a linear module is an outer product, delta_i h_i^T, so their inner products are
(delta_i . delta_j)(h_i . h_j): no gradient is built. All other parameters take one backward pass for each sample.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from numerics.errors import InputError, shown

__all__ = ["probe_kernel"]


def probe_kernel(model: nn.Module, parameters: Sequence[nn.Parameter], probe: torch.Tensor) -> np.ndarray:
    """G = J J^T (n, n) at ``probe`` (n, ...), of several outputs that of their sum with fixed random signs over sqrt(k).

    In eval mode, where every sample has to be treated alone; modes are put back. In single precision at least.
    """
    modes = {module: module.training for module in model.modules()}
    calls: list[tuple[nn.Linear, torch.Tensor, torch.Tensor]] = []

    def note(module: nn.Module, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
        if isinstance(module, nn.Linear):
            calls.append((module, inputs[0], output))

    handles = [module.register_forward_hook(note) for module in model.modules() if type(module) is nn.Linear]
    model.eval()
    try:
        with torch.enable_grad():
            outputs = _combined(model(probe))
            alone = [call for call in calls if _alone(call, calls, model, len(outputs))]
            covered = {id(p) for module, _, _ in alone for p in (module.weight, module.bias)}
            others = [p for p in parameters if id(p) not in covered]
            wanted = [output for _, _, output in alone if output.requires_grad]
            deltas = (
                torch.autograd.grad(outputs.sum(), wanted, retain_graph=bool(others), allow_unused=True)
                if wanted
                else ()
            )
            rows = _each(outputs, others)
    finally:
        for handle in handles:
            handle.remove()
        for module, training in modes.items():
            module.training = training
    trained, kernel = {id(p) for p in parameters}, np.zeros((len(outputs), len(outputs)))
    for (module, inputs, _), delta in zip((c for c in alone if c[2].requires_grad), deltas, strict=True):
        if delta is not None:
            seen = (_gram(inputs) if id(module.weight) in trained else 0.0) + (id(module.bias) in trained)
            kernel += _gram(delta) * seen
    return kernel + sum((_gram(row) for row in rows if row is not None), np.zeros_like(kernel))


def _combined(outputs: object) -> torch.Tensor:
    """Outputs (n,) or (n, k) as (n,)."""
    if not isinstance(outputs, torch.Tensor) or outputs.ndim not in (1, 2):
        what = tuple(outputs.shape) if isinstance(outputs, torch.Tensor) else type(outputs).__name__
        raise InputError(f"the output of model at probe is {shown(what)}; it has to be (n,) or (n, k)")
    table = outputs.reshape(len(outputs), -1)
    signs = np.random.default_rng(0).choice([-1.0, 1.0], table.shape[1]) / np.sqrt(table.shape[1])
    return table @ torch.as_tensor(signs, dtype=table.dtype, device=table.device)


def _alone(call: tuple[nn.Linear, torch.Tensor, torch.Tensor], calls: Sequence[Any], model: nn.Module, n: int) -> bool:
    """Whether a call is the only use of its weights and has one row for each sample."""
    module, inputs, _ = call
    owners = Counter(id(p) for m in model.modules() for p in m._parameters.values() if p is not None)
    shared = owners[id(module.weight)] > 1 or (module.bias is not None and owners[id(module.bias)] > 1)
    return not shared and sum(other is module for other, _, _ in calls) == 1 and inputs.ndim == 2 and len(inputs) == n


def _each(outputs: torch.Tensor, parameters: Sequence[nn.Parameter]) -> Sequence[torch.Tensor | None]:
    """Gradients (n, ...) of every output with respect to every parameter."""
    if not parameters or not outputs.requires_grad:
        return ()
    each = torch.eye(len(outputs), dtype=outputs.dtype, device=outputs.device)
    return torch.autograd.grad(outputs, parameters, each, allow_unused=True, is_grads_batched=True)


def _gram(rows: torch.Tensor) -> np.ndarray:
    flat = rows.detach().flatten(1)
    flat = flat if flat.dtype == torch.float64 else flat.float()
    return (flat @ flat.T).cpu().double().numpy()
