r"""Where neurons condense at first: the critical directions of D, and which of them attract.

From tiny weights, and as long as the residual is e = -y, a neuron follows, in uniform coordinates,

    u' = (kappa/n) D(v),   v' = (kappa/n) u grad D(v),   D(v) = sum_i y_i sigma(v.x_i),

that is the gradient of u D(v), with sigma replaced by its first term at 0, of degree p (:mod:`phasetheory.condensation.leading`).
u D is homogeneous, so directions converge to critical directions of D on the unit sphere, where v' is parallel to v.

*Attracts* [proved]: the maxima of u D over directions of (u, v) jointly; there u D > 0. That is a maximum of D with D > 0
for u > 0, a minimum with D < 0 for u < 0. A maximum with D < 0 does not: u' = D turns the sign of u, and then it repels.

*Onset* [proved for p = 1; order of magnitude for p >= 2]: |v|^2 - p u^2 is conserved, so |(u, v)| grows like r' ~ r^p: from
weights of size eps it takes a time ~ log(1/eps) for p = 1 and ~ eps^(1-p) beyond.

Where sigma(0) is not 0 (sigmoid, softplus) every u is pushed alike, at once, by sigma(0) sum_i y_i [derived]: the mean of the
targets is fitted after a time 1/(m kappa^2 sigma(0)^2), when v has grown to 1/(m kappa)^2 only. If m kappa > 1, e is no longer -y
when neurons turn: give the targets without their mean. Measured with softplus, kappa = 1, 1000 neurons of size 1e-4, four points,
loss down by a tenth: 0.9995 of the amplitude is within 5 degrees of the directions of y - mean(y), 0.0001 of those of y.

Sources: Maennel, Bousquet, Gelly 1803.08367 (relu: extremal directions); Zhou et al. 2105.11686 (multiplicity; at most 2p
directions for d = 2).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, overload

from phasetheory.arrays import real_array
from phasetheory.condensation.circle import on_circle
from phasetheory.condensation.leading import constant_term, leading_part
from phasetheory.condensation.sphere import Found, climb, quadratic
from phasetheory.errors import TheoryError, shown

if TYPE_CHECKING:  # NumPy is imported where it is used: `import phasetheory` stays symbolic and quick
    import numpy as np

__all__ = ["CondensedDirections", "Direction", "condensed_directions"]

_ROUNDING = 1e-12
_SHOWN = 4  # components in a line
_OPTIMIZERS = {"gradient-flow": False, "sign-descent": True, "adam": True}


@dataclass(frozen=True)
class Direction:
    """A critical direction of D.

    Attributes
    ----------
    vector : tuple of float, d of them
        Of length 1.
    value : float
        D there, sum_i y_i sigma(v.x_i) with the first term of sigma; times kappa/n it is the rate of u.
    attracts : bool
        Whether neurons with output weights of this :attr:`sign` condense there.
    basin : float
        Share of all orientations from which a neuron whose output weight keeps that sign comes to it; 0 if it does not attract.
    """

    vector: tuple[float, ...] = field(repr=False)
    value: float
    attracts: bool
    basin: float

    @property
    def sign(self) -> int:
        """Sign of D, which is the sign that the output weights take there: +1 or -1, 0 where D = 0."""
        return (self.value > 0) - (self.value < 0)

    @property
    def angle(self) -> float | None:
        """Degrees in [-180, 180), for d = 2; else None."""
        from math import atan2, degrees

        if len(self.vector) != 2:
            return None
        angle = degrees(atan2(self.vector[1], self.vector[0]))
        return -180.0 if angle >= 180.0 else angle

    def __repr__(self) -> str:
        numbers = [f"{x:.4g}" for x in self.vector]
        shown = numbers if len(numbers) <= _SHOWN else [*numbers[: _SHOWN - 1], "...", numbers[-1]]
        where = f"({', '.join(shown)})" if self.angle is None else f"{self.angle:.2f} degrees"
        draws = f"attracts output weights {'> 0' if self.sign > 0 else '< 0'}" if self.attracts else "a saddle"
        return f"Direction({where}, D = {self.value:.4g}, {draws})"


@dataclass(frozen=True)
class CondensedDirections(Sequence[Direction]):
    """A frozen sequence of :class:`Direction`, those that attract first, then by the size of D.

    Attributes
    ----------
    directions : tuple of Direction
    multiplicity : int
        p, the degree of the first term of the activation at 0.
    degenerate : bool
        D is constant on the sphere, or on a circle of it: no direction is preferred there, and none is listed.
    complete : bool
        Whether all critical directions are listed; else those that attract, as found from the starts.
    constant : float
        sigma(0); not zero for sigmoid and softplus.
    """

    directions: tuple[Direction, ...]
    multiplicity: int
    degenerate: bool
    complete: bool
    constant: float

    @property
    def onset(self) -> int:
        """Exponent p - 1 of the time of onset, T ~ eps^-(p-1) from weights of size eps; 0 is log(1/eps)."""
        return self.multiplicity - 1

    @property
    def attracting(self) -> tuple[Direction, ...]:
        """Those that attract."""
        return tuple(direction for direction in self.directions if direction.attracts)

    @overload
    def __getitem__(self, index: int) -> Direction: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Direction, ...]: ...

    def __getitem__(self, index: int | slice) -> Direction | tuple[Direction, ...]:
        return self.directions[index]

    def __len__(self) -> int:
        return len(self.directions)

    def __iter__(self) -> Iterator[Direction]:
        return iter(self.directions)

    def __str__(self) -> str:
        """What it says, in lines."""
        time = "log(1/eps)" if self.onset == 0 else f"eps^-{self.onset}"
        lines = [f"multiplicity {self.multiplicity}: from weights of size eps, onset at a time ~ {time}"]
        if self.degenerate:
            lines.append("degenerate: D is constant there, no direction is preferred")
        return "\n".join([*lines, *map(repr, self.directions)])


def condensed_directions(
    X: Any,
    y: Any,
    *,
    activation: Any = "relu",
    optimizer: str = "gradient-flow",
    starts: int = 400,
    seed: int = 0,
) -> CondensedDirections:
    """Directions on which the neurons of two layers condense at first, from tiny weights.

    Parameters
    ----------
    X : array (n, d), y : array (n,)
        Inputs, d >= 2 with the constant for the bias included, and targets.
    activation : str, number, Activation or SymPy expression
        'relu', 'linear', 'tanh', 'z tanh z', 'z^2 tanh z', 'softplus', 'sigmoid', 'gelu', 'silu'; the negative slope of leaky
        relu; or an expression in one symbol.
    optimizer : str
        'gradient-flow', or 'sign-descent', alias 'adam': every weight moves at the same speed, so the directions are the corners
        +-sign(sum_i y_i x_i) (smooth activations of multiplicity 1 only; derived).
    starts, seed : int
        Of the climb, where one is needed: d > 2, with kinks or p > 2.

    Returns
    -------
    CondensedDirections
        A frozen sequence of :class:`Direction`. d = 2, or a smooth activation with p <= 2: complete, to rounding.

    Raises
    ------
    TheoryError
        y = 0, arrays that do not fit, an activation or an optimiser that is not known.

    Examples
    --------
    >>> x, y = [-1, 0, 1], [1, 0, -1]
    >>> found = condensed_directions([[position, 1] for position in x], y, activation="tanh")
    >>> [(direction.angle, direction.sign) for direction in found]
    [(-180.0, 1), (0.0, -1)]
    """
    import numpy as np

    X, y = _arrays(X, y)
    if not np.any(y):
        raise TheoryError("y = 0: f = 0 fits it and no neuron is pushed; give targets that are not all zero")
    if optimizer not in _OPTIMIZERS:
        raise TheoryError(f"optimizer = {shown(optimizer)}; use one of {', '.join(map(repr, _OPTIMIZERS))}")
    for name, value, least in (("starts", starts, 1), ("seed", seed, 0)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
            raise TheoryError(f"{name} = {shown(value)}; give an integer >= {least}")
    part = leading_part(activation)
    right, left, degree = float(part.right), float(part.left), int(part.degree)
    smooth = right == (-1) ** degree * left
    constant = float(constant_term(activation))
    if _OPTIMIZERS[optimizer]:
        if not smooth or degree > 1:
            raise TheoryError(
                f"optimizer = {optimizer!r} with activation = {shown(activation)}: corners are derived for smooth activations of "
                "multiplicity 1, such as 'tanh'; use those, or 'gradient-flow'"
            )
        found, degenerate, complete = *_linear(X, y * right, corners=True), True
    elif degree == 1 and smooth:
        found, degenerate, complete = *_linear(X, y * right, corners=False), True
    elif X.shape[1] == 2:
        found, degenerate, complete = *_planar(X, y, right, left, degree), True
    elif degree == 2 and smooth:
        matrix = (X.T * (y * right)) @ X
        trivial = _constant(matrix, (np.abs(y * right) @ np.sum(X**2, axis=1)))
        found, degenerate = ([], True) if trivial else quadratic(matrix)
        complete = not degenerate
    else:
        up = climb(X, y, right, left, degree, starts, seed)
        down = [one._replace(value=-one.value) for one in climb(X, -y, right, left, degree, starts, seed)]
        found, degenerate, complete = [*up, *down], False, False
    directions = [
        Direction(tuple(float(x) + 0.0 for x in one.vector), one.value, one.basin > 0 and one.value != 0, one.basin)
        for one in found
    ]
    # to nine digits: of opposite directions of odd degree, equal but for rounding, the first found stays the first
    directions.sort(key=lambda one: (not one.attracts, -float(f"{abs(one.value):.9g}")))
    return CondensedDirections(tuple(directions), degree, degenerate, complete, constant)


def _linear(X: "np.ndarray", y: "np.ndarray", *, corners: bool) -> tuple[list[Found], bool]:
    """+-sum_i y_i x_i, or its corner; nothing where it is zero."""
    import numpy as np

    pull = y @ X
    pull = np.where(np.abs(pull) > _ROUNDING * (np.abs(y) @ np.abs(X)), pull, 0.0)
    if not np.any(pull):
        return [], True
    direction = np.sign(pull) if corners else pull
    direction = direction / np.linalg.norm(direction)
    return [Found(s * direction, s * float(pull @ direction), 1.0) for s in (1.0, -1.0)], False


def _planar(X: "np.ndarray", y: "np.ndarray", right: float, left: float, degree: int) -> tuple[list[Found], bool]:
    """All critical directions for two inputs."""
    import numpy as np

    extrema = on_circle(X, y, right, left, degree)
    if extrema is None:
        return [], True
    size = float(np.abs(y) @ np.linalg.norm(X, axis=1) ** degree) * max(abs(right), abs(left))
    found = []
    for one in extrema:
        value = one.value if abs(one.value) > _ROUNDING * size else 0.0
        attracts = one.kind * value > 0
        vector = np.array([np.cos(one.angle), np.sin(one.angle)])
        found.append(Found(vector, value, one.basin if attracts else 0.0))
    return found, False


def _constant(matrix: "np.ndarray", size: float) -> bool:
    """Whether v.M v is the same for all unit vectors."""
    import numpy as np

    return bool(np.all(np.abs(matrix - np.trace(matrix) / len(matrix) * np.eye(len(matrix))) <= _ROUNDING * size))


def _arrays(X: Any, y: Any) -> "tuple[np.ndarray, np.ndarray]":
    import numpy as np

    inputs, targets = real_array(X, "X"), real_array(y, "y")
    if inputs.ndim != 2 or targets.shape != inputs.shape[:1] or inputs.size == 0:
        raise TheoryError(f"X has shape {inputs.shape} and y {targets.shape}; give (n, d) and (n,)")
    if inputs.shape[1] < 2:
        raise TheoryError("X has one column; a direction takes two inputs, the constant 1 for the bias among them")
    if not (np.all(np.isfinite(inputs)) and np.all(np.isfinite(targets))):
        raise TheoryError("X or y contain NaN or infinite values; remove those samples")
    return inputs, targets
