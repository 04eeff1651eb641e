"""A network known by its forward pass, as a problem, and its methods."""
