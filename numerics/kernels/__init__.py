"""Loops over neurons and weights in Numba; nothing here knows what calls it."""

from numerics.kernels import cache

cache.settle()
