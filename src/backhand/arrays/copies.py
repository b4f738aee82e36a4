"""Copies that share nothing with the original and can go on as it would.

`copy` and `pickle` (and so joblib, and processes that are spawned) take an object apart by `__getstate__` and put it
together by `__setstate__`.
"""

import copy
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Self

import numpy as np


class Copyable:
    """An object whose every copy is whole: `copy.copy` copies as deeply as `copy.deepcopy`, since a network that shared
    its arrays with another would be trained by both.

    transient: attributes of the computation at hand, such as caches, with the values that a copy begins with.
    """

    transient: ClassVar[Mapping[str, Any]] = MappingProxyType({})

    def __copy__(self) -> Self:
        return copy.deepcopy(self)

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | copy.deepcopy(dict(self.transient))

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update({name: _writable(value) for name, value in state.items()})


def _writable(value: Any) -> Any:
    """The array, or the dictionary of arrays, such that it can be changed: joblib hands out large ones read-only."""
    if isinstance(value, np.ndarray) and not value.flags.writeable:
        return np.array(value)
    if isinstance(value, dict):
        value.update({key: _writable(item) for key, item in value.items() if isinstance(item, np.ndarray)})
    return value
