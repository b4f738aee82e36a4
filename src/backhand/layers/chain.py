"""Layers one after the other: the whole of a model, or a branch of a layer that has branches."""

from collections.abc import Iterable, Iterator, Sequence
from types import MappingProxyType
from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike

from backhand.arrays import Array, Shape
from backhand.backend import chosen, kernel
from backhand.kernels.kernel import Kernel
from backhand.layers.base import Layer

LONGEST = 3  # layers that one kernel runs


Step = tuple[Layer, Kernel | None]


def fuse(layers: Sequence[Layer], dtype: DTypeLike) -> list[Step]:
    """The layers that are run, each with the kernel that runs those behind it too, where there is such a kernel.

    Of all that begin at a layer, the longest is taken. A kernel that cannot take every layer says which: `fits`.
    Layers with a forward or backward of their own run alone.
    """
    steps: list[Step] = []
    start = 0
    while start < len(layers):
        length, found = 1, None
        for stop in range(min(start + LONGEST, len(layers)), start + 1, -1):
            row = layers[start:stop]
            found = kernel("_".join(layer.op_name for layer in row), np.dtype(dtype)) if all(map(plain, row)) else None
            if found and all(map(found.fits, row[1:])):
                length = stop - start
                break
        steps.append((layers[start], found if length > 1 else None))
        start += length
    return steps


def plain(layer: Layer) -> bool:
    """Whether the layer runs its op as all layers do."""
    kind = type(layer)
    return kind.forward is Layer.forward and kind.backward is Layer.backward


class Chain(Layer):
    """Layers one after the other, y = f_L(... f_2(f_1(x))); dx follows by the chain rule. Without layers, y = x.

    A chain is a layer: it may stand among the layers of another one.
    """

    transient = MappingProxyType({"_steps": [], "_fused": {}})

    def __init__(self, layers: Iterable[Layer]) -> None:
        super().__init__()
        self.layers = tuple(layers)
        self._steps: list[Step] = []
        self._fused: dict[tuple[np.dtype[Any], str], list[Step]] = {}

    def build(self, shape: Shape, rng: np.random.Generator, dtype: DTypeLike = np.float32) -> Shape:
        """Build each layer for samples of the shape that the one before gives, and from a generator of its own.

        Raises ValueError naming the layer that does not fit.
        """
        return self.build_layers(shape, rng.spawn(len(self.layers)), dtype)

    def build_layers(self, shape: Shape, rngs: Iterable[np.random.Generator], dtype: DTypeLike) -> Shape:
        """The same with these generators."""
        self.input_shape = shape
        for (name, layer), rng in zip(self.named(), rngs, strict=False):
            try:
                layer.build(shape, rng, dtype)
            except ValueError as error:
                raise ValueError(f"layer {name}, {layer}: {error}") from error
            shape = layer.output_shape
        self.output_shape = shape
        return shape

    def forward(self, x: Array, *, train: bool = False, rng: np.random.Generator | None = None) -> Array:
        """x (N, ...) -> what the last layer gives; frozen layers run as at inference."""
        return self._through(x, train, rng, keep=True)

    def _through(self, x: Array, train: bool, rng: np.random.Generator | None, *, keep: bool) -> Array:
        """Through all layers; unless they are kept, caches are forgotten at once."""
        self._steps = self._fused_for(x.dtype)
        for layer, joint in self._steps:
            trained = train and not layer.frozen
            alone = not plain(layer)
            x = layer.forward(x, train=trained, rng=rng) if alone else layer.forward_by(joint, x, trained, rng)
            if not keep:
                layer.release()
        return x

    def _fused_for(self, dtype: np.dtype[Any]) -> list[Step]:
        key = dtype, chosen()
        if key not in self._fused:
            self._fused[key] = fuse(self.layers, dtype)
        return self._fused[key]

    def backward(self, dy: Array, *, need_dx: bool = True) -> Array | None:
        """The gradients of all layers, and dx.

        Without need_dx it ends at the first layer that learns: nothing below it does.
        """
        layers = [layer for layer, _ in self._steps or self._fused_for(dy.dtype)]
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

    def walk(self, name: str = "") -> Iterator[tuple[str, Layer]]:
        """Every layer, after those that it holds, with names such as `4.body.0`; then this one, if it has a name."""
        for place, layer in self.named(f"{name}." if name else ""):
            yield from layer.walk(place)
        if name:
            yield name, self

    def multiply_adds(self) -> int:
        """Those of all layers."""
        return sum(layer.multiply_adds() for layer in self.layers)

    def fresh(self) -> Self:
        """The same layers, not built."""
        return type(self)([layer.fresh() for layer in self.layers])

    def __str__(self) -> str:
        """How many layers there are."""
        return f"{type(self).__name__}({len(self.layers)} layer{'s' * (len(self.layers) != 1)})"
