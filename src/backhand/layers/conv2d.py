"""The convolutional layer."""

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from backhand.arrays import Array, Shape
from backhand.layers.base import Layer
from backhand.layers.initialisers import initialiser
from backhand.windows import Padding, Size, Windows


@dataclass(eq=False)
class Conv2d(Layer):
    """`outputs` kernels of `kernel` rows and columns over images (H, W, C); see the op for the formula.

    kernel, stride, dilation: one number, or (rows, columns). padding: "same", "valid", a number, (rows, columns), or
    ((top, bottom), (left, right)). groups divides the channels in and out; groups = C is depth-wise. Without `bias`
    there is none, as before batch normalisation, which would take it out again. init: see `Linear`.
    """

    op_name = "conv2d"
    penalised = ("weight",)

    outputs: int
    kernel: Size
    stride: Size = 1
    padding: Padding = 0
    dilation: Size = 1
    groups: int = 1
    bias: bool = True
    init: str | float = "he"

    def __post_init__(self) -> None:
        if self.outputs < 1 or self.groups < 1:
            raise ValueError(f"outputs and groups must be at least 1, not {self.outputs} and {self.groups}")
        if self.outputs % self.groups:
            raise ValueError(f"{self.groups} groups do not divide {self.outputs} output channels")
        initialiser(self.init)
        Windows.check(self.kernel, self.stride, self.padding, self.dilation)

    def output(self, shape: Shape) -> Shape:
        """(H, W, C) -> (H', W', O)."""
        images_only(shape)
        if shape[2] % self.groups:
            raise ValueError(f"{self.groups} groups do not divide {shape[2]} input channels (samples of shape {shape})")
        return *self._windows(shape).places, self.outputs

    def init_params(self, shape: Shape, rng: np.random.Generator) -> dict[str, Array]:
        """weight (kh, kw, C / groups, O) and, unless told otherwise, bias (O,)."""
        size = (*self._windows(shape).window, shape[2] // self.groups, self.outputs)
        bias = {"bias": np.zeros(self.outputs)} if self.bias else {}
        return {"weight": initialiser(self.init)(size, rng)} | bias

    def options(self, x: Array, train: bool, rng: np.random.Generator | None) -> dict[str, Any]:
        """Stride, padding, dilation and groups."""
        return {"stride": self.stride, "padding": self.padding, "dilation": self.dilation, "groups": self.groups}

    def multiply_adds(self) -> int:
        """H' W' · kh kw C / groups · O."""
        return prod(self.output_shape[:2]) * self.params["weight"].size

    def _windows(self, shape: Shape) -> Windows:
        return Windows.over(shape[:2], self.kernel, self.stride, self.padding, self.dilation)


def images_only(shape: Shape) -> None:
    """Raises ValueError for samples that are no images (H, W, C)."""
    if len(shape) != 3:
        raise ValueError(f"images of shape (rows, columns, channels) are needed, not samples of shape {shape}")
