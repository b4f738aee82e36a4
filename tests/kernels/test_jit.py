"""Compiled code on disk: kept, found again, and compiled anew where it is damaged or cannot be kept."""

import os
import subprocess
import sys

import pytest

pytest.importorskip("numba")

SCRIPT = """
import numpy as np
from backhand.kernels import jit
compiled = []
jit.listeners.append(compiled.append)

@jit.kernel
def doubled(x, shards):
    for i in range(x.size):
        x[i] *= 2

x = np.ones(3, np.float32)
doubled(x, 1)
assert x.tolist() == [2, 2, 2]
print("compiled" if compiled == ["doubled"] else "found" if not compiled else compiled)
"""


def run(folder):
    environment = os.environ | {"BACKHAND_CACHE": str(folder)}
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip(), done.stderr


def kept(folder):
    return list(folder.rglob("doubled-*"))


def test_code_is_compiled_once(tmp_path):
    assert run(tmp_path) == ("compiled", "")
    assert run(tmp_path) == ("found", "")
    assert len(kept(tmp_path)) == 1


def test_the_folder_is_its_owners_alone(tmp_path):
    run(tmp_path / "cache")
    (path,) = kept(tmp_path)
    assert path.parent.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("damage", ["flip", "cut", "empty"])
def test_a_damaged_file_is_compiled_anew(tmp_path, damage):
    run(tmp_path)
    (path,) = kept(tmp_path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes({"flip": content, "cut": content[: len(content) // 3], "empty": b""}[damage])
    assert run(tmp_path) == ("compiled", "")
    assert run(tmp_path) == ("found", "")


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    said, warned = run(tmp_path / "file")
    assert said == "compiled"
    assert "kernels are compiled in every run: cannot write" in warned
    assert warned.count("kernels are compiled") == 1


def test_code_of_other_sources_is_not_found(tmp_path, monkeypatch):
    from backhand.kernels import jit

    monkeypatch.setenv("BACKHAND_CACHE", str(tmp_path))
    jit.folder.cache_clear()
    first = jit.folder()
    monkeypatch.setattr(jit, "_processor", lambda: "another")
    jit.folder.cache_clear()
    try:
        assert jit.folder() != first
        assert jit.folder().parent == first.parent == tmp_path / "kernels"
    finally:
        monkeypatch.undo()
        jit.folder.cache_clear()
