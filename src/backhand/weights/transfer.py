"""A model that starts from weights that were trained on other data."""

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike

from backhand.arrays import Array
from backhand.errors import CheckpointError
from backhand.files.paths import PathLike, as_path
from backhand.layers import Conv2d, Layer
from backhand.model.sequential import Sequential
from backhand.weights.run_status import has_status
from backhand.weights.source import file_of, read

RUNNING = "that run has not finished, and these are its best weights so far"


@dataclass(frozen=True)
class Transfer:
    """The source of a model's weights, its sha256, and the changes that made them fit the model, in words."""

    source: str
    sha256: str
    changes: tuple[str, ...]

    def __str__(self) -> str:
        """The source and the changes as one sentence, without a full stop."""
        return "; ".join((f"started from {self.source}", *self.changes))


def transfer(model: Sequential, path: PathLike, *, grow: bool = False) -> Transfer:
    """Give a built model the weights and running statistics at `path`: a run's folder, or a file of weights.

    The last layer with parameters, the head, keeps its initial weights where it has another number of outputs. A first
    convolution on grey images takes the sum over the three channels of one on RGB, which then computes what that would
    of the grey image in all three channels.
    model: built; its weights are overwritten.
    path: a run's folder, a file of weights, or a name such as "torchvision:resnet18", whose file is downloaded once.
    grow: a head that has more outputs than the saved one keeps that one's as its first, and its initial weights behind.
    Raises CheckpointError, having changed nothing, where anything else differs.
    """
    path = as_path(path)
    file = file_of(path)
    running = [RUNNING] if path.is_dir() and has_status(path, "running") else []
    saved = read(file, model)
    layers = [(name, layer) for name, layer in model.walk() if layer.params]
    changes = (
        [*_sum_colours(*layers[0], saved), *(_grow_head if grow else _replace_head)(*layers[-1], saved)]
        if layers
        else []
    )
    dtype = model.parameters.values.dtype
    finite = {name: _as_finite(value, dtype, f"{file}: {name}") for name, value in saved.items()}
    try:
        model.load(finite)
    except CheckpointError as error:
        raise CheckpointError(f"{file}: {error}; only the outputs of the last layer may differ") from error
    with file.open("rb") as stream:
        return Transfer(str(path), hashlib.file_digest(stream, "sha256").hexdigest(), (*running, *changes))


def _sum_colours(name: str, layer: Layer, saved: dict[str, Array]) -> list[str]:
    """Sum the first convolution's saved weight (kh, kw, 3, O) over the colours where the model's is (kh, kw, 1, O).

    Returns the changes in words, as the functions below do.
    """
    weight = saved.get(f"{name}.weight")
    if not isinstance(layer, Conv2d) or weight is None or weight.ndim != 4:
        return []
    if (layer.params["weight"].shape[2], weight.shape[2]) != (1, 3):
        return []
    saved[f"{name}.weight"] = weight.sum(axis=2, keepdims=True, dtype=np.float64)
    return [f"the weights of layer {name} were summed over the three colours, for grey images"]


def _replace_head(name: str, layer: Layer, saved: dict[str, Array]) -> list[str]:
    """Keep the head's initial weights where the saved ones differ only in the last axis, the outputs."""
    initial = _arrays_of(name, layer)
    saved_shapes = [saved[key].shape if key in saved else () for key in initial]
    shapes = [value.shape for value in initial.values()]
    same_inputs = [shape[:-1] for shape in saved_shapes] == [shape[:-1] for shape in shapes]
    if saved_shapes == shapes or not same_inputs or not all(saved_shapes):
        return []
    saved |= initial
    return [f"the head, layer {name}, starts from new weights: {saved_shapes[0][-1]} -> {shapes[0][-1]} outputs"]


def _grow_head(name: str, layer: Layer, saved: dict[str, Array]) -> list[str]:
    """Give the head the saved outputs first; the additional ones after them keep their initial weights."""
    initial = _arrays_of(name, layer)
    if not all(key in saved and _has_fewer_outputs(saved[key], value) for key, value in initial.items()):
        return []
    first_key = next(iter(initial))
    before, after = saved[first_key].shape[-1], initial[first_key].shape[-1]
    for key, value in initial.items():
        saved[key] = np.concatenate([saved[key], value[..., before:]], axis=-1)
    return [
        f"the head, layer {name}, has grown: {before} -> {after} outputs, of which the first {before} are unchanged"
    ]


def _arrays_of(name: str, layer: Layer) -> dict[str, Array]:
    return {f"{name}.{key}": value for key, value in (layer.params | layer.state).items()}


def _has_fewer_outputs(small: Array, large: Array) -> bool:
    return small.ndim == large.ndim and small.shape[:-1] == large.shape[:-1] and small.shape[-1] < large.shape[-1]


def _as_finite(value: Array, dtype: DTypeLike, where: str) -> Array:
    """The values in this dtype. Raises CheckpointError, with where they are, if one is not finite."""
    with np.errstate(over="ignore"):
        floats = value.astype(dtype, copy=False)
    if not np.isfinite(floats).all():
        raise CheckpointError(f"{where} holds NaN or infinity; give weights that are finite")
    return floats
