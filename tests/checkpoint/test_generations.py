"""Two generations of a saved state: whatever happens to the newest, one of them can be read."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from backhand import checkpoint
from backhand.errors import CheckpointError

GRID = np.arange(12.0).reshape(3, 4)


def damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


@pytest.fixture
def generations(tmp_path: Path) -> Path:
    path = tmp_path / "state.safetensors"
    for epoch in (1, 2, 3):
        checkpoint.save_generation(path, {"a": GRID * epoch}, {"epoch": epoch})
    return path


def test_the_newest_generation_is_read_and_one_more_kept(generations: Path) -> None:
    arrays, info, warning = checkpoint.load_generation(generations)
    assert (info, warning) == ({"epoch": 3}, "")
    np.testing.assert_array_equal(arrays["a"], GRID * 3)
    assert checkpoint.load(checkpoint.previous(generations))[1] == {"epoch": 2}
    assert sorted(p.name for p in generations.parent.iterdir()) == ["state.previous.safetensors", "state.safetensors"]


@pytest.mark.parametrize("harm", [damage, Path.unlink], ids=["damaged", "missing"])
def test_without_the_newest_the_one_before_serves(generations: Path, harm) -> None:
    harm(generations)
    arrays, info, warning = checkpoint.load_generation(generations)
    assert info == {"epoch": 2}
    np.testing.assert_array_equal(arrays["a"], GRID * 2)
    assert warning.startswith(str(generations))
    assert warning.endswith("; going on from state.previous.safetensors")


def test_two_damaged_generations_are_an_error(generations: Path) -> None:
    damage(generations)
    damage(checkpoint.previous(generations))
    with pytest.raises(CheckpointError, match="is damaged"):
        checkpoint.load_generation(generations)


def test_no_generation_at_all_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"state\.safetensors does not exist$"):
        checkpoint.load_generation(tmp_path / "state.safetensors")


def test_a_save_broken_off_between_its_two_renames_loses_nothing(
    generations: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace, calls = Path.replace, []

    def broken(own: Path, target: Path) -> Path:
        calls.append(own.name)
        if len(calls) == 3:  # the new file is written, the newest has become the previous one
            raise KeyboardInterrupt
        return replace(own, target)

    monkeypatch.setattr(Path, "replace", broken)
    with pytest.raises(KeyboardInterrupt):
        checkpoint.save_generation(generations, {"a": GRID}, {"epoch": 4})
    assert checkpoint.load_generation(generations)[1]["epoch"] in (3, 4)


FULL_DISK = """
import resource, sys
import numpy as np
from pathlib import Path
from backhand import checkpoint
from backhand.errors import BackhandError
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    checkpoint.save_generation(Path(sys.argv[1]), {"a": np.zeros(10_000)}, {"epoch": 4})
except BackhandError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits the size of files as POSIX systems do")
def test_a_disk_that_is_full_leaves_both_generations(generations: Path) -> None:
    before = {path.name: path.read_bytes() for path in generations.parent.iterdir()}
    result = subprocess.run([sys.executable, "-c", FULL_DISK, generations], capture_output=True, text=True, check=True)
    assert "cannot write" in result.stdout
    assert "File too large; what was there before is unchanged" in result.stdout
    assert {path.name: path.read_bytes() for path in generations.parent.iterdir()} == before


def test_a_newer_one_still_waiting_is_read_before_the_older(generations: Path) -> None:
    """Resumed from the one before a damaged one, a run is killed just after it moved the damaged one away."""
    damage(generations)
    checkpoint.save(generations.with_name(f"{generations.name}.new"), {"a": GRID}, {"epoch": 3})
    generations.replace(checkpoint.previous(generations))
    _, info, warning = checkpoint.load_generation(generations)
    assert info == {"epoch": 3}
    assert warning.endswith("state.safetensors does not exist; going on from state.safetensors.new")
