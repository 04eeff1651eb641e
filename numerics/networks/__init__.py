"""Sampled networks: weights, activation, Jacobian, random numbers."""
