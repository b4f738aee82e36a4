"""Layers one after the other: the whole of a model, or a branch of a layer that has branches."""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import DTypeLike

from backhand.arrays import Array, Shape
from backhand.layers.base import Layer


class Chain:
    """y = f_L(... f_2(f_1(x))); dx by the chain rule, from the last layer to the first. Without layers, y = x."""

    def __init__(self, layers: Iterable[Layer]) -> None:
        self.layers = tuple(layers)

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

    def run(self, x: Array, train: bool, rng: np.random.Generator | None) -> Array:
        """The forward pass; frozen layers run as at inference."""
        for layer in self.layers:
            x = layer.forward(x, train=train and not layer.frozen, rng=rng)
        return x

    def pull(self, dy: Array, need_dx: bool) -> Array | None:
        """The backward pass, which fills the gradients and returns dx.

        Without need_dx it ends at the first layer that learns: nothing below it does.
        """
        first = 0 if need_dx else next((i for i, layer in enumerate(self.layers) if layer.learns), len(self.layers))
        upstream: Array | None = dy
        for i in range(len(self.layers) - 1, first - 1, -1):
            assert upstream is not None
            upstream = self.layers[i].backward(upstream, need_dx=need_dx or i > first)
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
