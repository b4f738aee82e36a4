"""The arrays of a person's code, in NumPy, PyTorch or JAX, taken in and out as NumPy arrays.

Nothing here imports PyTorch or JAX unless the person's code has done so already.
"""

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from backhand.arrays import Array

Maker = Callable[[Array], Any]


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
    return np.array(value)


def numpy_array(array: Array) -> Any:
    """A NumPy array as NumPy code takes it: a copy."""
    return np.array(array)


def torch_tensor(array: Array) -> Any:
    """A NumPy array as a PyTorch tensor that shares nothing with it."""
    return sys.modules["torch"].from_numpy(np.array(array))


def jax_array(array: Array) -> Any:
    """A NumPy array as a JAX array."""
    return sys.modules["jax"].numpy.asarray(array)


def makers(module: object) -> list[Maker]:
    """The ways to make an array that this module's code may take, the likeliest first."""
    names = {getattr(value, "__name__", "") for value in vars(module).values() if type(value) is type(np)}
    roots = {name.partition(".")[0] for name in names}
    likely: list[Maker] = []
    if "torch" in roots or _holds(module, "torch"):
        likely.append(torch_tensor)
    if "jax" in roots or _holds(module, "jax"):
        likely.append(jax_array)
    return [*likely, numpy_array]


def _holds(module: object, library: str) -> bool:
    """Whether the module has taken names out of a library, as `from torch import empty` does."""
    return library in sys.modules and any(
        (getattr(value, "__module__", None) or "").partition(".")[0] == library for value in vars(module).values()
    )


def write(target: Any, values: Array) -> None:
    """Give an array of the person's other values, in place."""
    if is_tensor(target):
        torch = sys.modules["torch"]
        with torch.no_grad():
            target.copy_(torch.from_numpy(np.array(values)).reshape(target.shape))
    else:
        target[...] = np.reshape(values, target.shape)
