"""The terminal session at the top of the README: commands are run, and what they print is drawn as an SVG.

python docs/terminal_session.py notebooks/images/session.svg
"""

import argparse
import os
import shlex
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

COMMANDS = ("phasetheory classify he", "phasetheory verify --quick --no-derivation")
COLUMNS = 106


def main() -> None:
    """Run the commands and write the picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="file .svg to write")
    out = parser.parse_args().out
    with open("/dev/null", "w") as nowhere:
        console = Console(record=True, width=COLUMNS, file=nowhere)
        for command in COMMANDS:
            console.print(Text.assemble(("$ ", "bold green"), (command, "bold")))
            console.print(Text.from_ansi(output_of(command)))
        console.save_svg(str(out), title="phasetheory", unique_id="session")


def output_of(command: str) -> str:
    """What a command prints, in a terminal of this width."""
    _, *words = shlex.split(command)
    call = [sys.executable, "-m", "phasetheory_command", *words]
    done = subprocess.run(
        call, env=os.environ | {"COLUMNS": str(COLUMNS), "FORCE_COLOR": "1"}, capture_output=True, text=True, check=True
    )
    return done.stdout.rstrip() + "\n"


if __name__ == "__main__":
    main()
