"""Numba finds a place for compiled code wherever the package is installed, and the user is told of an unusual one."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from numba import config

import numerics
from numerics.kernels import cache


@pytest.fixture
def temporary(monkeypatch, tmp_path):
    """No cache folder is given, and the temporary directory is one of the test."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", "")  # so that what a test sets is taken back
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    monkeypatch.setattr(config, "CACHE_DIR", "")
    monkeypatch.setattr(cache.tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_writable_place_is_left_to_numba(temporary, capsys):
    assert cache.settle() is None
    asked = []
    assert cache.settle(lambda folder: asked.append(folder) or len(asked) == 2) is None  # the second, the user's
    assert [folder.name for folder in asked] == ["__pycache__", "numba"]
    assert "NUMBA_CACHE_DIR" not in os.environ
    assert capsys.readouterr() == ("", "")


def test_no_writable_place_is_said_once_and_holds_for_other_processes(temporary, capsys):
    folder = cache.settle(lambda folder: False)
    assert folder.parent == temporary
    assert os.environ["NUMBA_CACHE_DIR"] == config.CACHE_DIR == str(folder)
    assert cache.settle(lambda folder: False) is None
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert f"compiled code is kept in {folder}" in err


@pytest.mark.skipif(os.name != "posix", reason="owners and modes")
def test_code_is_not_loaded_from_a_folder_of_somebody_else(temporary, monkeypatch):
    first = cache._own_folder("kernels")
    assert cache._own_folder("kernels") == first
    first.chmod(0o777)
    assert cache._own_folder("kernels") != first
    first.rmdir()
    first.symlink_to(temporary)
    assert cache._own_folder("kernels") != first
    (temporary / "file").touch()
    assert cache._own_folder("file").is_dir()
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    (temporary / "theirs").mkdir(mode=0o700)
    assert cache._own_folder("theirs") != temporary / "theirs"


def test_a_read_only_installation_under_a_read_only_home(tmp_path):
    """Read-only for anyone, root too: where the folders of compiled code should be there are files."""
    for package in ("numerics", "phasetheory"):
        source = Path(numerics.__file__).parents[1] / package
        shutil.copytree(source, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    for folder in (path.parent for path in (tmp_path / "numerics").rglob("__init__.py")):
        (folder / "__pycache__").touch()
    (tmp_path / "home").touch()
    (tmp_path / "temporary").mkdir()
    places = {"HOME": "home", "XDG_CACHE_HOME": "home", "TMPDIR": "temporary", "PYTHONPATH": "."}
    env = os.environ | {name: str(tmp_path / place) for name, place in places.items()}
    env.pop("NUMBA_CACHE_DIR", None)
    command = [sys.executable, "-m", "numerics.cli", "verify", "--help"]  # it loads the kernels
    found = subprocess.run(command, capture_output=True, text=True, env=env, cwd=tmp_path)
    assert found.returncode == 0
    assert "--seeds" in found.stdout
    assert found.stderr.count("\n") == 1
    assert "compiled code is kept in" in found.stderr
