"""Layers that run several chains of layers on the same samples, and join what these give."""

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
    """y = join(f(x), g(x), ...), and dx is the sum of the branches' gradients, since each of them saw the whole of x.

    A subclass names the joining op, the branches, and the shape of the joined output.
    """

    _chains: dict[str, Chain] = field(init=False, repr=False, default_factory=dict)

    @abstractmethod
    def chains(self) -> dict[str, Sequence[Layer]]:
        """The layers of each branch, by its name."""

    @abstractmethod
    def joined(self, shapes: list[Shape]) -> Shape:
        """The shape of the output, from those of the branches. Raises ValueError where they do not fit."""

    def __post_init__(self) -> None:
        self._chains = {name: Chain(layers) for name, layers in self.chains().items()}

    def build(self, shape: Shape, rng: np.random.Generator, dtype: DTypeLike = np.float32) -> Shape:
        """Build every branch for samples of this shape, each layer from a generator of its own."""
        shapes = []
        for (name, chain), stream in zip(self._chains.items(), rng.spawn(len(self._chains)), strict=True):
            try:
                shapes.append(chain.build(shape, stream, dtype))
            except ValueError as error:
                raise ValueError(f"{name} {error}") from error
        self.input_shape, self.output_shape = shape, self.joined(shapes)
        return self.output_shape

    def inputs(self, x: Array, train: bool, rng: np.random.Generator | None) -> tuple[Array, ...]:
        """What each branch gives for x."""
        return tuple(chain.forward(x, train=train, rng=rng) for chain in self._chains.values())

    def input_gradient(self, gradients: tuple[Array | None, ...], need_dx: bool) -> Array | None:
        """The sum of what the branches give; on the way, the gradients of every layer in them."""
        pairs = zip(self._chains.values(), gradients, strict=True)
        parts = [chain.backward(each, need_dx=need_dx) for chain, each in pairs if each is not None]
        found = [part for part in parts if part is not None]
        return reduce(lambda a, b: op("add", a.dtype).forward(a, b)[0], found) if need_dx else None

    def release(self) -> None:
        """Forget what any layer of the branches cached."""
        super().release()
        for chain in self._chains.values():
            chain.release()

    def multiply_adds(self) -> int:
        """Those of all layers in the branches."""
        return sum(chain.multiply_adds() for chain in self._chains.values())

    def walk(self, name: str = "") -> Iterator[tuple[str, Layer]]:
        """The layers of the branches, then this one."""
        below = f"{name}." if name else ""
        for branch, chain in self._chains.items():
            for place, layer in chain.named(f"{below}{branch}."):
                yield from layer.walk(place)
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
        """body and shortcut."""
        return {"body": self.body, "shortcut": self.shortcut}

    def joined(self, shapes: list[Shape]) -> Shape:
        """That of both."""
        if shapes[0] != shapes[1]:
            raise ValueError(f"the body gives samples of shape {shapes[0]}, the shortcut {shapes[1]}; they must agree")
        return shapes[0]

    def fresh(self) -> Self:
        """The same layers, not built."""
        return replace(self, body=_fresh(self.body), shortcut=_fresh(self.shortcut))

    def __str__(self) -> str:
        """How many layers each branch has."""
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
        """The branches, named by their place."""
        return {str(i): layers for i, layers in enumerate(self.branches)}

    def joined(self, shapes: list[Shape]) -> Shape:
        """(..., A + B + ...)."""
        if len({shape[:-1] for shape in shapes}) != 1:
            raise ValueError(f"branches give samples of shapes {', '.join(map(str, shapes))}; only channels may differ")
        return *shapes[0][:-1], sum(shape[-1] for shape in shapes)

    def fresh(self) -> Self:
        """The same layers, not built."""
        return replace(self, branches=list(map(_fresh, self.branches)))

    def __str__(self) -> str:
        """How many layers each branch has."""
        return f"Concatenate({', '.join(map(_counted, self.branches))})"


def _fresh(layers: Sequence[Layer]) -> list[Layer]:
    return [layer.fresh() for layer in layers]


def _counted(layers: Sequence[Layer]) -> str:
    return f"{len(layers)} layer{'s' * (len(layers) != 1)}"
