"""Arrays and facts in one safetensors file: written whole or not at all, and verified bit by bit when read.

The file's metadata holds `info`, any JSON value (see `jsontext`), and a sha256 for it and for each array (over name,
dtype, shape and bytes), so that a flipped bit anywhere is found. Equal arrays and info give equal files.
"""

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from backhand.arrays import Array
from backhand.errors import CheckpointError
from backhand.files import jsontext
from backhand.files.atomic import write_atomic
from backhand.files.folders import sync_folder
from backhand.files.paths import PathLike, as_path

KEY, FORMAT = "backhand", 1


def save(path: PathLike, arrays: Mapping[str, Array], info: Any = None) -> None:
    """Write `path` anew; the old file or the new one is there at every moment.

    Raises BackhandError when it cannot be written, leaving the old file as it was.
    """
    import safetensors.numpy

    # safetensors writes the memory of a non-contiguous array in the wrong order, without a word; its own byte order is
    # little-endian. (ascontiguousarray would turn a scalar into a vector.)
    dense = {name: np.asarray(value, value.dtype.newbyteorder("<"), order="C") for name, value in arrays.items()}
    text = json.dumps(jsontext.finite(info))
    sums = {name: _array_sum(name, value) for name, value in dense.items()}
    metadata = {"format": FORMAT, "info": text, "info_sha256": _sum(text.encode()), "sha256": sums}
    # One key, since safetensors writes several in no particular order.
    write_atomic(as_path(path), safetensors.numpy.save(dense, {KEY: json.dumps(metadata)}))


def save_generation(path: PathLike, arrays: Mapping[str, Array], info: Any = None) -> None:
    """As `save`, keeping the file that was there as the previous generation."""
    path = as_path(path)
    fresh = _fresh(path)
    save(fresh, arrays, info)
    if path.exists():
        path.replace(previous(path))
    fresh.replace(path)
    sync_folder(path.parent)


def remove_generations(path: PathLike) -> None:
    """Remove all that `save_generation` left, the newest last: what is left by a kill amid this can be read."""
    path = as_path(path)
    for file in (_fresh(path), previous(path), path):
        file.unlink(missing_ok=True)
    sync_folder(path.parent)


def previous(path: PathLike) -> Path:
    """Where the generation before `path` is kept."""
    path = as_path(path)
    return path.with_name(f"{path.stem}.previous{path.suffix}")


def _fresh(path: Path) -> Path:
    """Where a new generation waits, whole, until the old one has been moved away."""
    return path.with_name(f"{path.name}.new")


def load(path: PathLike) -> tuple[dict[str, Array], Any]:
    """The arrays and the info of a saved file. Raises CheckpointError when it is missing, foreign or damaged."""
    import safetensors

    path = as_path(path)
    try:
        with safetensors.safe_open(path, "numpy") as file:
            text = (file.metadata() or {}).get(KEY, "")
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
    except FileNotFoundError as error:
        raise CheckpointError(f"{path} does not exist") from error
    except (OSError, safetensors.SafetensorError, UnicodeDecodeError) as error:
        raise CheckpointError(f"{path} is damaged: it cannot be read as safetensors ({error})") from error
    if not text:
        raise CheckpointError(f"{path} was not written by backhand")
    try:
        metadata = json.loads(text)
        _verify(path, arrays, metadata)
        return arrays, jsontext.loads(metadata["info"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(f"{path} is damaged: its metadata cannot be read ({error})") from error


def load_generation(path: PathLike) -> tuple[dict[str, Array], Any, str]:
    """The newest readable generation of `path`, and a warning ("" if the newest was whole).

    Raises CheckpointError when none is readable.
    """
    try:
        return *load(path), ""
    except CheckpointError as error:
        for other in (_fresh(as_path(path)), previous(path)):
            with suppress(CheckpointError):
                return *load(other), f"{error}; going on from {other.name}"
        raise


def _verify(path: Path, arrays: Mapping[str, Array], metadata: Mapping[str, Any]) -> None:
    if metadata["format"] != FORMAT:
        raise CheckpointError(f"{path} has the format {metadata['format']}, and this version reads {FORMAT}")
    if _sum(metadata["info"].encode()) != metadata["info_sha256"]:
        raise CheckpointError(f"{path} is damaged: the sha256 of its facts does not agree")
    saved = metadata["sha256"]
    computed = {name: _array_sum(name, value) for name, value in arrays.items()}
    wrong = [name for name in {*computed, *saved} if computed.get(name) != saved.get(name)]
    if wrong:
        raise CheckpointError(f"{path} is damaged: the sha256 of {min(wrong)} does not agree")


def _array_sum(name: str, value: Array) -> str:
    return _sum(f"{name} {value.dtype.str} {value.shape} ".encode(), value.data if value.size else b"")


def _sum(*pieces: bytes | memoryview) -> str:
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()
