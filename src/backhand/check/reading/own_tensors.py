"""Tensors of a person's own: a class that holds an array as `data` and its gradient as `grad`.

Layers of such a file take and give these tensors in place of arrays. Many of them have no backward pass of their own:
the tensor that forward returns knows the way back.
"""

import inspect
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from types import ModuleType
from typing import Any

import numpy as np

from backhand.arrays import Array
from backhand.check.reading.words import words
from backhand.check.source.guarded import outcome

NAMES = frozenset({"tensor", "variable", "var", "value"})
_classes: set[type] = set()  # that were found to be tensors


def is_own_tensor(value: object) -> bool:
    """Whether a value is a tensor of the person's own."""
    return bool(_classes) and isinstance(value, tuple(_classes))


def bare(value: Any) -> Any:
    """The array that a tensor of the person's own holds; anything else as it is."""
    return value.data if is_own_tensor(value) else value


@lru_cache(maxsize=256)
def tensor_classes(module: ModuleType) -> tuple[type, ...]:
    """The classes of such tensors that a module defines or imports, or that lie in modules which it imports."""
    found = tuple(dict.fromkeys(value for value in _candidates(module) if _is_tensor_class(value)))
    _classes.update(found)
    return found


def own_makers(module: ModuleType) -> list[Callable[[Array], Any]]:
    """What makes a tensor of an array, for each class of them."""
    return [partial(_made, cls) for cls in tensor_classes(module)]


def goes_back(module: ModuleType) -> bool:
    """Whether the tensors of a module go back by themselves."""
    return any(callable(getattr(cls, "backward", None)) for cls in tensor_classes(module))


def go_back(result: Any, upstream: Array, make: Callable[[Array], Any]) -> None:
    """Let the tensor that forward has returned hand on an upstream gradient; the gradients then lie in the tensors."""
    taken = [p for p in inspect.signature(result.backward).parameters.values() if p.kind is not p.VAR_KEYWORD]
    if taken:
        result.backward(upstream)
    else:  # it begins with ones, so that the gradient is that of the sum of what it is called on
        (result * make(upstream)).backward()


def _candidates(module: ModuleType) -> Iterator[type]:
    own = [value for value in vars(module).values() if type(value) is ModuleType and value.__spec__ is None]
    for place in (module, *own):
        for value in list(vars(place).values()):
            if isinstance(value, type) and set(words(value.__name__)) & NAMES:
                yield value


def _is_tensor_class(cls: type) -> bool:
    """Whether a class makes of an array an object that holds it, with room for a gradient and arithmetic."""
    if cls.__module__.partition(".")[0] in ("torch", "jax", "numpy", "jaxlib"):
        return False
    if not hasattr(cls, "__add__") or not hasattr(cls, "__mul__"):
        return False
    array = np.arange(6.0).reshape(2, 3)
    made = outcome(partial(cls, array)).value
    data = getattr(made, "data", None)
    return isinstance(data, np.ndarray) and np.array_equal(data, array) and hasattr(made, "grad")


def _made(cls: type, array: Array) -> Any:
    tensor = cls(np.array(array))
    if hasattr(tensor, "requires_grad"):
        tensor.requires_grad = array.dtype.kind == "f"
    return tensor
