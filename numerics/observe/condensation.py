"""Condensation measured: how far the orientations of the neurons, weighted by amplitude, are from uniform.

Three numbers. The *entropy* of the orientation histogram relative to that of the uniform one: 1 if no direction is preferred, 0
if one bin holds everything. The *directions* on which the amplitude gathers, found by well-kept tools: for d = 2 the peaks of the
circular histogram (``scipy.signal.find_peaks``), for d > 2 the clusters of neurons drawn in proportion to their amplitude
(``scipy.cluster.hierarchy``, average linkage). The *fraction* of the amplitude within a small angle of a direction.

In the condensed regime the fraction rises with the width, and the entropy falls to what a few unequal directions have; on the
boundary both stay; in the linear regime the directions vanish and the entropy goes to 1.
"""

from dataclasses import dataclass, field

import numpy as np
from scipy.special import betainc, betaincinv, entr

from numerics.arrays import whole_number
from numerics.errors import InputError, check_type
from numerics.networks.seeds import generator
from numerics.observe.features import Features

__all__ = ["Condensation", "OrientationHistogram", "condensation", "orientation_histogram", "share_near"]

BINS = 180  # of the histogram: two degrees for d = 2
_MOST_BINS = 1_000_000
_SMOOTHING = 1.5  # bins (3 degrees): joins the bins of one direction, keeps directions 10 degrees apart
_PROMINENCE = 2.0  # of a peak, in units of the uniform density,
_NOISE = (
    11.0  # and in units of what that many isotropic neurons fluctuate by (8 for independent ones: a start has twins)
)
_NEAR = np.deg2rad(5.0)  # half-width of a direction for d = 2
_WIDEST = np.deg2rad(45.0)  # half-width of a direction for d > 2, at most,
_CHANCE = 0.01  # and so narrow that no more than this part of isotropic neurons falls into it
_LEAST = 0.05  # share of the amplitude that makes a cluster a direction: five times chance,
_MEMBERS = 20.0  # and that of this many neurons, or ten pairs of twins
_DRAWN = 1500  # neurons that are clustered, drawn in proportion to the amplitude


@dataclass(frozen=True)
class OrientationHistogram:
    """Amplitude by orientation.

    Attributes
    ----------
    edges : float64 (bins + 1,)
        Angle from -pi to pi for d = 2. For d > 2: probability, from 0 to 1, that an isotropic direction projects on the
        reference by less than w_k does, so that isotropic weights fill all bins alike.
    share : float64 (bins,)
        Share of the total amplitude in each bin; sums to 1.
    """

    edges: np.ndarray = field(repr=False)
    share: np.ndarray = field(repr=False)

    @property
    def entropy(self) -> float:
        """Entropy over that of the uniform histogram: 1 no preferred orientation, 0 all in one bin."""
        return max(0.0, float(np.sum(entr(self.share)) / np.log(self.share.size)))


@dataclass(frozen=True)
class Condensation:
    """How condensed a layer is.

    Attributes
    ----------
    entropy : float
        Of the orientation histogram, relative to uniform.
    directions : float64 (k, d)
        Condensed directions, unit vectors, the largest share first.
    shares : float64 (k,)
        Share of the total amplitude within ``angle`` of each; a neuron counts for its nearest direction.
    angle : float
        Half-width of a direction, radians.
    """

    entropy: float
    directions: np.ndarray = field(repr=False)
    shares: np.ndarray
    angle: float

    @property
    def number(self) -> int:
        """Number of condensed directions."""
        return len(self.directions)

    @property
    def fraction(self) -> float:
        """Share of the amplitude within the condensed directions together."""
        return float(np.sum(self.shares))

    @property
    def orientations(self) -> np.ndarray:
        """The directions as angles in [-pi, pi), for d = 2."""
        return Features(np.ones(self.number), self.directions, np.ones(self.number)).orientation


def orientation_histogram(
    neurons: Features, bins: int = BINS, *, reference: np.ndarray | None = None
) -> OrientationHistogram:
    """Amplitude-weighted histogram of the orientations.

    Parameters
    ----------
    neurons : Features
    bins : int
        At least 2. 1000 isotropic neurons have an entropy of 0.98 with 180 bins, 10^5 have 1.00.
    reference : array (d,), optional
        For d > 2, the direction projected on; by default the leading one, along which the amplitude-weighted orientations have
        the largest second moment.
    """
    bins = whole_number(bins, "bins", 2, f"give an integer from 2 to {_MOST_BINS}", most=_MOST_BINS)
    total = _total(neurons)
    if neurons.dimension == 1:
        raise InputError("the neurons have one input; orientations need at least two")
    if neurons.dimension == 2:
        if reference is not None:
            raise InputError(
                "reference is for more than two inputs; with two the angle itself is the orientation, leave it out"
            )
        values, span = neurons.orientation, (-np.pi, np.pi)
    else:
        along = neurons.projection(leading_direction(neurons) if reference is None else np.ravel(reference))
        half = (neurons.dimension - 1) / 2
        values, span = betainc(half, half, (1 + along) / 2), (0.0, 1.0)
    share, edges = np.histogram(values, bins=bins, range=span, weights=neurons.amplitude / total)
    return OrientationHistogram(edges, share)


def condensation(neurons: Features, *, rng: int | np.random.Generator = 0) -> Condensation:
    """Measure the condensation of a layer.

    Parameters
    ----------
    neurons : Features
        Of any width: 10^6 neurons of two inputs take a fifth of a second.
    rng : int or Generator
        For d > 2, draws the neurons that are clustered.

    Accuracy
    --------
    d = 2: two directions closer than 10 degrees are one. d > 2: clusters of at least 5 % of the amplitude, within
    45 degrees or less (a hundredth of the sphere at most).

    Examples
    --------
    >>> import numpy as np
    >>> w = np.repeat([[1.0, 0.0], [0.0, 1.0]], 50, axis=0)
    >>> found = condensation(Features(np.ones(100), w, np.ones(100)))
    >>> found.number, round(found.fraction, 12)
    (2, 1.0)
    """
    random, total = generator(rng), _total(neurons)
    histogram = orientation_histogram(neurons)
    effective = neurons.width / 2  # neurons, if all had the same amplitude, at a random start
    if neurons.dimension == 2:
        angle, directions = float(_NEAR), _peaks(histogram, effective)
    else:
        half = (neurons.dimension - 1) / 2
        angle = min(_WIDEST, float(np.arccos(1 - 2 * betaincinv(half, half, _CHANCE))))
        directions = _clusters(neurons, angle, max(_LEAST, _MEMBERS / effective), random)
    if not len(directions):
        return Condensation(histogram.entropy, directions, np.zeros(0), angle)
    cosines = neurons.projection(directions)
    nearest = np.argmax(cosines, axis=1)
    inside = cosines[np.arange(neurons.width), nearest] >= np.cos(angle)
    shares = np.bincount(nearest[inside], neurons.amplitude[inside] / total, minlength=len(directions))
    means = _means(neurons, nearest, inside, len(directions))
    order = np.argsort(-shares, kind="stable")
    return Condensation(histogram.entropy, means[order], shares[order], angle)


def share_near(neurons: Features, directions: np.ndarray, degrees: float) -> float:
    """Share of the amplitude within an angle of one of some directions.

    Parameters
    ----------
    neurons : Features
    directions : float64 (k, d)
        Of any length.
    degrees : float
    """
    near = np.any(neurons.projection(directions) >= np.cos(np.deg2rad(degrees)), axis=1)
    return float(np.sum(neurons.amplitude[near]) / _total(neurons))


def leading_direction(neurons: Features) -> np.ndarray:
    """Unit vector (d,) along which the amplitude-weighted orientations have the largest second moment, on their side."""
    scale = np.divide(neurons.amplitude, neurons.length, out=np.zeros(neurons.width), where=neurons.length > 0)
    moment = neurons.weights.T @ (
        (scale / np.where(neurons.length > 0, neurons.length, 1.0))[:, None] * neurons.weights
    )
    vector = np.linalg.eigh(moment)[1][:, -1]
    return vector if scale @ (neurons.weights @ vector) >= 0 else -vector


def _total(neurons: Features) -> float:
    check_type(neurons, "neurons", Features)
    total = float(np.sum(neurons.amplitude))
    if not (np.isfinite(total) and total > 0):
        raise InputError(f"the amplitudes add up to {total}; a layer without weights has no orientation")
    return total


def _means(neurons: Features, nearest: np.ndarray, inside: np.ndarray, count: int) -> np.ndarray:
    """Mean orientation of the neurons of each direction, weighted by amplitude; unit vectors (count, d)."""
    scale = np.divide(neurons.amplitude, neurons.length, out=np.zeros(neurons.width), where=inside)
    sums = np.array([scale[chosen] @ neurons.weights[chosen] for chosen in (nearest == k for k in range(count))])
    return sums / np.linalg.norm(sums, axis=1, keepdims=True)


def _peaks(histogram: OrientationHistogram, effective: float) -> np.ndarray:
    """Unit vectors at the peaks of the smoothed density on the circle."""
    from scipy.ndimage import gaussian_filter1d
    from scipy.signal import find_peaks  # two thirds of a second: only for those who ask

    bins = histogram.share.size
    noise = np.sqrt(bins / (effective * 2 * np.sqrt(np.pi) * _SMOOTHING))
    density = gaussian_filter1d(histogram.share * bins, _SMOOTHING, mode="wrap")
    start = int(np.argmin(density))  # cut the circle where there is least, so that no peak is cut in two
    closed = np.append(np.roll(density, -start), density[start])
    found, _ = find_peaks(closed, prominence=max(_PROMINENCE, _NOISE * noise))
    angle = histogram.edges[(found + start) % bins] + np.pi / bins
    return np.column_stack([np.cos(angle), np.sin(angle)])


def _clusters(neurons: Features, angle: float, least: float, generator: np.random.Generator) -> np.ndarray:
    """Mean directions of the clusters that hold at least that share of the amplitude."""
    from scipy.cluster.hierarchy import fcluster, linkage  # slow to load, as above

    drawn = generator.choice(neurons.width, min(_DRAWN, 5 * neurons.width), p=neurons.amplitude / _total(neurons))
    units = neurons.weights[drawn] / neurons.length[drawn, None]
    labels = fcluster(linkage(units, "average", "cosine"), 1 - np.cos(angle), "distance") - 1
    shares = np.bincount(labels) / labels.size
    means = np.array([units[labels == label].mean(axis=0) for label in np.flatnonzero(shares >= least)])
    return (means / np.linalg.norm(means, axis=1, keepdims=True)) if means.size else np.zeros((0, neurons.dimension))
