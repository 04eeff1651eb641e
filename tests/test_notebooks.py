"""Every notebook runs from top to bottom, imports public names only, and stays light. Needs the extra ``notebooks``."""

import ast
import importlib
from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")

pytestmark = pytest.mark.extra
FOLDER = Path(__file__).parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
LARGEST = 600_000  # bytes, outputs included


def test_there_are_eight():
    assert [path.name[0] for path in NOTEBOOKS] == list("12345678")


def test_each_begins_with_the_same_cell_that_installs():
    assert len({nbformat.read(path, as_version=4).cells[1].source for path in NOTEBOOKS}) == 1
    assert all(nbformat.read(path, as_version=4).cells[1].id == "install" for path in NOTEBOOKS)


def code(path):
    cells = nbformat.read(path, as_version=4).cells
    return "\n".join(cell.source for cell in cells if cell.cell_type == "code")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_light_and_imports_public_names_only(path):
    assert path.stat().st_size < LARGEST
    for node in ast.walk(ast.parse(code(path))):
        if isinstance(node, ast.ImportFrom) and node.module.split(".")[0] in ("numerics", "phasetheory"):
            public = importlib.import_module(node.module).__all__
            assert {alias.name for alias in node.names} <= set(public)
        if isinstance(node, ast.Attribute):
            assert not node.attr.startswith("_")


@pytest.mark.filterwarnings("default")  # those of Jupyter are not ours
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_from_top_to_bottom(path):
    if "import torch" in code(path):
        pytest.importorskip("torch")
    notebook = nbformat.read(path, as_version=4)
    client = nbclient.NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(FOLDER)}}
    )
    client.execute()
    for cell in notebook.cells:
        assert not [o for o in cell.get("outputs", []) if o.output_type == "error" or o.get("name") == "stderr"]
