"""The chapter page by page: each file makes one, from the experiments and figures that the other commands use."""
