"""Loops over neurons and weights in Numba; nothing here knows what calls it."""
