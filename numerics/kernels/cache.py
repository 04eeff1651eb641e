"""Where Numba keeps compiled kernels: beside the code, else in the user's cache, else in a folder of the temporary directory.

Numba knows the first two; where it can write to neither, as in a read-only installation under a home that is read-only too, it
refuses to load a single kernel.
"""

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from numba import config
from numba.misc.appdirs import AppDirs

__all__ = ["is_writable", "settle"]

_VARIABLE = "NUMBA_CACHE_DIR"


def is_writable(folder: Path) -> bool:
    """Whether a file can be made in the folder, which is made if it is missing: as Numba finds out."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def settle(writable: Callable[[Path], bool] = is_writable) -> Path | None:
    """Choose the folder in the temporary directory if Numba would find none, and say so once on stderr.

    The choice is left in the environment, so that other processes of the same run make it too, silently.

    Returns
    -------
    Path or None
        The folder, or None if Numba finds its own or was given one.
    """
    beside = Path(__file__).parent / "__pycache__"
    users = Path(AppDirs(appname="numba", appauthor=False).user_cache_dir)
    given = os.environ.get(_VARIABLE) or config.CACHE_DIR  # type: ignore[attr-defined]
    if given or writable(beside) or writable(users):
        return None
    folder = _own_folder(f"phasetheory-{os.getuid() if hasattr(os, 'getuid') else 'cache'}")
    os.environ[_VARIABLE] = config.CACHE_DIR = str(folder)  # type: ignore[attr-defined]
    print(
        f"phasetheory: compiled code is kept in {folder}, as neither {beside} nor {users} can be written to; "
        f"{_VARIABLE} names another folder",
        file=sys.stderr,
    )
    return folder


def _own_folder(name: str) -> Path:
    """A folder of this name that nobody else can write to, as code is loaded from it; else a new one."""
    folder = Path(tempfile.gettempdir()) / name
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        state = folder.lstat()
        mine = os.name != "posix" or (state.st_uid == os.getuid() and not state.st_mode & 0o022)
    except OSError:  # a file of that name
        mine = False
    return folder if mine and not folder.is_symlink() else Path(tempfile.mkdtemp(prefix=f"{name}-"))
