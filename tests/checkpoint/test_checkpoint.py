"""Saved files: exact round trips, damage of every kind refused."""

import hashlib
import json
from io import RawIOBase
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

from backhand import checkpoint
from backhand.arrays import Array
from backhand.errors import BackhandError, CheckpointError

DTYPES = [np.bool_, np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64]
DTYPES += [np.float16, np.float32, np.float64]
GRID = np.arange(12.0).reshape(3, 4)


def same(one: dict[str, Array], two: dict[str, Array]) -> None:
    assert one.keys() == two.keys()
    for name, value in one.items():
        assert value.dtype == two[name].dtype, name
        assert value.shape == two[name].shape, name
        np.testing.assert_array_equal(value, two[name], err_msg=name)


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype_comes_back(tmp_path: Path, dtype: type) -> None:
    arrays = {"a": np.array([[0, 1, 1], [1, 0, 1]]).astype(dtype), "b": np.zeros((0, 3), dtype)}
    checkpoint.save(tmp_path / "a.safetensors", arrays)
    same(checkpoint.load(tmp_path / "a.safetensors")[0], arrays)


@pytest.mark.parametrize(
    "value",
    [
        np.array(3.5),
        np.float64(3.5),
        np.zeros(0),
        GRID.T,
        np.asfortranarray(GRID),
        GRID[::2, ::-1],
        np.broadcast_to(1.0, (3, 2)),
        np.array([np.nan, -0.0, np.inf, 5e-324]),
        GRID.astype(">f8"),
    ],
    ids=["scalar", "numpy scalar", "empty", "transposed", "fortran", "strided", "broadcast", "special", "big-endian"],
)
def test_every_layout_comes_back(tmp_path: Path, value: Array) -> None:
    checkpoint.save(tmp_path / "a.safetensors", {"a": value})
    arrays, _ = checkpoint.load(tmp_path / "a.safetensors")
    assert arrays["a"].shape == value.shape
    np.testing.assert_array_equal(arrays["a"], value)
    np.testing.assert_array_equal(np.signbit(arrays["a"]), np.signbit(value))


@pytest.mark.parametrize("info", [None, {}, {"rng": {"state": 2**127 + 1}, "lr": 0.1, "ä": [True, None, "é\n\u2028"]}])
def test_facts_come_back(tmp_path: Path, info: object) -> None:
    checkpoint.save(tmp_path / "a.safetensors", {}, info)
    assert checkpoint.load(tmp_path / "a.safetensors") == ({}, info)


def test_what_is_loaded_can_be_trained_on(tmp_path: Path) -> None:
    checkpoint.save(tmp_path / "a.safetensors", {"a": GRID})
    arrays, _ = checkpoint.load(tmp_path / "a.safetensors")
    arrays["a"] += 1
    np.testing.assert_array_equal(arrays["a"], GRID + 1)


def test_any_safetensors_reader_can_read_it(tmp_path: Path) -> None:
    checkpoint.save(tmp_path / "a.safetensors", {"a": GRID.T})
    np.testing.assert_array_equal(safetensors.numpy.load_file(tmp_path / "a.safetensors")["a"], GRID.T)


def stored_metadata(path: Path) -> dict[str, Any]:
    with safetensors.safe_open(path, "numpy") as file:
        return json.loads(file.metadata()[checkpoint.KEY])


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.safetensors"
    arrays = {"w": np.array([1.5, -2.0], np.float32), "n": np.array(3), "e": np.zeros((0, 3))}
    checkpoint.save(path, arrays, {"epoch": 3, "name": "ä"})
    return path


def test_every_flipped_bit_is_refused(small: Path) -> None:
    missed = []
    with small.open("r+b", buffering=0) as file:
        for place, byte in enumerate(small.read_bytes()):
            for bit in range(8):
                overwrite(file, place, byte ^ 1 << bit)
                try:
                    checkpoint.load(small)
                    missed.append((place, bit))
                except CheckpointError as error:
                    assert str(small) in str(error)  # noqa: PT017 (one assertion for thousands of bits)
            overwrite(file, place, byte)
    assert not missed
    assert checkpoint.load(small)[1] == {"epoch": 3, "name": "ä"}


def overwrite(file: RawIOBase, place: int, byte: int) -> None:
    file.seek(place)
    file.write(bytes([byte]))


def test_a_file_cut_off_anywhere_is_refused(small: Path, tmp_path: Path) -> None:
    whole, path = small.read_bytes(), tmp_path / "cut.safetensors"
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(CheckpointError, match=r"cut\.safetensors is damaged"):
            checkpoint.load(path)
    path.write_bytes(whole + b"\0")
    with pytest.raises(CheckpointError, match="is damaged"):
        checkpoint.load(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"absent\.safetensors does not exist$"):
        checkpoint.load(tmp_path / "absent.safetensors")


def test_a_folder_is_no_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="cannot be read as safetensors"):
        checkpoint.load(tmp_path)


def test_the_weights_of_another_program_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "foreign.safetensors"
    safetensors.numpy.save_file({"a": GRID}, path)
    with pytest.raises(CheckpointError, match=r"was not written by backhand$"):
        checkpoint.load(path)


def test_the_format_of_another_version_is_named(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "FORMAT", 2)
    with pytest.raises(CheckpointError, match=r"has the format 1, and this version reads 2$"):
        checkpoint.load(small)


@pytest.mark.parametrize("change", ["renamed", "reshaped", "recast", "removed", "added"])
def test_arrays_changed_in_a_well_formed_file_are_refused(small: Path, change: str) -> None:
    metadata = {checkpoint.KEY: json.dumps(stored_metadata(small))}
    arrays = safetensors.numpy.load_file(small)
    w = arrays.pop("w")
    arrays |= {
        "renamed": {"v": w},
        "reshaped": {"w": w[:, None]},
        "recast": {"w": w.view(np.int32)},
        "removed": {},
        "added": {"w": w, "v": w},
    }[change]
    safetensors.numpy.save_file(arrays, small, metadata)
    with pytest.raises(CheckpointError, match=r"is damaged: the sha256 of [vw] does not agree"):
        checkpoint.load(small)


@pytest.mark.parametrize("text", ["", "null", "[]", "{}", "{", '{"format": 1, "info": 3}', '{"format": 1, "info": ""}'])
def test_metadata_of_another_form_is_refused(small: Path, text: str) -> None:
    safetensors.numpy.save_file({"a": GRID}, small, {checkpoint.KEY: text})
    with pytest.raises(
        CheckpointError, match="was not written by backhand" if not text else "its metadata cannot be read"
    ):
        checkpoint.load(small)


def test_equal_content_gives_equal_files(tmp_path: Path) -> None:
    arrays = {f"{i}.weight": GRID * i for i in range(9)}
    contents = set()
    for name in "ab":
        checkpoint.save(tmp_path / name, arrays, {"epoch": 1, "lr": 0.1})
        contents.add((tmp_path / name).read_bytes())
    assert len(contents) == 1


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BackhandError, match=r"cannot write .*No such file or directory"):
        checkpoint.save(tmp_path / "absent" / "a.safetensors", {})


def test_facts_that_are_no_json_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        checkpoint.save(tmp_path / "a.safetensors", {}, {"array": GRID})
    assert not list(tmp_path.iterdir())


def test_the_sums_are_those_of_the_format(small: Path) -> None:
    """sha256 over "name dtype shape " and the bytes: what the module promises to any other reader."""
    metadata = stored_metadata(small)
    expected = hashlib.sha256(b"w <f4 (2,) " + np.array([1.5, -2.0], "<f4").tobytes()).hexdigest()
    assert metadata["sha256"]["w"] == expected
    assert metadata["info_sha256"] == hashlib.sha256(metadata["info"].encode()).hexdigest()
