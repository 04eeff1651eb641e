"""Formulas in the width: symbols, a reader that never executes text, exact exponents, printing."""
