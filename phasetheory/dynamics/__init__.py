"""The gradient flow of a network: equations, normalisation, balance law. Proved, step by step."""
