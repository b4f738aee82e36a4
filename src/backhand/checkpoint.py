"""Arrays and facts in one safetensors file: written whole or not at all, and verified bit by bit when read.

The file's metadata holds `info`, any JSON value, and a sha256 for it and for each array (over name, dtype, shape and
bytes), so that a flipped bit anywhere is found.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from backhand.arrays import Array
from backhand.errors import CheckpointError
from backhand.files import sync_folder, write_atomic

FORMAT = "backhand 1"


def save(path: Path, arrays: Mapping[str, Array], info: Any = None) -> None:
    """Write `path` anew; the old file or the new one is there at every moment.

    Raises BackhandError when it cannot be written, leaving the old file as it was.
    """
    import safetensors.numpy

    # safetensors writes the memory of a non-contiguous array in the wrong order, without a word.
    dense = {name: np.ascontiguousarray(value) for name, value in arrays.items()}
    text = json.dumps(info)
    sums = {name: _array_sum(name, value) for name, value in dense.items()}
    metadata = {"format": FORMAT, "info": text, "info_sha256": _sum(text.encode()), "sha256": json.dumps(sums)}
    write_atomic(path, safetensors.numpy.save(dense, metadata))


def save_generation(path: Path, arrays: Mapping[str, Array], info: Any = None) -> None:
    """As `save`, keeping the file that was there as the previous generation."""
    fresh = path.with_name(f"{path.name}.new")
    save(fresh, arrays, info)
    if path.exists():
        path.replace(previous(path))
    fresh.replace(path)
    sync_folder(path.parent)


def previous(path: Path) -> Path:
    """Where the generation before `path` is kept."""
    return path.with_name(f"{path.stem}.previous{path.suffix}")


def load(path: Path) -> tuple[dict[str, Array], Any]:
    """The arrays and the info of a saved file. Raises CheckpointError when it is missing, foreign or damaged."""
    import safetensors

    try:
        with safetensors.safe_open(path, "numpy") as file:
            metadata = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
    except FileNotFoundError as error:
        raise CheckpointError(f"{path} does not exist") from error
    except (OSError, safetensors.SafetensorError, UnicodeDecodeError) as error:
        raise CheckpointError(f"{path} is damaged: it cannot be read as safetensors ({error})") from error
    _verify(path, arrays, metadata)
    return arrays, json.loads(metadata["info"])


def load_generation(path: Path) -> tuple[dict[str, Array], Any, str]:
    """The newest readable generation of `path`, and a warning ("" if the newest was whole).

    Raises CheckpointError when neither is readable.
    """
    try:
        return *load(path), ""
    except CheckpointError as error:
        if not previous(path).exists():
            raise
        return *load(previous(path)), f"{error}; going on from {previous(path).name}, the generation before it"


def _verify(path: Path, arrays: Mapping[str, Array], metadata: Mapping[str, str]) -> None:
    missing = {"format", "info", "info_sha256", "sha256"} - metadata.keys()
    if missing:
        raise CheckpointError(f"{path} was not written by backhand: its metadata lacks {', '.join(sorted(missing))}")
    if _sum(metadata["info"].encode()) != metadata["info_sha256"]:
        raise CheckpointError(f"{path} is damaged: the sha256 of its facts does not agree")
    try:
        sums = json.loads(metadata["sha256"])
    except ValueError as error:
        raise CheckpointError(f"{path} is damaged: its list of sha256 sums cannot be read") from error
    if metadata["format"] != FORMAT:
        raise CheckpointError(f'{path} has the format "{metadata["format"]}", and this version reads "{FORMAT}"')
    wrong = [
        name for name in {*arrays, *sums} if name not in arrays or sums.get(name) != _array_sum(name, arrays[name])
    ]
    if wrong:
        raise CheckpointError(f"{path} is damaged: the sha256 of {sorted(wrong)[0]} does not agree")


def _array_sum(name: str, value: Array) -> str:
    return _sum(f"{name} {value.dtype.str} {value.shape} ".encode(), value.data if value.size else b"")


def _sum(*parts: bytes | memoryview) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()
