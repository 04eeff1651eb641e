"""Small random samples of any shape, for networks that are not fully connected."""

import numpy as np

__all__ = ["random_samples", "random_tokens"]


def random_samples(shape: tuple[int, ...], *, samples: int = 4, channels: int = -1, seed: int = 0) -> np.ndarray:
    """Standard normal inputs (n, *shape) whose last coordinate, or channel, is 1 everywhere: relus are then open somewhere.

    Parameters
    ----------
    shape : tuple of int
        Of a sample.
    samples : int
        n.
    channels : int
        Axis of a sample along which its coordinates lie.
    seed : int

    Examples
    --------
    >>> random_samples((3, 2), samples=1)[..., -1]
    array([[1., 1., 1.]])
    """
    X = np.random.default_rng(seed).standard_normal((samples, *shape))
    np.moveaxis(X[0:], channels if channels < 0 else channels + 1, -1)[..., -1] = 1.0
    return X


def random_tokens(shape: tuple[int, ...], *, samples: int = 4, words: int = 8, seed: int = 0) -> np.ndarray:
    """Token ids (n, *shape) below ``words``, each sample another.

    Examples
    --------
    >>> random_tokens((), samples=3)
    array([2, 4, 3])
    """
    rng = np.random.default_rng(seed)
    if not shape:
        return rng.permutation(words)[:samples]
    return rng.integers(0, words, (samples, *shape))
