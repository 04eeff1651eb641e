"""A scan without networks: cells that cost nothing, and fail, kill their process or wait on demand."""

from pathlib import Path

import pytest

import numerics as nm


def make_toy():
    # a class of a function is sent to worker processes by value: they need not find this file
    class Toy(nm.Experiment):
        def __init__(self, sizes=(1, 2, 3, 4), seeds=2, factor=2.0, trouble=None, folder=None):
            self.sizes, self.seeds, self.factor = sizes, seeds, factor
            self.trouble, self.folder = trouble or {}, folder

        @property
        def cells(self):
            from fractions import Fraction

            return [{"x": Fraction(size, 4), "seed": seed} for size in self.sizes for seed in range(self.seeds)]

        @property
        def observables(self):
            return {
                "double": nm.Observable("twice x"),
                "powers": nm.Observable("powers of x", {"power": ("first", "second"), "bin": (0.5, 1.5, 2.5)}),
            }

        @property
        def settings(self):
            return {"factor": self.factor}

        def cost(self, cell):
            return float(cell["x"])

        def measure(self, cell):
            import os
            import time

            x = float(cell["x"])
            if self.folder is not None:
                with open(f"{self.folder}/runs", "a") as log:
                    log.write(f"{cell['x']} {cell['seed']}\n")
            trouble = self.trouble.get((cell["x"], cell["seed"]))
            if trouble == "fail":
                raise ZeroDivisionError("no\nluck")
            if trouble == "die":
                os._exit(1)
            if trouble == "die once" and not os.path.exists(f"{self.folder}/died"):
                open(f"{self.folder}/died", "w").close()
                os._exit(1)
            if trouble == "wait":
                time.sleep(0.5)
            short = "ran out of luck" if trouble == "short" else ""
            return nm.Outcome({"double": self.factor * x, "powers": [[x] * 3, [x**2 / 3] * 3]}, short)

    return Toy


@pytest.fixture(scope="session")
def toy():
    return make_toy()


@pytest.fixture
def runs(tmp_path):
    """How many cells were measured until now by experiments with ``folder=tmp_path``."""
    return lambda: len((tmp_path / "runs").read_text().splitlines()) if (tmp_path / "runs").exists() else 0


def contents(store):
    """Every byte of the dataset in a store, without the log it was made from."""
    files = (path for path in Path(store).rglob("*") if path.is_file() and ".scan" not in path.parts)
    return {str(path.relative_to(store)): path.read_bytes() for path in files}


@pytest.fixture(scope="session")
def bytes_of():
    return contents
