"""A layer whose arguments a person has specified."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from backhand.arrays import Array, Shape
from backhand.check.kinds.kind import Config, Kind, Layout, Match
from backhand.check.spec import Spec


class Specified(Kind):
    """A layer of no known kind; its roles are the names of forward's arguments."""

    name, title = "specified", "As specified"

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.names: tuple[str, ...] = ()
        self.inputs = tuple(name for name in spec.arguments if self._shape(name) is not None)

    def configs(self) -> Sequence[Config]:
        """The one that was specified."""
        return (Config("as specified"),)

    def shape(self, role: str, config: Config, layout: Layout) -> Shape | None:
        """The shape that was given for an argument."""
        return self._shape(role)

    def _shape(self, name: str) -> Shape | None:
        value = self.spec.arguments.get(name)
        if isinstance(value, tuple) and all(isinstance(length, int) for length in value):
            return value
        return value.shape if isinstance(value, np.ndarray) else None

    def draw(self, role: str, config: Config, layout: Layout, rng: np.random.Generator) -> Array | None:
        """The array that was given, or normal values in the given shape."""
        value = self.spec.arguments.get(role)
        if isinstance(value, np.ndarray):
            return value
        shape = self._shape(role)
        return None if shape is None else rng.standard_normal(shape)

    def values(self, role: str, config: Config) -> list[Any]:
        """What was given for any other argument."""
        return [self.spec.arguments[role]] if role in self.spec.arguments and self._shape(role) is None else []

    def matches(self, arrays: Mapping[str, Array], config: Config, layout: Layout) -> Iterator[Match]:
        """Nothing: what it should compute was not specified."""
        yield from ()
