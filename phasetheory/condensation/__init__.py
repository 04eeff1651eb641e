"""The first directions of condensation: from tiny weights, before the residual changes."""
