"""What is imported when: nobody waits for what was not asked for."""

import importlib
import json
import pkgutil
import subprocess
import sys
from types import ModuleType

import pytest

import numerics as nm
import phasetheory as pt
from numerics.cli import COMMANDS, command_named

HEAVY = ("dask", "loky", "matplotlib", "numba", "numpy", "pandas", "scipy", "sympy", "torch", "xarray", "zarr")


def imported(statement):
    """Which of the heavy packages a new process has imported after a statement."""
    script = f"import json, sys\n{statement}\nprint(json.dumps(sorted(set({HEAVY!r}) & set(sys.modules))))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize(
    "statement",
    [
        "import phasetheory",
        "import numerics",
        "from numerics.cli import main; main(['--help'])",
        "from numerics.cli import main; main(['--version'])",
        "from numerics.cli import main; main(['verfy'])",
        "import os; os.environ |= {'_PHASETHEORY_COMPLETE': 'complete_bash', 'COMP_WORDS': 'phasetheory ', 'COMP_CWORD': '1'}\n"
        "from numerics.cli import main; main(['nothing'])",
    ],
)
def test_nothing_heavy_without_need(statement):
    assert imported(statement) == []


@pytest.mark.slow
def test_theory_runs_without_the_numerics():
    calls = ["classify he", "classify --alpha 1 --beta1 1 --beta2 '1/m'", "derive --depth 3", "diagram --depth 3"]
    run = f"print(*(main(shlex.split(call)) for call in {calls!r}), sep=', ')"
    assert imported(f"import shlex; from numerics.cli import main; {run}") == ["sympy"]


def test_a_network_of_the_catalogue_is_placed_without_the_units_of_physics():
    """SymPy's simplify loads them, a tenth of a second; power laws are as simple as can be."""
    script = (
        "import sys; from numerics.cli import main; main(['classify', 'he']); print('sympy.physics' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"


@pytest.mark.parametrize("package", [pt, nm], ids=["phasetheory", "numerics"])
def test_every_public_name_is_there(package):
    assert {name for name in package.__all__ if not hasattr(package, name)} == set()
    assert set(package.__all__) <= set(dir(package))
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = package.nothing


@pytest.mark.slow
@pytest.mark.parametrize(
    ("package", "folders"), [(pt, []), (nm, ["datasets", "slopes"])], ids=["phasetheory", "numerics"]
)
def test_no_folder_takes_the_place_of_a_name(package, folders):
    """Once everything is imported, wherever it was first."""
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        try:
            importlib.import_module(found.name)
        except ImportError as error:  # an extra that is not installed
            if error.name not in {None, "torch", "panel", "bokeh"}:
                raise
    assert [name for name in package.__all__ if isinstance(getattr(package, name), ModuleType)] == folders


@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_of_commands_says_what_their_help_says(name):
    assert command_named(name).help.partition("\n\n")[0] == COMMANDS[name][1]
