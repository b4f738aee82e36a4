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


def test_little_work_is_one_shard_and_much_work_one_for_each_thread(monkeypatch):
    from backhand.kernels import jit

    monkeypatch.setattr(jit, "WORTH_WAKING", 1000)
    monkeypatch.setattr(jit, "_threads", 3)
    assert [jit.shards(work) for work in (0, 1000, 1001)] == [1, 1, 3]


@pytest.mark.parametrize("kind", ["number", "scratch"])
def test_one_shard_runs_code_without_threads(kind):
    import numpy as np
    from numba import prange

    from backhand.kernels import jit

    @jit.kernel
    def counted(total, last):
        for i in prange(total.size):
            total[i] += 1

    forms = {
        name: cell.cell_contents for name, cell in zip(counted.__code__.co_freevars, counted.__closure__, strict=True)
    }
    assert forms["parallel"].targetoptions["parallel"]
    assert not forms["alone"].targetoptions.get("parallel")
    total = np.zeros(2)
    for shards, form in ((1, "alone"), (2, "parallel")):
        assert not forms[form].signatures
        counted(total, shards if kind == "number" else np.zeros((shards, 2)))
        assert len(forms[form].signatures) == 1
    assert total.tolist() == [2, 2]
