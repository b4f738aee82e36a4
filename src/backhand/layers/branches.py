"""Layers that run several branches, chains of layers, on the same samples and join their outputs."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Self

import numpy as np
from numpy.typing import DTypeLike

from backhand.arrays import Array, Shape
from backhand.backend import op
from backhand.layers.base import Layer
from backhand.layers.chain import Chain


@dataclass(eq=False)
class Branches(Layer, ABC):
    """The base of layers with branches: y = join(f(x), g(x), ...). As each branch sees the whole of x, dx is the sum of
    the branches' gradients.

    A subclass names the joining op, the branches, and the shape of the joined output.
    """

    _chains: dict[str, Chain] = field(init=False, repr=False, default_factory=dict)

    @abstractmethod
    def chains(self) -> dict[str, Sequence[Layer]]:
        """The layers of each branch, by the name of the branch."""

    @abstractmethod
    def joined_shape(self, shapes: list[Shape]) -> Shape:
        """The shape of the output, from those of the branches' outputs. Raises ValueError where they do not fit."""

    def __post_init__(self) -> None:
        self._chains = {name: Chain(layers) for name, layers in self.chains().items()}

    def build(self, shape: Shape, rng: np.random.Generator, dtype: DTypeLike = np.float32) -> Shape:
        """Build every branch for samples of this shape, each layer with a generator of its own.

        Raises ValueError, with the branch and the layer, where a layer cannot take its samples.
        """
        shapes = []
        for (name, chain), stream in zip(self._chains.items(), rng.spawn(len(self._chains)), strict=True):
            try:
                shapes.append(chain.build(shape, stream, dtype))
            except ValueError as error:
                raise ValueError(f"{name} {error}") from error
        self.input_shape, self.output_shape = shape, self.joined_shape(shapes)
        return self.output_shape

    def inputs(self, x: Array, train: bool, rng: np.random.Generator | None) -> tuple[Array, ...]:
        """The output of each branch for x."""
        return tuple(chain.forward(x, train=train, rng=rng) for chain in self._chains.values())

    def input_gradient(self, gradients: tuple[Array | None, ...], need_dx: bool) -> Array | None:
        """The sum of the branches' dx; their backward passes also fill the gradients of every layer in them."""
        pairs = zip(self._chains.values(), gradients, strict=True)
        results = [chain.backward(dy, need_dx=need_dx) for chain, dy in pairs if dy is not None]
        terms = [dx for dx in results if dx is not None]
        return reduce(lambda a, b: op("add", a.dtype).forward(a, b)[0], terms) if need_dx else None

    def branch(self, name: str) -> Chain:
        """The branch of this name, as a chain of its layers."""
        return self._chains[name]

    def release(self) -> None:
        """Free the memory of what the layer and those of its branches cached."""
        super().release()
        for chain in self._chains.values():
            chain.release()

    @property
    def min_batch_size(self) -> int:
        """The largest of those of the branches."""
        return max(chain.min_batch_size for chain in self._chains.values())

    def multiply_adds(self) -> int:
        """The multiply-adds of all layers in the branches, for one sample."""
        return sum(chain.multiply_adds() for chain in self._chains.values())

    def walk(self, name: str = "") -> Iterator[tuple[str, Layer]]:
        """The layers of the branches, then this one, with their names."""
        prefix = f"{name}." if name else ""
        for branch, chain in self._chains.items():
            for layer_name, layer in chain.named(f"{prefix}{branch}."):
                yield from layer.walk(layer_name)
        yield name, self


@dataclass(eq=False)
class Residual(Branches):
    """A residual block, y = body(x) + shortcut(x); without layers in the shortcut, y = body(x) + x.

    body, shortcut: layers in order; both must give the same shape, or `build` raises ValueError.
    Source: He et al. 2015, arXiv:1512.03385.
    """

    op_name = "add"

    body: Sequence[Layer]
    shortcut: Sequence[Layer] = ()

    def chains(self) -> dict[str, Sequence[Layer]]:
        """The two branches, `body` and `shortcut`."""
        return {"body": self.body, "shortcut": self.shortcut}

    def joined_shape(self, shapes: list[Shape]) -> Shape:
        """The shape that both branches' outputs have."""
        if shapes[0] != shapes[1]:
            raise ValueError(
                f"the body's output has the shape {shapes[0]}, the shortcut's {shapes[1]}; they must agree"
            )
        return shapes[0]

    def fresh(self) -> Self:
        """A new layer with new layers in its branches, not built."""
        return replace(self, body=_fresh(self.body), shortcut=_fresh(self.shortcut))

    def __str__(self) -> str:
        """The layer with the number of layers in each branch."""
        shortcut = f", {len(self.shortcut)} in the shortcut" if self.shortcut else ""
        return f"Residual({_counted(self.body)}{shortcut})"


@dataclass(eq=False)
class Concatenate(Branches):
    """Branches side by side, y = [f(x), g(x), ...] along the channels (the last axis).

    branches: the layers of each branch, in order; `build` raises ValueError where more than the channels differ.
    Source: Szegedy et al. 2015, arXiv:1409.4842.
    """

    op_name = "concatenate"

    branches: Sequence[Sequence[Layer]]

    def chains(self) -> dict[str, Sequence[Layer]]:
        """The branches, named by their index."""
        return {str(i): layers for i, layers in enumerate(self.branches)}

    def joined_shape(self, shapes: list[Shape]) -> Shape:
        """Branches' outputs (..., A), (..., B), ... are joined to (..., A + B + ...)."""
        if len({shape[:-1] for shape in shapes}) != 1:
            raise ValueError(
                f"the branches' outputs have the shapes {', '.join(map(str, shapes))}; only the channels may differ"
            )
        return *shapes[0][:-1], sum(shape[-1] for shape in shapes)

    def fresh(self) -> Self:
        """A new layer with new layers in its branches, not built."""
        return replace(self, branches=list(map(_fresh, self.branches)))

    def __str__(self) -> str:
        """The layer with the number of layers in each branch."""
        return f"Concatenate({', '.join(map(_counted, self.branches))})"


def _fresh(layers: Sequence[Layer]) -> list[Layer]:
    return [layer.fresh() for layer in layers]


def _counted(layers: Sequence[Layer]) -> str:
    return f"{len(layers)} layer{'s' * (len(layers) != 1)}"
