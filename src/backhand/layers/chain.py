"""Layers one after the other: the whole of a model, or a branch of a layer that has branches."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from textwrap import indent
from types import MappingProxyType
from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike

from backhand.arrays import Array, Shape
from backhand.backend import chosen, kernel, op
from backhand.kernels.kernel import Kernel
from backhand.layers.base import Layer

LONGEST = 3  # the most layers that one kernel runs

Step = tuple[Layer, Kernel | None]


def fuse(layers: Sequence[Layer], dtype: DTypeLike) -> list[Step]:
    """The layers to run, each with what computes it: the kernel or the reference of its op.

    A kernel may also run the layers after it. Of several such kernels, the one for most layers is taken, if its `fits`
    accepts them. Layers with a forward or backward of their own run alone, and have None.
    """
    steps: list[Step] = []
    start = 0
    while start < len(layers):
        layer = layers[start]
        joint, stop = _joint_kernel(layers, start, dtype)
        steps.append((layer, joint or (op(layer.op_name, np.dtype(dtype)) if is_plain(layer) else None)))
        start = stop
    return steps


def _joint_kernel(layers: Sequence[Layer], start: int, dtype: DTypeLike) -> tuple[Kernel | None, int]:
    """The kernel for most of the layers from `start` on, and the index of the first layer that it does not run."""
    for stop in range(min(start + LONGEST, len(layers)), start + 1, -1):
        run = layers[start:stop]
        joint = kernel("_".join(layer.op_name for layer in run), np.dtype(dtype)) if all(map(is_plain, run)) else None
        if joint and all(map(joint.fits, run[1:])):
            return joint, stop
    return None, start + 1


def is_plain(layer: Layer) -> bool:
    """Whether the layer inherits forward and backward, which run its op."""
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

    def __repr__(self) -> str:
        """The layers, one per line."""
        lines = "".join(f"\n{indent(repr(layer), '    ')}," for layer in self.layers)
        return f"{type(self).__name__}({lines}\n)" if lines else f"{type(self).__name__}()"

    def build(self, shape: Shape, rng: np.random.Generator, dtype: DTypeLike = np.float32) -> Shape:
        """Build each layer for the output of the one before it, with a generator of its own.

        Raises ValueError, with the layer, where one cannot take its samples.
        """
        return self.build_layers(shape, rng.spawn(len(self.layers)), dtype)

    def build_layers(self, shape: Shape, rngs: Iterable[np.random.Generator], dtype: DTypeLike) -> Shape:
        """Build each layer with its generator among these. Raises ValueError as `build` does."""
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
        """x (N, ...) -> the output of the last layer. Frozen layers run as at inference."""
        return self._run(x, train, rng, keep=True)

    def _run(self, x: Array, train: bool, rng: np.random.Generator | None, *, keep: bool) -> Array:
        """Run all layers. keep: whether to keep the caches, which backward needs."""
        self._steps = self._fused_for(x.dtype)
        for layer, run in self._steps:
            training = train and not layer.frozen
            x = layer.forward(x, train=training, rng=rng) if run is None else layer.forward_by(run, x, training, rng)
            if not keep:
                layer.release()
        return x

    def _fused_for(self, dtype: np.dtype[Any]) -> list[Step]:
        key = dtype, chosen()
        if key not in self._fused:
            self._fused[key] = fuse(self.layers, dtype)
        return self._fused[key]

    def backward(
        self, dy: Array, *, need_dx: bool = True, after: Callable[[Layer], None] | None = None
    ) -> Array | None:
        """dy -> dx; fills the gradients of all layers.

        Without need_dx it ends at the first trainable layer, before which no gradient is needed.
        after: called with each layer of the chain for which, and for all layers behind it, the gradients are complete.
        """
        steps = self._steps or self._fused_for(dy.dtype)
        first = 0 if need_dx else next((i for i, (layer, _) in enumerate(steps) if layer.trainable), len(steps))
        upstream: Array | None = dy
        for i in range(len(steps) - 1, first - 1, -1):
            assert upstream is not None
            upstream = steps[i][0].backward(upstream, need_dx=need_dx or i > first)
            if after is not None:
                after(steps[i][0])
        return upstream if need_dx else None

    def release(self) -> None:
        """Free the memory of what all layers cached."""
        for layer in self.layers:
            layer.release()

    def named(self, prefix: str = "") -> Iterator[tuple[str, Layer]]:
        """Each layer with its name: the prefix and its index."""
        return ((f"{prefix}{i}", layer) for i, layer in enumerate(self.layers))

    def walk(self, name: str = "") -> Iterator[tuple[str, Layer]]:
        """Every layer, after those inside it, named as in `4.body.0`; then the chain itself, if a name is given."""
        for layer_name, layer in self.named(f"{name}." if name else ""):
            yield from layer.walk(layer_name)
        if name:
            yield name, self

    @property
    def min_batch_size(self) -> int:
        """The number of samples that a training batch needs at least: 2 with batch normalisation of features."""
        return max((layer.min_batch_size for layer in self.layers), default=1)

    def multiply_adds(self) -> int:
        """The multiply-adds of all layers, for one sample."""
        return sum(layer.multiply_adds() for layer in self.layers)

    def fresh(self) -> Self:
        """A new chain of new layers with the same arguments, not built."""
        return type(self)([layer.fresh() for layer in self.layers])

    def __str__(self) -> str:
        """The class with the number of layers."""
        return f"{type(self).__name__}({len(self.layers)} layer{'s' * (len(self.layers) != 1)})"
