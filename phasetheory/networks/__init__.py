"""Networks as points of the theory: scales and activation, no weights."""
