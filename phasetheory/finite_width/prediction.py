r"""Relative distances at finite width in the linear regime, with their constants: no fit and no limit.

While the weights hardly move, f is linear in them and gradient flow solves a linear equation. With J_l = df/dW_l at the start
(n rows), G_l = eta_l J_l J_l^T and G = sum_l G_l, the residual obeys de/dt = -G e/n, and from f = 0 at the start

    W_l(t) - W_l(0) = eta_l J_l^T c(t),    c(t) = G^{-1} (1 - e^{-G t/n}) y,    RD_l^2 = eta_l c^T G_l c / |W_l(0)|^2.

For a wide two-layer network the sums over neurons are Gaussian averages, the kernels of
:mod:`phasetheory.finite_width.arc_cosine`:

    G_a(x, x') = eta_a (m beta2^2/alpha^2) |x| |x'| E[sigma sigma],      |a(0)|^2 = m beta1^2,
    G_w(x, x') = eta_w (m beta1^2/alpha^2) (x.x') E[sigma' sigma'],      |w(0)|_F^2 = m d beta2^2.

Close inputs have small eigenvalues, which the kernel of the *smaller* layer may carry up to very large widths: the slope of RD
between two widths then differs from the limit S_l, and a measured slope should be compared with :meth:`FiniteWidth.slope`.

How far to trust it
-------------------
* Formula and kernels: proved. That the network is linear: derived, from S_l < 0.
* gamma < 1: both layers. For a smooth activation the kernel's first-order change is odd in a(0), which an antisymmetric start
  cancels (any other start averages), so it is off by a relative O(1/P^2) = O(m^(2(gamma-1))). For relu it is O(1/P): neurons
  arrive at a kink with the speed of the side they come from, and +a and -a do not cancel. One sample, |x| = 1, kappa' = 1, d = 2:
  RD_w = (y/2P)(1 - y/(6 pi P) + ...), RD_a = (y/sqrt2 P)(1 + y/(2 pi P) + ...). G^{-1} amplifies it by at most its condition
  number. The error itself is computed by :func:`numerics.locate`, from the infinitely wide network of the same capacity.
* gamma >= 1 and gamma' > gamma - 1 (w linear, a not): f is linear in a, whatever a does, and w stays, so RD_a holds up to the
  relative change O(RD_w) of the features, amplified by at most the root of the condition number. But w is driven by the a
  that has *grown*, not by a(0): RD_w is not covered, and G_w at the start is only a lower estimate of a small correction.
  Only ``'a'`` is given there. Elsewhere the flow is not linear and nothing is given.
  Both estimates: :meth:`FiniteWidth.linearization_error`. Where it is not small, the prediction is not to be trusted. Measured
  on four points against the infinitely wide network, kappa' from 0.1 to 8, P from 3 to 1000: it lies above the error, by a
  factor of 8 to 40 where kappa' >= 0.3 and P >= 30, and of up to 500 where both are small. Over three sets of points
  (antisymmetric start, 3 seeds, m = 16 000) RD_w is within 2 and RD_a within 5 per cent for gamma <= 1/2.
* Sampling: a drawn network differs from its average by O(m^(-1/2)) per pair of inputs; a pair at angle theta is told apart by
  m theta/pi neurons only, which has to be large.
"""

from dataclasses import dataclass, field
from math import isfinite, log, sqrt
from numbers import Real
from typing import TYPE_CHECKING, Any

import sympy as sp

from phasetheory.arrays import real_array
from phasetheory.errors import TheoryError, shown
from phasetheory.finite_width.arc_cosine import angle, arc_cosine_kernels
from phasetheory.networks.network import Network, check_network, refuse_zero_layer
from phasetheory.scaling.argument import displacement
from phasetheory.symbols.expressions import d, m

if TYPE_CHECKING:  # NumPy is imported where it is used: `import phasetheory` stays symbolic and quick
    import numpy as np

__all__ = ["FiniteWidth", "finite_width"]

_NEAR = 0.9  # |cosine| above which the angle is computed from differences
_SAME = 1e-12  # radians: inputs closer than this cannot be told apart in double precision
_LARGEST = 1e150  # scales are squared: larger ones leave double precision
_SINGULAR = 1e-14  # smallest pivot of a kernel with unit diagonal: below it, no digit of the solution is left


@dataclass(frozen=True, eq=False)
class FiniteWidth:
    """What the linear regime predicts for one network and data set, at any width.

    Attributes
    ----------
    network : Network
        Its scales are functions of the width.
    layers : tuple of str
        Layers whose relative distance is predicted: ``('w', 'a')`` where gamma < 1, ``('a',)`` where only w stays.
    loss : float
        Value of R = (1/2n) sum e^2 at which training stops; 0 is the limit of infinite time.
    kernel_a, kernel_w : float64 (n, n)
        |x||x'| E[sigma sigma] and (x.x') E[sigma' sigma'], free of scales.
    targets : float64 (n,)
    inputs : float64 (n, d)
        The constant input for the bias included.
    """

    network: Network
    layers: tuple[str, ...]
    loss: float
    kernel_a: "np.ndarray" = field(repr=False)
    kernel_w: "np.ndarray" = field(repr=False)
    targets: "np.ndarray" = field(repr=False)
    inputs: "np.ndarray" = field(repr=False)

    @property
    def input_dimension(self) -> int:
        """The number of inputs d."""
        return self.inputs.shape[1]

    def relative_distance(self, width: float) -> dict[str, float]:
        """RD of each covered layer when training has reached :attr:`loss`, at one width.

        Raises
        ------
        TheoryError
            A width that is not positive, or at which a scale leaves the range of floating point.
        """
        scale = self._scales(width)
        kernels, overall = self._kernels(scale, width)
        c = _coefficients(kernels["w"] + kernels["a"], self.targets, self.loss)  # of the kernel over ``overall``
        start = {"w": width * self.input_dimension * scale["beta2"] ** 2, "a": width * scale["beta1"] ** 2}
        squares = {layer: scale[f"eta_{layer}"] * float(c @ kernels[layer] @ c) / overall for layer in self.layers}
        result = {layer: sqrt(squares[layer] / start[layer]) for layer in self.layers}
        if not all(isfinite(value) for value in result.values()):
            raise TheoryError(f"a scale overflows at width = {width:g}; use a smaller width or milder exponents")
        return result

    def slope(self, width: float, other_width: float) -> dict[str, float]:
        """Slope of log RD against log width between two widths: what a slope measured there is compared with."""
        if width == other_width:
            raise TheoryError(f"both widths are {width:g}; give two different ones")
        first, second = self.relative_distance(width), self.relative_distance(other_width)
        if not all(first.values()) or not all(second.values()):
            raise TheoryError(
                "a relative distance is 0, so it has no slope; give targets above the final loss or smaller widths"
            )
        return {layer: log(second[layer] / first[layer]) / log(other_width / width) for layer in self.layers}

    def linearization_error(self, width: float) -> float:
        """Upper estimate of the relative error of RD made by taking f linear (sampling not included).

        Derived. Both layers covered: the kernels change by at most D (:meth:`_changes`), and with z = G^{-1} y, p = G^{-1} G_l z
        RD_l by at most |p|.D|z|/(2 z.G_l z), and RD_w by |z|.D_w|z|/(3 z.G_w z) more. The signs, which cancel much of it, are not
        known. Only a covered: the features change by RD_w, amplified by the root of the condition number, with RD_w from
        the balance law for a radial move, (Delta a)^2 = 2 |w| Delta |w|.
        """
        import numpy as np

        scale = self._scales(width)
        kernels, overall = self._kernels(scale, width)
        whole, distance = kernels["w"] + kernels["a"], self.relative_distance(width)
        if self.layers == ("a",):
            grown = scale["eta_w"] / scale["eta_a"] * (distance["a"] * scale["beta1"]) ** 2
            return sqrt(float(np.linalg.cond(whole))) * grown / (2 * self.input_dimension * scale["beta2"] ** 2)
        z = _coefficients(whole, self.targets, self.loss)
        moved_by = scale["eta_w"] * scale["beta1"] / (scale["alpha"] * scale["beta2"] * overall) * np.abs(z)
        changes = self._changes(kernels, moved_by, distance)
        errors = {}
        for layer in self.layers:
            p = np.linalg.lstsq(whole, kernels[layer] @ z, rcond=None)[0]
            square = np.abs(p) @ sum(changes.values()) @ np.abs(z)
            if layer == "w":
                square += 2 / 3 * np.abs(z) @ changes["w"] @ np.abs(z)
            errors[layer] = float(square / (2 * z @ kernels[layer] @ z))
        return max(errors.values())

    def _changes(
        self, kernels: "dict[str, np.ndarray]", moved_by: "np.ndarray", distance: dict[str, float]
    ) -> "dict[str, np.ndarray]":
        """Bounds on the changes of the entries of each kernel, from f linear to first and second order.

        First order, G_w at the kink of x_i between slopes s and 1: of what moves a neuron, c_i (1-s) |x_i|^2 a is there on one
        side only, so that the fluxes to and fro differ by p_i(0) E|a|^3 |c_i| |x_i|^2 (1-s)/2 at most, and each neuron changes
        sigma'_i by 1-s. Second order: RD_w^2 for G_a, RD_w^2 + RD_a^2 for G_w.
        """
        import numpy as np

        def largest(kernel: "np.ndarray") -> "np.ndarray":
            return np.sqrt(np.outer(np.diag(kernel), np.diag(kernel)))

        s = -float(self.network.activation.left)
        loads = moved_by * np.linalg.norm(self.inputs, axis=1)
        share = kernels["w"][0, 0] / self.kernel_w[0, 0]
        flux = (
            share
            * np.abs(self.inputs @ self.inputs.T)
            * np.add.outer(loads, loads)
            * (1 - s) ** 2
            * (1 + s)
            / (2 * np.pi)
        )
        second = distance["w"] ** 2
        return {
            "w": flux + largest(kernels["w"]) * (second + distance["a"] ** 2),
            "a": largest(kernels["a"]) * second,
        }

    def _kernels(self, scale: dict[str, float], width: float) -> "tuple[dict[str, np.ndarray], float]":
        """G_w and G_a over a common factor that keeps them of order one, and that factor."""
        # of each layer in the tangent kernel
        shares = {"w": scale["eta_w"] * scale["beta1"] ** 2, "a": scale["eta_a"] * scale["beta2"] ** 2}
        whole = shares["w"] + shares["a"]
        kernels = {"w": shares["w"] / whole * self.kernel_w, "a": shares["a"] / whole * self.kernel_a}
        overall = whole * width / scale["alpha"] ** 2
        if not (isfinite(overall) and overall > 0):
            raise TheoryError(f"a scale overflows at width = {width:g}; use a smaller width or milder exponents")
        return kernels, overall

    def _scales(self, width: float) -> dict[str, float]:
        width = _as_float(width, "width", "a positive number of neurons")
        if width == 0:
            raise TheoryError("width = 0; give a positive number of neurons")
        net = self.network
        symbols = {
            "beta2": net.sigmas[0],
            "beta1": net.sigmas[1],
            "alpha": net.alpha,
            "eta_w": net.learning_rates[0],
            "eta_a": net.learning_rates[1],
        }
        exact = sp.Rational(repr(width))
        numbers = {name: sp.N(value.subs({m: exact, d: self.input_dimension})) for name, value in symbols.items()}
        for name, number in numbers.items():
            if not number.is_real:
                raise TheoryError(
                    f"{name} = {symbols[name]} is not real at width = {width:g}; give scales that are positive"
                )
            if number <= 0:
                raise TheoryError(f"{name} = {symbols[name]} is not positive at width = {width:g}; use a larger width")
            if not 1 / _LARGEST < number < _LARGEST:
                raise TheoryError(
                    f"{name} = {symbols[name]} overflows at width = {width:g}, where its square leaves double precision; use a "
                    "milder scale or a smaller width"
                )
        return {name: float(number) for name, number in numbers.items()}


def finite_width(network: Network, inputs: Any, targets: Any, *, loss: float = 0.0) -> FiniteWidth:
    """Predict relative distances with their constants, from the arc-cosine kernels of the data.

    Parameters
    ----------
    network : Network
        Two layers, activation of degree 1; scales in the width m and the input dimension d = ``inputs.shape[1]``.
    inputs : array (n, d)
        The constant 1 for the bias included as a column.
    targets : array (n,)
        What f moves by: y, for a start with f = 0 (antisymmetric or centred).
    loss : float
        Training stops where R = (1/2n) sum e^2 reaches it; 0 for the limit of infinite time. With close inputs the last small
        residuals cost most of the distance, so give the tolerance of the run that is compared.

    Raises
    ------
    TheoryError
        Other depths or degrees, a point where neither layer is linear, a scale with free symbols, data of the wrong shape,
        or inputs that are zero, parallel or too many for the kernel to tell apart.

    Examples
    --------
    >>> from phasetheory.networks.network import two_layer
    >>> ntk = two_layer(alpha="sqrt(m)", beta1=1, beta2=1)
    >>> prediction = finite_width(ntk, [[1.0, 1.0], [-1.0, 1.0]], [0.5, -0.5])
    >>> round(prediction.relative_distance(10_000)["w"], 6)
    0.002973
    >>> round(prediction.slope(1_000, 10_000)["w"], 6)
    -0.5
    """
    import numpy as np

    check_network(network)
    refuse_zero_layer(network, "its relative distance has no meaning")
    layers = _covered_layers(network)
    _refuse_free_symbols(network)
    x, y = real_array(inputs, "inputs"), real_array(targets, "targets")
    if x.ndim != 2 or y.shape != x.shape[:1] or x.size == 0:
        raise TheoryError(f"inputs and targets have shapes {x.shape} and {y.shape}; give (n, d) and (n,)")
    if not (np.all(np.isfinite(x)) and np.all(np.isfinite(y))):
        raise TheoryError("inputs or targets contain NaN or infinite values; clean the data first")
    loss = _as_float(loss, "loss", "the final loss, 0 or a positive number")
    norms, theta = _angles(x)
    kernels = arc_cosine_kernels(network.activation)
    value, slope = (sp.lambdify(angle, kernel, "numpy")(theta) for kernel in (kernels.value, kernels.slope))
    lengths = np.outer(norms, norms)
    return FiniteWidth(network, layers, loss, lengths * value, x @ x.T * slope, y, x)


def _as_float(value: Any, name: str, wanted: str) -> float:
    """A number >= 0 of Python or NumPy as a float."""
    try:
        number = float(value) if isinstance(value, Real) and not isinstance(value, bool) else -1.0
    except (OverflowError, TypeError):  # out of range; a time, which NumPy takes for an integer
        number = -1.0
    if not (isfinite(number) and number >= 0):
        raise TheoryError(f"{name} = {shown(value)}; give {wanted}")
    return number


def _covered_layers(network: Network) -> tuple[str, ...]:
    """Layers for which the argument of the module holds at large width."""
    if network.depth != 2:
        raise TheoryError(f"finite_width covers two layers and this network has {network.depth}; use slopes()")
    slopes = network.slopes()
    sigmas, alpha = network.exponents.absorbed()
    if displacement(sigmas, alpha).capacity > 0:
        return network.layers
    if slopes["w"] < 0:
        return ("a",)
    raise TheoryError(
        f"at gamma = {network.gamma}, gamma' = {network.gamma_prime} the flow is not linear (S_w = {slopes['w']}, "
        f"S_a = {slopes['a']}), so no kernel predicts it; use slopes() or run it"
    )


def _refuse_free_symbols(network: Network) -> None:
    scales = (*network.sigmas, network.alpha, *network.learning_rates)
    extra = set().union(*(s.free_symbols for s in scales), network.activation.left.free_symbols) - {m, d}
    if extra:
        raise TheoryError(f"the network has free symbols {', '.join(sorted(map(str, extra)))}; give them numbers")


def _angles(x: "np.ndarray") -> "tuple[np.ndarray, np.ndarray]":
    """Lengths of the inputs and the angles between them, accurate for close inputs (Kahan's formula)."""
    import numpy as np

    norms = np.linalg.norm(x, axis=1)
    if not np.all(norms > 0):
        raise TheoryError(f"input {int(np.argmin(norms))} is zero, where f is always 0; append the constant 1")
    units = x / norms[:, None]
    cosines = np.clip(units @ units.T, -1, 1)
    theta = np.arccos(cosines)
    for i, u in enumerate(units):  # arccos loses half the digits near 0 and pi: redo those
        near = np.flatnonzero(np.abs(cosines[i]) > _NEAR)
        apart_by, sum_to = np.linalg.norm(units[near] - u, axis=1), np.linalg.norm(units[near] + u, axis=1)
        theta[i, near] = 2 * np.arctan2(apart_by, sum_to)
    apart = theta + np.pi * np.eye(len(x))
    if len(x) > 1 and apart.min() < _SAME:
        i, j = map(int, np.unravel_index(np.argmin(apart), apart.shape))
        raise TheoryError(f"inputs {i} and {j} are parallel, so f(x_{i}) fixes f(x_{j}); keep one of them")
    return norms, theta


def _coefficients(g: "np.ndarray", y: "np.ndarray", loss: float) -> "np.ndarray":
    """Coefficients c = G^{-1} (1 - e^{-G t/n}) y at the time t when the loss is reached."""
    import numpy as np

    diagonal = np.sqrt(np.diag(g))
    if loss == 0:
        scaled = g / np.outer(diagonal, diagonal)  # Cholesky after scaling: backward stable, blind to units
        try:
            lower = np.linalg.cholesky(scaled)
        except np.linalg.LinAlgError:
            lower = np.zeros_like(scaled)
        if np.min(np.diag(lower)) ** 2 < _SINGULAR:
            raise TheoryError(
                f"the tangent kernel of {len(y)} inputs is singular in double precision; remove close inputs or give loss > 0"
            )
        return np.linalg.solve(lower.T, np.linalg.solve(lower, y / diagonal)) / diagonal
    eigenvalues, vectors = np.linalg.eigh(g)
    rates, modes = np.maximum(eigenvalues, 0) / eigenvalues[-1], vectors.T @ y
    time = _time_to_loss(rates, modes, 2 * len(y) * loss)
    fitted = np.where(rates > 0, -np.expm1(-rates * time) / np.where(rates > 0, rates, 1), time)
    return vectors @ (fitted * modes) / eigenvalues[-1]


def _time_to_loss(rates: "np.ndarray", modes: "np.ndarray", square: float) -> float:
    """Time t, in units of the fastest mode, at which sum_k (modes_k e^(-rates_k t))^2 = square; bisection on log t."""
    import numpy as np

    def remaining(t: float) -> float:
        return float(np.sum((modes * np.exp(-rates * t)) ** 2))

    if remaining(0.0) <= square:
        return 0.0
    low, high = 1e-16, 1e16  # rates lie between the rounding error of the largest eigenvalue and 1
    if remaining(high) > square:
        raise TheoryError(
            f"the loss {square / (2 * len(modes)):.3g} is never reached on these inputs; give a larger one"
        )
    for _ in range(120):
        middle = (low * high) ** 0.5
        low, high = (middle, high) if remaining(middle) > square else (low, middle)
    return high
