"""Sampled networks: weights, activation, Jacobian, random numbers."""

from numerics.networks.deep import DeepNetwork
from numerics.networks.two_layer import TwoLayer

__all__ = ["DeepNetwork", "TwoLayer"]
