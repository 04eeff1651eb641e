"""Experiments: what to measure, what is expected of it, and what the measurement says."""
