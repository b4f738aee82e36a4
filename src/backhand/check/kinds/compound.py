"""Layers that join several kinds, such as a linear layer with its activation."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from backhand.arrays import Array, Shape
from backhand.check.kinds.kind import Config, Kind, Layout, Match
from backhand.check.kinds.windows import pair
from backhand.check.reading.words import words


class Compound(Kind):
    """Several kinds in a row, as one layer.

    Its arrays are those of the first, and the scale and shift of a normalisation behind it. What it should compute is
    not known, so nothing matches: its backward pass is compared with differences of its own forward pass, and only the
    mistakes of any layer are named.
    """

    def __init__(self, kinds: Sequence[Kind]) -> None:
        first = kinds[0]
        self.kinds = tuple(kinds)
        self.name = "_".join(kind.name for kind in kinds)
        self.title = " and ".join(kind.title for kind in kinds)
        self.names = ()
        self.inputs, self.constants = first.inputs, first.constants
        later = [role for kind in kinds[1:] for role in kind.parameters if role in ("gamma", "beta")]
        self.parameters = (*first.parameters, *dict.fromkeys(later))

    def configs(self) -> Sequence[Config]:
        """The configurations of the first kind; before a pooling, those first that its windows of 2 divide evenly."""
        configs = self.kinds[0].configs()
        pooled = self.kinds[0].name == "conv2d" and any("pool" in kind.name for kind in self.kinds)
        return sorted(configs, key=_is_odd) if pooled else configs

    def layouts(self) -> Sequence[Layout]:
        """The arrangements of the first kind."""
        return self.kinds[0].layouts()

    def shape(self, role: str, config: Config, layout: Layout) -> Shape | None:
        """The shape that the first kind gives the array; a scale and a shift have an entry for each output."""
        if role in ("gamma", "beta") and role not in self.kinds[0].parameters:
            return (config["out"],)
        return self.kinds[0].shape(role, config, layout)

    def matches(self, arrays: Mapping[str, Array], config: Config, layout: Layout) -> Iterator[Match]:
        """Nothing, since no result is known to be right."""
        yield from ()

    def values(self, role: str, config: Config) -> list[Any]:
        """The names of the other kinds for an activation, or usual ones; other values as the first kind gives them."""
        if role == "activation":
            return [kind.name for kind in self.kinds[1:]] or ["relu", "sigmoid", "tanh"]
        ways = ((self.kinds[0], config), *((kind, usual_config(kind)) for kind in self.kinds[1:]))
        return next((values for kind, own in ways if (values := kind.values(role, own))), [])

    def within(self, context: str) -> Kind | None:
        """The kind without parameters, such as pooling, of which the name of a dictionary of settings speaks."""
        spoken = set(words(context))
        bare = (kind for kind in self.kinds if not kind.parameters)
        return next((kind for kind in bare if any(set(entry.split()) & spoken for entry in kind.names)), None)

    def draw(self, role: str, config: Config, layout: Layout, rng: np.random.Generator) -> Array | None:
        """The array as the first kind draws it."""
        if role in ("gamma", "beta") and role not in self.kinds[0].parameters:
            return rng.standard_normal((config["out"],))
        return self.kinds[0].draw(role, config, layout, rng)


def usual_config(kind: Kind) -> Config:
    """The configuration of a kind behind another: the first, but windows lie side by side, as most networks have it."""
    configs = kind.configs()
    return next((config for config in configs if config.get("stride", 0) == config.get("window")), configs[0])


def _is_odd(config: Config) -> bool:
    """Whether a convolution gives an odd number of rows."""
    (kh, _), (sh, _) = pair(config["window"]), pair(config["stride"])
    return ((config["H"] + 2 * config["padding"] - kh) // sh + 1) % 2 == 1
