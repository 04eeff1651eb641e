# mypy: disable-error-code="no-untyped-def, call-overload"
"""The table of laws of a step: how the neurons of every row move, and where those go that come to a ray or to v = 0."""

from typing import NamedTuple

import numpy as np
from numba import njit

from numerics.kernels.one_neuron import FLAT, SHARE, hyperbolic
from numerics.kernels.sectors.forces import find_forces
from numerics.kernels.sectors.places import SECTOR_OPTIONS

__all__ = ["AP", "AQ", "BP", "BQ", "CHANGE", "COSH", "GP", "GQ", "SINH", "SQUARE", "Laws", "find_laws"]

#: Columns of the table: the force g; sinh and cosh parts of how far v goes along it; relative change of u; inner normals a and b
#: of the borders that neurons move towards, 0 else; |g|^2.
GP, GQ, SINH, COSH, CHANGE, AP, AQ, BP, BQ, SQUARE = range(10)


class Laws(NamedTuple):
    """Laws over a step with constant forces; R rays.

    Attributes
    ----------
    table : float64 (rows, 10)
        See the names of the columns.
    fates : int (2, R)
        Sign of u by ray: the place that a neuron on the ray goes to, the ray itself if it slides.
    arrivals : int (2, R)
        The same for one that has just come there, -1 if it passes.
    at : float64 (2,)
        Force at v = 0.
    room : float64 (2, R, 2)
        See :func:`numerics.kernels.sectors.forces.find_forces`.
    """

    table: np.ndarray
    fates: np.ndarray
    arrivals: np.ndarray
    at: np.ndarray
    room: np.ndarray

    @classmethod
    def of(cls, rays: int) -> "Laws":
        """Room for those of so many rays."""
        fates, arrivals = np.zeros((2, 2, rays), dtype=np.int64)
        return cls(np.zeros((2 * (2 * rays + 1), SQUARE + 1)), fates, arrivals, np.zeros(2), np.empty((2, rays, 2)))


@njit(**SECTOR_OPTIONS)
def find_laws(c, X, s, sectors, laws):
    """Fill the laws of a step with forces c (n,) of the samples; ``s``: slope of the activation for z < 0."""
    table, fates, arrivals, at, room = laws
    n = c.size
    rays = fates.shape[1]
    size = 2 * rays + 1
    at[:] = 0.0
    for i in range(n):
        at[0] += s * c[i] * X[i, 0]
        at[1] += s * c[i] * X[i, 1]
    forces = room[0]
    find_forces(c, X, s, sectors.starts, forces, room[1])
    for r in range(rays):
        gp, gq = forces[r, 0], forces[r, 1]
        a, b = sectors.normals[r], sectors.normals[r + 1 if r + 1 < rays else 0]  # a remainder takes as long as a law
        _law(1.0, gp, gq, a[0], a[1], -b[0], -b[1], table[2 * r + 1])
        _law(-1.0, gp, gq, a[0], a[1], -b[0], -b[1], table[2 * r + 1 + size])
    for sign in range(2):
        for r in range(rays):
            _ray(sign, r, sectors, table, fates, arrivals)
        table[sign * size + 2 * rays] = 0.0
        table[sign * size + 2 * rays, CHANGE] = (
            -2.0 if at[0] != 0.0 or at[1] != 0.0 else 0.0
        )  # u changes sign: an event


@njit(forceinline=True, **SECTOR_OPTIONS)
def _law(direction, gp, gq, ap, aq, bp, bq, law):
    """Fill a row; borders that neurons do not move towards are left out."""
    G2 = gp * gp + gq * gq
    cosh, sinh = hyperbolic(G2)
    law[GP], law[GQ], law[SINH], law[COSH], law[CHANGE] = gp, gq, sinh, cosh, G2 * cosh
    towards = -direction * (ap * gp + aq * gq)
    meets = towards > 0.0 and towards * towards > FLAT * G2
    law[AP], law[AQ] = (ap, aq) if meets else (0.0, 0.0)
    towards = -direction * (bp * gp + bq * gq)
    meets = towards > 0.0 and towards * towards > FLAT * G2
    law[BP], law[BQ] = (bp, bq) if meets else (0.0, 0.0)
    law[SQUARE] = G2


@njit(forceinline=True, **SECTOR_OPTIONS)
def _ray(sign, r, sectors, table, fates, arrivals):
    """What becomes of a neuron on a ray; the rule of :func:`numerics.kernels.one_neuron.advance` for one kink."""
    rays = fates.shape[1]
    size = 2 * rays + 1
    direction = 1.0 - 2.0 * sign
    first, second = 2 * r - 1 if r > 0 else 2 * rays - 1, 2 * r + 1
    before_p, before_q, after_p, after_q = table[first, GP], table[first, GQ], table[second, GP], table[second, GQ]
    np_, nq, dp, dq = sectors.normals[r, 0], sectors.normals[r, 1], sectors.directions[r, 0], sectors.directions[r, 1]
    before, after = direction * (before_p * np_ + before_q * nq), direction * (after_p * np_ + after_q * nq)
    fate = sectors.negative[r]
    attracts = after < before
    if attracts:
        share = before / (before - after)
        fate = 2 * r if SHARE < share < 1.0 - SHARE else (second if share > 0.5 else first)
    fates[sign, r] = fate
    arrivals[sign, r] = fate if attracts else -1
    law = table[2 * r + sign * size]
    if fate != 2 * r:
        law[:] = 0.0
        law[AP], law[AQ] = -dp, -dq  # an event for whoever is here
        return
    # the sides' forces have the same part along the ray; the smaller is the more exact
    squares = before_p * before_p + before_q * before_q, after_p * after_p + after_q * after_q
    along = before_p * dp + before_q * dq if squares[0] < squares[1] else after_p * dp + after_q * dq
    along = 0.0 if along * along <= FLAT * max(squares[0], squares[1]) else along
    _law(direction, along * dp, along * dq, dp, dq, dp, dq, law)
