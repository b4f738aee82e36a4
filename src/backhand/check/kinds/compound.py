"""Layers that join several kinds, such as a linear layer with its activation."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from backhand.arrays import Array, Shape
from backhand.check.kinds.kind import Config, Kind, Layout, Match


class Compound(Kind):
    """Several kinds in a row, as one layer.

    Its arrays are those of the first. What it should compute is not known, so nothing matches: its backward pass is
    compared with differences of its own forward pass, and no mistake is named beyond those of any layer.
    """

    def __init__(self, kinds: Sequence[Kind]) -> None:
        first = kinds[0]
        self.kinds = tuple(kinds)
        self.name = "_".join(kind.name for kind in kinds)
        self.title = " and ".join(kind.title for kind in kinds)
        self.names = ()
        self.inputs, self.constants, self.parameters = first.inputs, first.constants, first.parameters

    def configs(self) -> Sequence[Config]:
        """The configurations of the first kind."""
        return self.kinds[0].configs()

    def layouts(self) -> Sequence[Layout]:
        """The arrangements of the first kind."""
        return self.kinds[0].layouts()

    def shape(self, role: str, config: Config, layout: Layout) -> Shape | None:
        """The shape that the first kind gives the array."""
        return self.kinds[0].shape(role, config, layout)

    def matches(self, arrays: Mapping[str, Array], config: Config, layout: Layout) -> Iterator[Match]:
        """Nothing, since no result is known to be right."""
        yield from ()

    def values(self, role: str, config: Config) -> list[Any]:
        """The names of the other kinds for an activation, or usual ones; other values as the first kind gives them."""
        if role == "activation":
            return [kind.name for kind in self.kinds[1:]] or ["relu", "sigmoid", "tanh"]
        return self.kinds[0].values(role, config)

    def draw(self, role: str, config: Config, layout: Layout, rng: np.random.Generator) -> Array | None:
        """The array as the first kind draws it."""
        return self.kinds[0].draw(role, config, layout, rng)
