"""The driver needs cosmic-ray, which the tests do without: it is not searched for doctests."""

collect_ignore = ["mutate.py"]
