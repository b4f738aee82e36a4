"""The arrays of a person's code, in NumPy, PyTorch or JAX, taken in and out as NumPy arrays.

Nothing here imports PyTorch or JAX unless the person's code has done so already.
"""

import importlib.util
import sys
from collections.abc import Callable
from functools import lru_cache
from types import ModuleType
from typing import Any

import numpy as np

from backhand.arrays import Array
from backhand.check.reading.own_tensors import bare, own_makers
from backhand.check.source.precision import widen_library

Maker = Callable[[Array], Any]
ONLY_OF_TORCH = frozenset({"clone", "unsqueeze", "addmm", "mm", "mv", "zero_", "fill_", "permute", "contiguous"})


def is_array(value: object) -> bool:
    """Whether a value is an array or a tensor of numbers, of at least one element."""
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "fiub" and value.size > 0
    return is_tensor(value) or is_jax_array(value)


def is_tensor(value: object) -> bool:
    """Whether a value is a PyTorch tensor."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, getattr(torch, "Tensor", ()))


def is_jax_array(value: object) -> bool:
    """Whether a value is a JAX array."""
    jax = sys.modules.get("jax")
    return jax is not None and isinstance(value, getattr(jax, "Array", ()))


def is_number(value: object) -> bool:
    """Whether a value is a single real number; a zero-dimensional array is one too."""
    if isinstance(value, int | float | np.number) and not isinstance(value, bool):
        return True
    return is_array(value) and np.ndim(to_numpy(value)) == 0


def to_numpy(value: Any) -> Array:
    """A value as a NumPy array that shares nothing with it."""
    if is_tensor(value):
        return np.array(value.detach().cpu().numpy())
    return np.array(bare(value))


def numpy_array(array: Array) -> Any:
    """A NumPy array as NumPy code takes it: a copy."""
    return np.array(array)


def torch_tensor(array: Array) -> Any:
    """A NumPy array as a PyTorch tensor that shares nothing with it."""
    return sys.modules["torch"].from_numpy(np.array(array))


def jax_array(array: Array) -> Any:
    """A NumPy array as a JAX array."""
    return sys.modules["jax"].numpy.asarray(array)


def makers(module: ModuleType) -> list[Maker]:
    """The ways to make an array that this module's code may take, the likeliest first."""
    names = {getattr(value, "__name__", "") for value in vars(module).values() if type(value) is type(np)}
    roots = {name.partition(".")[0] for name in names}
    likely: list[Maker] = []
    if "torch" in roots or _holds(module, "torch"):
        likely.append(torch_tensor)
    if "jax" in roots or _holds(module, "jax"):
        likely.append(jax_array)
    unnamed = [torch_tensor] if not likely and _calls_torch(module) else []  # it is handed tensors by other files
    return [*own_makers(module), *likely, numpy_array, *unnamed]


def _holds(module: object, library: str) -> bool:
    """Whether the module has taken names out of a library, as `from torch import empty` does."""
    return library in sys.modules and any(
        (getattr(value, "__module__", None) or "").partition(".")[0] == library for value in vars(module).values()
    )


@lru_cache(maxsize=256)
def _calls_torch(module: ModuleType) -> bool:
    """Whether functions of a module that does not name PyTorch call methods which only its tensors have."""
    called: set[str] = set()
    for value in vars(module).values():
        for member in vars(value).values() if isinstance(value, type) else [value]:
            called |= set(getattr(getattr(member, "__code__", None), "co_names", ()))
    if not called & ONLY_OF_TORCH or importlib.util.find_spec("torch") is None:
        return False
    importlib.import_module("torch")
    return widen_library("torch")


def write(target: Any, values: Array) -> None:
    """Give an array of the person's other values, in place."""
    if is_tensor(target):
        torch = sys.modules["torch"]
        with torch.no_grad():
            target.copy_(torch.from_numpy(np.array(values)).reshape(target.shape))
    else:
        target[...] = np.reshape(values, target.shape)
