"""The commands of the command line, one subject a file; :mod:`numerics.cli` puts them together."""
