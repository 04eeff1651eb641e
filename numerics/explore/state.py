"""What the page shows, as one value: it is the query of the link, and all else is computed from it."""

from dataclasses import asdict, dataclass, fields, replace
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any
from urllib.parse import parse_qsl, urlencode

import numpy as np

import phasetheory as pt
from numerics.arrays import real_number, whole_number
from numerics.datasets import check_data, load_data
from numerics.errors import InputError, check_choice, shown
from numerics.experiments.planes import plane_from_text
from numerics.experiments.stopping import LOSS, usual_loss_tol
from numerics.networks.sampling import check_width
from phasetheory.symbols.language import check_language

__all__ = ["DATA", "NARROWEST", "STANDARD", "WIDEST", "State"]

#: Data by name; else they are points.
DATA = ("four-points", "curve:10")
#: Planes of so many layers.
STANDARD = ("2", "3")
#: Widths of the slider.
NARROWEST, WIDEST = 100, 100_000
_WIDEST = {  # that trains within seconds: by optimiser, of two layers and of more
    "gradient-flow": (WIDEST, 1_000),
    "adam": (2_000, 200),
}
_OPTIMIZERS = ("gradient-flow", "adam")
_MOST = 40  # points


@dataclass(frozen=True)
class State:
    """What is asked of the page; immutable, checked.

    Attributes
    ----------
    plane : str
        ``'2'`` or ``'3'``, the standard planes of so many layers, or a slice ``'x,y: sigma_1, .., sigma_L; alpha'``.
    optimizer : str
        ``'gradient-flow'`` or ``'adam'``: of the diagram and of the training.
    x, y : str
        The point: decimals or fractions.
    width : int
        Neurons of every hidden layer.
    decay : str
        mu = lambda alpha of two layers; 0 is none.
    data : str
        One of :data:`DATA`, or points ``'x,y; x,y; ..'``.
    seed : int
    language : str
    """

    plane: str = "2"
    optimizer: str = "gradient-flow"
    x: str = "1.75"
    y: str = "0"
    width: int = 1000
    decay: str = "0"
    data: str = "four-points"
    seed: int = 0
    language: str = "en"

    def __post_init__(self) -> None:
        check_language(self.language)
        check_choice(self.optimizer, "optimiser", _OPTIMIZERS)
        for name in ("width", "seed"):
            object.__setattr__(self, name, _integer(getattr(self, name), name))
        whole_number(self.seed, "seed", 0, "give 0 or a positive integer")
        check_width(self.width, even=self.depth == 2)
        if not NARROWEST <= self.width <= self.widest:
            raise InputError(
                f"width = {self.width}; give {NARROWEST} to {self.widest} neurons for {self.depth} layers under "
                f"{'Adam' if self.optimizer == 'adam' else 'gradient flow'}: these train while one waits"
            )
        if self.mu and self.depth > 2:
            raise InputError(
                f"decay = {self.decay} with {self.depth} layers; mu = lambda alpha is a number of two layers"
            )
        _ = self.point, self.samples

    @cached_property
    def diagram(self) -> pt.PhaseDiagram:
        """The diagram of the plane."""
        return _diagram(self.plane.strip(), self.optimizer)

    @property
    def depth(self) -> int:
        """Number of weight layers."""
        return self.diagram.network.depth

    @property
    def widest(self) -> int:
        """Largest width that trains while one waits."""
        return _WIDEST[self.optimizer][self.depth > 2]

    @cached_property
    def point(self) -> tuple[Fraction, Fraction]:
        """The two coordinates, exact."""
        return _fraction(self.x, self.diagram.names[0]), _fraction(self.y, self.diagram.names[1])

    @cached_property
    def network(self) -> pt.Network:
        """The network of the point."""
        return self.diagram.network_at(self.point)

    @cached_property
    def mu(self) -> float:
        """The decay as a number."""
        mu = float(_fraction(self.decay, "decay"))
        if mu < 0:
            raise InputError(f"decay = {self.decay} is negative; give 0 or a positive number such as 0.01")
        return mu

    @cached_property
    def samples(self) -> tuple[np.ndarray, np.ndarray]:
        """X, the constant last, and y."""
        if self.data in DATA:
            return load_data(self.data)
        X, y = check_data(*_points(self.data))
        if not np.any(y):
            raise InputError(
                "all targets are zero: f = 0 fits them at the start, and no weight moves; give other targets"
            )
        return X, y

    @property
    def loss_tol(self) -> float:
        """Loss at which a run without decay ends."""
        return usual_loss_tol(LOSS, self.samples[1], self.data if self.data in DATA else "")

    def changed(self, **changes: Any) -> "State":
        """The state with these changes; a width that is not among them becomes the largest that trains there, if it is more.

        Raises
        ------
        InputError, TheoryError
            A value that is refused.
        """
        if "width" in changes:
            return replace(self, **changes)
        return replace(self, **changes, width=min(self.width, replace(self, **changes, width=NARROWEST).widest))

    def with_points(self, x: np.ndarray, y: np.ndarray) -> "State":
        """The state with these data, to three digits."""
        return replace(self, data="; ".join(f"{a:.3g},{b:.3g}" for a, b in zip(x, y, strict=True)))

    def to_query(self) -> str:
        """The part of a link after the question mark; what has its default is left out."""
        return urlencode({name: value for name, value in asdict(self).items() if value != getattr(_START, name)})

    @classmethod
    def from_query(cls, query: str) -> "State":
        """The state of a link.

        Raises
        ------
        InputError, TheoryError
            A name that it does not have, or a value that is refused.

        Examples
        --------
        >>> State.from_query("?x=0.5&width=200").to_query()
        'x=0.5&width=200'
        """
        given: dict[str, Any] = dict(parse_qsl(query.removeprefix("?"), keep_blank_values=True))
        known = [field.name for field in fields(cls)]
        for name in given:
            if name not in known:
                raise InputError(f"the link has {shown(name)}; it may have {', '.join(known)}")
        return cls(**given)


@lru_cache(maxsize=32)
def _diagram(plane: str, optimizer: str) -> pt.PhaseDiagram:
    if plane in STANDARD:
        return pt.phase_diagram(int(plane), optimizer=optimizer)
    return plane_from_text(plane, "slice", optimizer)


def _integer(value: object, name: str) -> int:
    try:
        return int(str(value))
    except ValueError:
        raise InputError(f"{name} = {shown(value)} is no integer; give one such as 1000") from None


def _fraction(text: str, name: str) -> Fraction:
    try:
        return Fraction(str(text).strip())
    except (ValueError, ZeroDivisionError):
        raise InputError(f"{name} = {shown(text)} is no number; give a decimal or a fraction, such as 7/4") from None


def _points(text: str) -> tuple[np.ndarray, np.ndarray]:
    pairs = [pair.split(",") for pair in text.split(";") if pair.strip()]
    wanted = "give two points or more, x,y; x,y, such as -1,0.5; 0,-0.5; 1,0.2"
    if any(len(pair) != 2 for pair in pairs):
        raise InputError(f"data = {shown(text)}; {wanted}")
    if not 2 <= len(pairs) <= _MOST:
        raise InputError(f"data are {len(pairs)} points; {wanted}, at most {_MOST}")
    try:
        found = np.array([[real_number(float(value), "a coordinate") for value in pair] for pair in pairs])
    except ValueError:
        raise InputError(f"data = {shown(text)} has what is no number; {wanted}") from None
    if len(set(found[:, 0])) < len(found):
        raise InputError(f"data = {shown(text)}: two points have the same x, and no function fits both; move one")
    return np.column_stack([found[:, 0], np.ones(len(found))]), found[:, 1]


_START = State()
