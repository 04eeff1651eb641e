"""Networks with the same kappa and kappa' whose weights are trained at other scales: figure 3d of [L21]."""

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import ClassVar

from numerics.arrays import listed
from numerics.errors import InputError
from numerics.experiments.grids import exact, grid_text
from numerics.experiments.plan import Plan
from numerics.networks import DeepNetwork, TwoLayer
from numerics.networks.activation import is_homogeneous
from numerics.scans import Cell

__all__ = ["Beta2Plan", "in_own_weights"]


@dataclass(frozen=True, kw_only=True)
class Beta2Plan(Plan):
    """Every cell trained once for each b in the weights themselves instead of the normalised ones.

    beta2 = m^b, beta1 = kappa' beta2, alpha = beta1 beta2/kappa. The theory says that b changes nothing.

    Parameters
    ----------
    beta2_exponents : sequence of number
        The values of b.
    **options
        Those of :class:`numerics.Plan`, of a diagram of two layers.
    """

    any_training: ClassVar[bool] = False

    beta2_exponents: tuple[Fraction, ...] = (Fraction(0),)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.depth != 2 or not is_homogeneous(self.activation or 0.0):
            raise InputError("beta2_exponents need two layers of a homogeneous activation; give another diagram")
        scales = tuple(
            exact(b, "beta2_exponent") for b in listed(self.beta2_exponents, "beta2_exponents", "give a list")
        )
        if not scales or len(set(scales)) < len(scales):
            raise InputError(f"beta2_exponents = {self.beta2_exponents}; give at least one, each of them once")
        object.__setattr__(self, "beta2_exponents", scales)

    @property
    def cells(self) -> list[Cell]:
        """Every (first coordinate, second coordinate, beta2_exponent, width, seed)."""
        x, y = self.names
        return [
            {x: cell[x], y: cell[y], "beta2_exponent": b, "width": cell["width"], "seed": cell["seed"]}
            for cell in super().cells
            for b in self.beta2_exponents
        ]

    def _own_words(self) -> list[str]:
        return [f"--beta2 {grid_text(self.beta2_exponents)}"]

    def _key(self, cell: Cell) -> tuple[Fraction, ...]:
        return *self.point_of(cell), Fraction(cell["beta2_exponent"])

    def start(self, cell: Cell) -> TwoLayer | DeepNetwork:
        """The network of one cell in its own weights."""
        network = super().start(cell)
        assert isinstance(network, TwoLayer)
        return in_own_weights(network, float(network.width) ** float(cell["beta2_exponent"]))


def in_own_weights(network: TwoLayer, beta2: float) -> TwoLayer:
    """The same network with u = a and v = w, for input weights of scale beta2.

    Its plain gradient flow has kappa = 1/alpha in the place of kappa; kappa' is kept.
    """
    beta1 = network.kappa_prime * beta2
    alpha = beta1 * beta2 / network.kappa
    return replace(network, u=network.output_weights(beta1), v=network.input_weights(beta2), kappa=1.0 / alpha)
