"""What a person's pass returns, taken apart: outputs, caches and gradients, in tuples, lists and dictionaries."""

import ast
import inspect
import textwrap
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from backhand.arrays import Array
from backhand.check.reading.dialect import is_array, is_number, to_numpy
from backhand.check.reading.own_tensors import bare
from backhand.check.reading.words import are_alike

STORED_OUTPUTS = ("output", "out", "outputs", "y", "activation", "a", "A", "z", "Z", "value", "result", "loss")


def items(result: Any) -> list[Any]:
    """The values of a returned tuple or list; a single value as a list of one."""
    return list(result) if isinstance(result, tuple | list) else [result]


def as_float(value: Any) -> Array | None:
    """A number or an array of numbers as float64; None for anything else."""
    value = bare(value)
    if value is None or isinstance(value, str | bytes | Mapping):
        return None
    if is_array(value) or is_number(value) or (isinstance(value, np.ndarray) and value.size == 0):
        return to_numpy(value).astype(np.float64)
    if isinstance(value, list | tuple) and value and all(is_array(item) or is_number(item) for item in value):
        try:
            return np.array([to_numpy(item) for item in value], np.float64)
        except ValueError:
            return None
    return None


def output_of(instance: Any, result: Any) -> Array | None:
    """The output of a forward method: what it returned, else what it left in its object; of several, a lone number."""
    if result is None:
        held = getattr(instance, "__dict__", {})
        result = next((held[name] for name in STORED_OUTPUTS if name in held), None)
    arrays = [array for value in items(result) if (array := as_float(value)) is not None]
    scalars = [array for array in arrays if array.ndim == 0]
    return next(iter(scalars if len(arrays) > 1 and scalars else arrays), None)


def is_same(a: Any, b: Any) -> bool:
    """Whether two values hold the same numbers; anything that is no number counts as the same."""
    x, y = as_float(a), as_float(b)
    return x is None or y is None or np.array_equal(x, y, equal_nan=True)


@lru_cache(maxsize=256)
def returned_names(function: Callable[..., Any]) -> tuple[str, ...]:
    """The names in a function's last return statement, "" for an expression; empty where its source is unknown."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError, ValueError):
        return ()
    returns = [node.value for node in ast.walk(tree) if isinstance(node, ast.Return) and node.value is not None]
    if not returns:
        return ()
    value = returns[-1]
    return tuple(_name(item) for item in (value.elts if isinstance(value, ast.Tuple | ast.List) else [value]))


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return node.attr
    return ""


def assign_gradients(
    result: Any, names: Sequence[str], arrays: Mapping[str, Array], labels: Sequence[str]
) -> dict[str, Any]:
    """The returned values by the names of the arrays whose gradients they are; missing ones are left out.

    names: the differentiated arrays in forward's order.   labels: how backward's return statement names its values.
    A dictionary is read by its keys. Else names decide where they say enough, then sizes, in order.
    """
    if isinstance(result, Mapping):
        keyed = {str(key): value for key, value in result.items() if as_float(value) is not None}
        return {name: keyed[key] for name in names if (key := name if name in keyed else _alike(name, keyed))}
    values = items(result)
    if len(values) == len(labels) and (by_name := _by_labels(values, names, labels)) is not None:
        return by_name
    return _by_sizes(values, names, arrays)


def _alike(name: str, keyed: Mapping[str, Any]) -> str:
    return next((key for key in keyed if are_alike(key, name)), "")


def _by_labels(values: Sequence[Any], names: Sequence[str], labels: Sequence[str]) -> dict[str, Any] | None:
    """By names, where each array has exactly one value of its name."""
    chosen: dict[str, Any] = {}
    for name in names:
        alike = [value for value, label in zip(values, labels, strict=True) if label and are_alike(label, name)]
        if len(alike) != 1:
            return None
        chosen[name] = alike[0]
    return chosen


def _by_sizes(values: Sequence[Any], names: Sequence[str], arrays: Mapping[str, Array]) -> dict[str, Any]:
    """In order, where all sizes fit; else each array gets the first value of its shape or size."""
    left = [(value, array) for value in values if (array := as_float(value)) is not None]
    if len(left) == len(names) and all(
        array.size == arrays[name].size for name, (_, array) in zip(names, left, strict=True)
    ):
        return {name: value for name, (value, _) in zip(names, left, strict=True)}
    chosen: dict[str, Any] = {}
    for name in names:
        same_shape = [i for i, (_, array) in enumerate(left) if array.shape == arrays[name].shape]
        same_size = [i for i, (_, array) in enumerate(left) if array.size == arrays[name].size]
        if fitting := same_shape or same_size:
            chosen[name] = left.pop(fitting[0])[0]
    missing = [name for name in names if name not in chosen]
    if len(missing) == len(left):
        chosen |= {name: value for name, (value, _) in zip(missing, left, strict=True)}
    return chosen
