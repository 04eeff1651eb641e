"""Two layers: the network as a problem, and its methods, one a file."""
