"""Layers one after the other: the whole of a model, or a branch of a layer that has branches."""

from collections.abc import Iterable, Iterator, Sequence
from types import MappingProxyType, ModuleType
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from backhand.arrays import Array, Shape
from backhand.arrays.copies import Copyable
from backhand.backend import chosen, kernel
from backhand.layers.base import Layer

LONGEST = 3  # layers that one kernel runs


Part = tuple[Layer, ModuleType | None]


def fuse(layers: Sequence[Layer], dtype: DTypeLike) -> list[Part]:
    """The layers that are run, each with the kernel that runs those behind it too, where there is such a kernel.

    Of all that begin at a layer, the longest is taken. A kernel that cannot take every layer says which: `fits`.
    Layers with a forward or backward of their own run alone.
    """
    parts: list[Part] = []
    start = 0
    while start < len(layers):
        length, found = 1, None
        for stop in range(min(start + LONGEST, len(layers)), start + 1, -1):
            row = layers[start:stop]
            found = kernel("_".join(layer.op_name for layer in row), np.dtype(dtype)) if all(map(plain, row)) else None
            if found and all(map(getattr(found, "fits", bool), row[1:])):
                length = stop - start
                break
        parts.append((layers[start], found if length > 1 else None))
        start += length
    return parts


def plain(layer: Layer) -> bool:
    """Whether the layer runs its op as all layers do."""
    kind = type(layer)
    return kind.forward is Layer.forward and kind.backward is Layer.backward


class Chain(Copyable):
    """y = f_L(... f_2(f_1(x))); dx by the chain rule, from the last layer to the first. Without layers, y = x."""

    transient = MappingProxyType({"_ran": [], "_parts": {}})

    def __init__(self, layers: Iterable[Layer]) -> None:
        self.layers = tuple(layers)
        self._ran: list[Part] = []
        self._parts: dict[tuple[np.dtype[Any], str], list[Part]] = {}

    def build_layers(self, shape: Shape, rngs: Iterable[np.random.Generator], dtype: DTypeLike) -> Shape:
        """Build each layer for samples of the shape that the one before gives, and from a generator of its own.

        Returns the shape of the output. Raises ValueError naming the layer that does not fit.
        """
        for (name, layer), rng in zip(self.named(), rngs, strict=False):
            try:
                shape = layer.build(shape, rng, dtype)
            except ValueError as error:
                raise ValueError(f"layer {name}, {layer}: {error}") from error
        return shape

    def run(self, x: Array, train: bool, rng: np.random.Generator | None, *, keep: bool = True) -> Array:
        """The forward pass; frozen layers run as at inference. Unless told to keep them, caches are forgotten."""
        self._ran = self._fused(x.dtype)
        for layer, joint in self._ran:
            more = {"kernel": joint} if joint else {}
            x = layer.forward(x, train=train and not layer.frozen, rng=rng, **more)
            if not keep:
                layer.release()
        return x

    def _fused(self, dtype: np.dtype[Any]) -> list[Part]:
        key = dtype, chosen()
        if key not in self._parts:
            self._parts[key] = fuse(self.layers, dtype)
        return self._parts[key]

    def pull(self, dy: Array, need_dx: bool) -> Array | None:
        """The backward pass, which fills the gradients and returns dx.

        Without need_dx it ends at the first layer that learns: nothing below it does.
        """
        layers = [layer for layer, _ in self._ran or self._fused(dy.dtype)]
        first = 0 if need_dx else next((i for i, layer in enumerate(layers) if layer.learns), len(layers))
        upstream: Array | None = dy
        for i in range(len(layers) - 1, first - 1, -1):
            assert upstream is not None
            upstream = layers[i].backward(upstream, need_dx=need_dx or i > first)
        return upstream if need_dx else None

    def release(self) -> None:
        """Forget every layer's cache."""
        for layer in self.layers:
            layer.release()

    def named(self, prefix: str = "") -> Iterator[tuple[str, Layer]]:
        """Each layer with its name, which is its place."""
        return ((f"{prefix}{i}", layer) for i, layer in enumerate(self.layers))

    def walk(self, prefix: str = "") -> Iterator[tuple[str, Layer]]:
        """Every layer, after those that it holds, with names such as `4.body.0`."""
        for name, layer in self.named(prefix):
            yield from layer.walk(name)
