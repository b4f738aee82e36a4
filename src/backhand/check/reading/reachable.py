"""The arrays that can be reached from a person's object: in attributes, dictionaries, lists and children."""

import copyreg
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import numpy as np

from backhand.check.reading.dialect import is_array, is_tensor, to_numpy

Path = tuple[tuple[str, Any], ...]  # steps from the object: ("attribute", name), ("key", key) or ("index", i)
MAX_DEPTH = 5
_LIBRARIES = ("numpy", "torch", "jax", "scipy", "builtins", "random", "collections", "abc", "functools", "types")


_modules: dict[int, ModuleType] = {}


def _keep_module(module: ModuleType) -> tuple[Callable[[int], ModuleType], tuple[int]]:
    """Let a copy of an object that holds a module, such as `self.np`, hold the same module."""
    _modules[id(module)] = module
    return _modules.__getitem__, (id(module),)


copyreg.pickle(ModuleType, _keep_module)


def reachable(value: Any) -> dict[Path, Any]:
    """All arrays of real numbers by their paths; an array under two names is given under each."""
    return dict(_walk(value, (), set()))


def _walk(value: Any, path: Path, above: set[int]) -> Iterator[tuple[Path, Any]]:
    if is_array(value) or (isinstance(value, np.ndarray) and not value.size):  # an empty one may be a wrong gradient
        if to_numpy(value).dtype.kind == "f":
            yield path, value
        return
    if id(value) in above or len(path) >= MAX_DEPTH:
        return
    above = above | {id(value)}
    for step, item in _children(value):
        yield from _walk(item, (*path, step), above)


def _children(value: Any) -> Iterator[tuple[tuple[str, Any], Any]]:
    if isinstance(value, dict):
        yield from ((("key", key), item) for key, item in list(value.items()))
    elif isinstance(value, list | tuple):
        yield from ((("index", i), item) for i, item in enumerate(value))
    elif is_own_object(value):
        attributes = dict(vars(value)) if hasattr(value, "__dict__") else {}
        for name in _slots(type(value)):
            if hasattr(value, name):
                attributes[name] = getattr(value, name)
        yield from ((("attribute", name), item) for name, item in attributes.items())


def _slots(cls: type) -> list[str]:
    slots = [getattr(base, "__slots__", ()) for base in cls.__mro__]
    return [name for names in slots for name in ((names,) if isinstance(names, str) else names) if name != "__dict__"]


def is_own_object(value: Any) -> bool:
    """Whether a value is an instance of a class that some program defines, rather than of a library."""
    if isinstance(value, type) or (callable(value) and not hasattr(value, "__dict__")):
        return False
    module = getattr(type(value), "__module__", "") or ""
    return module.partition(".")[0] not in _LIBRARIES and not isinstance(value, str | bytes | int | float)


def at(value: Any, path: Path) -> Any:
    """What lies at a path. Raises LookupError or AttributeError where there is nothing."""
    for kind, key in path:
        value = getattr(value, key) if kind == "attribute" else value[key]
    return value


def set_at(value: Any, path: Path, new: Any) -> None:
    """Put another value at a path."""
    parent = at(value, path[:-1])
    kind, key = path[-1]
    if kind == "attribute":
        setattr(parent, key, new)
    else:
        parent[key] = new


def spelled(path: Path, start: str = "self") -> str:
    """A path as it is written in Python: `self.params['W']`."""
    text = start
    for kind, key in path:
        text += f".{key}" if kind == "attribute" else f"[{key!r}]"
    return text


def same_storage(a: Any, b: Any) -> bool:
    """Whether two arrays are one array under two names, or views of the same numbers."""
    if a is b:
        return True
    if is_tensor(a) and is_tensor(b):
        return bool(a.data_ptr() == b.data_ptr() and a.numel() == b.numel())
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return a.size == b.size and np.shares_memory(a, b)
    return False
