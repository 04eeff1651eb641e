"""Three layers and deeper: the network as a problem, and its methods."""
