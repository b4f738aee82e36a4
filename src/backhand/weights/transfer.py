"""A model that starts from weights which were trained on something else."""

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike

from backhand.arrays import Array
from backhand.errors import CheckpointError
from backhand.files.paths import PathLike, as_path
from backhand.layers import Conv2d, Layer
from backhand.model.sequential import Sequential
from backhand.weights.source import file_of, read, status

RUNNING = "that run is not finished, and these are its best weights so far"


@dataclass(frozen=True)
class Transfer:
    """Where a model's weights came from, and what was changed to fit it, in words."""

    source: str
    sha256: str
    changes: tuple[str, ...]

    def __str__(self) -> str:
        """One sentence without a point."""
        return "; ".join((f"started from {self.source}", *self.changes))


def transfer(model: Sequential, path: PathLike, *, grow: bool = False) -> Transfer:
    """Give a built model the weights and running statistics at `path`: a run's folder, or a file of weights.

    The last layer with parameters, the head, keeps its initial weights where it has another number of outputs. A first
    convolution on grey images takes the sum over the three channels of one on RGB, which then computes what that would
    of the grey image in all three channels.
    model: built; its weights are overwritten.
    grow: a head that has more outputs than the saved one keeps that one's as its first, and its initial weights behind.
    Raises CheckpointError, having changed nothing, where anything else differs.
    """
    path = as_path(path)
    file = file_of(path)
    running = [RUNNING] if path.is_dir() and status(path)[0] == "running" else []
    saved = read(file, model)
    layers = [(name, layer) for name, layer in model.walk() if layer.params]
    changes = [*_made_grey(*layers[0], saved), *(_grown if grow else _made_anew)(*layers[-1], saved)] if layers else []
    dtype = model.parameters.values.dtype
    finite = {name: _finite(value, dtype, f"{file}: {name}") for name, value in saved.items()}
    try:
        model.load(finite)
    except CheckpointError as error:
        raise CheckpointError(f"{file}: {error}; only the outputs of the last layer may differ") from error
    with file.open("rb") as stream:
        return Transfer(str(path), hashlib.file_digest(stream, "sha256").hexdigest(), (*running, *changes))


def _made_grey(name: str, layer: Layer, saved: dict[str, Array]) -> list[str]:
    """Sum the first convolution's weight (kh, kw, 3, O) over the colours, where ours is (kh, kw, 1, O)."""
    weight = saved.get(f"{name}.weight")
    if not isinstance(layer, Conv2d) or weight is None or weight.ndim != 4:
        return []
    if (layer.params["weight"].shape[2], weight.shape[2]) != (1, 3):
        return []
    saved[f"{name}.weight"] = weight.sum(axis=2, keepdims=True, dtype=np.float64)
    return [f"the weights of layer {name} on RGB were summed, for grey images"]


def _made_anew(name: str, layer: Layer, saved: dict[str, Array]) -> list[str]:
    """Keep the head's own weights where those saved differ in the last axis, the outputs, alone."""
    own = {f"{name}.{key}": value for key, value in (layer.params | layer.state).items()}
    there = [saved[key].shape if key in saved else () for key in own]
    here = [value.shape for value in own.values()]
    if there == here or [shape[:-1] for shape in there] != [shape[:-1] for shape in here] or not all(there):
        return []
    saved |= own
    return [f"its head, layer {name}, was made anew: {there[0][-1]} -> {here[0][-1]} outputs"]


def _grown(name: str, layer: Layer, saved: dict[str, Array]) -> list[str]:
    """The saved outputs of the head first, as they are; behind them those that it has more, with its own weights."""
    own = {f"{name}.{key}": value for key, value in (layer.params | layer.state).items()}
    if not all(key in saved and _fits_into(saved[key], value) for key, value in own.items()):
        return []
    before, after = (next(iter(arrays.values())).shape[-1] for arrays in ({key: saved[key] for key in own}, own))
    for key, value in own.items():
        saved[key] = np.concatenate([saved[key], value[..., before:]], axis=-1)
    return [f"its head, layer {name}, has grown: {before} -> {after} outputs, the first {before} as they were"]


def _fits_into(small: Array, large: Array) -> bool:
    return small.ndim == large.ndim and small.shape[:-1] == large.shape[:-1] and small.shape[-1] < large.shape[-1]


def _finite(value: Array, dtype: DTypeLike, where: str) -> Array:
    with np.errstate(over="ignore"):
        floats = value.astype(dtype, copy=False)
    if not np.isfinite(floats).all():
        raise CheckpointError(f"{where} holds NaN or infinity; such weights cannot be trained further")
    return floats
