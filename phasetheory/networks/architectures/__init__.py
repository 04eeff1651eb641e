"""Architectures as graphs, one file each."""
