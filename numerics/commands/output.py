"""What the commands share: JSON on stdout, and an output folder that is known to work before anything is computed for it."""

import json
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

__all__ = ["Json", "as_json", "prepare"]

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def as_json(result: dict[str, Any]) -> str:
    """Indented JSON that keeps Greek letters."""
    return json.dumps(result, indent=1, ensure_ascii=False)


def prepare(folder: Path) -> None:
    """Make the folder and write to it once; the trial file is gone again."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder):
        pass
