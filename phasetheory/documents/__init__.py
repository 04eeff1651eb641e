"""The derivation and its results as text, Markdown and LaTeX."""
