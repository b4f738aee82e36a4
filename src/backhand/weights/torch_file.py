"""Files of torch.save with a state dict: a zip archive of one pickle, which is only read, and the storages' bytes."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from backhand.arrays import Array, Shape
from backhand.data.formats.trees import Tree, open_tree
from backhand.errors import CheckpointError, DataError
from backhand.weights import pickles
from backhand.weights.tensors import decode

STORAGES = {
    "torch FloatStorage": "f4",
    "torch DoubleStorage": "f8",
    "torch HalfStorage": "f2",
    "torch BFloat16Storage": "bf16",
    "torch LongStorage": "i8",
    "torch IntStorage": "i4",
    "torch ShortStorage": "i2",
    "torch CharStorage": "i1",
    "torch ByteStorage": "u1",
    "torch BoolStorage": "?",
}
INSIDE = ("state_dict", "model_state_dict", "model")  # the keys of the state dict in a dict with other contents


@dataclass(frozen=True)
class _Tensor:
    """A view of a storage. kind: NumPy's code of its dtype. offset, strides: in numbers, not in bytes."""

    storage: str
    kind: str
    offset: int
    shape: Shape
    strides: Shape

    @classmethod
    def rebuilt(cls, storage: Any, offset: Any, shape: Any, strides: Any, *_: Any) -> "_Tensor":
        """The view from the arguments of torch._utils._rebuild_tensor_v2. Raises ValueError for unusual ones."""
        _, name, key, *_ = storage
        kind = STORAGES.get(name.text) if isinstance(name, pickles.Name) else None
        whole = all(isinstance(n, int) and n >= 0 for n in (offset, *shape, *strides))
        if not (whole and kind and len(shape) == len(strides) and isinstance(key, str)):
            raise ValueError("a tensor of the pickle is described in an unusual way")
        return cls(key, kind, offset, tuple(shape), tuple(strides))

    def of(self, values: Array) -> Array:
        """The tensor as a view of the numbers of its storage. Raises ValueError where it reaches beyond them."""
        size = math.prod(self.shape)
        last = self.offset + sum((n - 1) * step for n, step in zip(self.shape, self.strides, strict=True))
        if (size and last >= values.size) or size > values.size:  # the latter: strides of 0, which repeat numbers
            raise ValueError(f"a tensor of shape {self.shape} reaches beyond the {values.size} numbers of its storage")
        if not size:
            return np.zeros(self.shape, values.dtype)
        steps = [step * values.itemsize for step in self.strides]
        return np.lib.stride_tricks.as_strided(values[self.offset :], self.shape, steps, writeable=False)


CALLS: dict[str, Callable[..., Any] | None] = {
    "collections OrderedDict": dict,
    "torch._utils _rebuild_tensor_v2": _Tensor.rebuilt,
    "torch._utils _rebuild_parameter": lambda tensor, *_: tensor,
    **dict.fromkeys(STORAGES),
}


def read(path: Path) -> dict[str, Array]:
    """The tensors of the state dict by name, in PyTorch's layouts; bfloat16 as float32.

    The state dict may also be in a dict, under one of the keys `INSIDE`. The pickle is interpreted, never executed.
    Raises CheckpointError for a file that is damaged, or holds anything else.
    """
    try:
        with open_tree(path) as tree:
            return _read(tree)
    except DataError as error:
        raise CheckpointError(str(error)) from error
    except pickles.DAMAGE as error:
        raise CheckpointError(
            f"{path} has no readable state dict ({error}); write one with torch.save(model.state_dict(), ...)"
        ) from error


def _read(tree: Tree) -> dict[str, Array]:
    names = set(tree.names())
    root = next((name.removesuffix("data.pkl") for name in sorted(names) if name.endswith("data.pkl")), None)
    if root is None:
        raise ValueError("the archive has no data.pkl")
    head = dict(tree.items(names & {f"{root}data.pkl", f"{root}byteorder"}))
    tensors = _state_dict(pickles.read(head[f"{root}data.pkl"], CALLS))
    kinds = {tensor.storage: tensor.kind for tensor in tensors.values()}
    missing = [key for key in kinds if f"{root}data/{key}" not in names]
    if missing:
        raise ValueError(f"the archive has no data/{missing[0]}")
    order: Literal["<", ">"] = ">" if head.get(f"{root}byteorder") == b"big" else "<"
    content = tree.items([f"{root}data/{key}" for key in kinds])
    values = {key: decode(data, kind, order) for (key, kind), (_, data) in zip(kinds.items(), content, strict=True)}
    return {name: tensor.of(values[tensor.storage]) for name, tensor in tensors.items()}


def _state_dict(value: Any) -> dict[str, _Tensor]:
    if isinstance(value, dict):
        value = next((value[key] for key in INSIDE if isinstance(value.get(key), dict)), value)
    entries = value.items() if isinstance(value, dict) else ()
    tensors = {name: tensor for name, tensor in entries if isinstance(name, str) and isinstance(tensor, _Tensor)}
    if not tensors:
        raise ValueError("it contains no named tensors")
    return tensors
