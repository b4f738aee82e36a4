"""Convolution of images, as a layer."""

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from backhand import precision
from backhand.arrays import Array, Shape
from backhand.layers.base import Layer
from backhand.layers.initialisers import initialiser
from backhand.windows import Padding, Size, Windows


@dataclass(eq=False)
class Conv2d(Layer):
    """Convolution: images (N, H, W, C) become (N, H', W', outputs). The kernel is not flipped.

        y[n, p, q, o] = b[o] + Σ_ijc x[n, s p + d i - t, s q + d j - l, c] w[i, j, c, o]

    s is the stride, d the dilation, t and l the padding at the top and at the left.

    outputs: the number of kernels.
    kernel, stride, dilation: in pixels; one number, or (rows, columns).
    padding: "same", "valid", a number of pixels, (rows, columns), or ((top, bottom), (left, right)).
    groups: groups of channels, each with kernels of its own; groups = C is depth-wise convolution.
    bias: whether there is a b; before batch normalisation, which would subtract it again, there need be none.
    init: of the weight (kh, kw, C / groups, outputs), as in `Linear`.
    Raises ValueError for settings that do not fit together, and at `build` for samples that they do not fit.
    Source: LeCun et al. 1989, Neural Computation 1.
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
            raise ValueError(f"{self.outputs} output channels cannot be divided into {self.groups} groups")
        initialiser(self.init)
        Windows.check(self.kernel, self.stride, self.padding, self.dilation)

    def infer_output_shape(self, shape: Shape) -> Shape:
        """Samples (H, W, C) become (H', W', O). Raises ValueError for samples that do not fit."""
        images_only(shape)
        if shape[2] % self.groups:
            raise ValueError(
                f"{shape[2]} input channels (samples of shape {shape}) cannot be divided into {self.groups} groups"
            )
        return *self._windows(shape).places, self.outputs

    def init_params(self, shape: Shape, rng: np.random.Generator) -> dict[str, Array]:
        """The weight (kh, kw, C / groups, O) and, with `bias`, the bias (O,)."""
        size = (*self._windows(shape).window, shape[2] // self.groups, self.outputs)
        bias = {"bias": np.zeros(self.outputs)} if self.bias else {}
        return {"weight": initialiser(self.init)(size, rng)} | bias

    def options(self, x: Array, train: bool, rng: np.random.Generator | None) -> dict[str, Any]:
        """The op's arguments: stride, padding, dilation and groups; in training, the precision, too."""
        chosen = {"precision": precision.current()} if train else {}
        return {name: getattr(self, name) for name in ("stride", "padding", "dilation", "groups")} | chosen

    def multiply_adds(self) -> int:
        """H' W' · kh kw C / groups · O, for one sample."""
        return prod(self.output_shape[:2]) * self.params["weight"].size

    def _windows(self, shape: Shape) -> Windows:
        return Windows.over(shape[:2], self.kernel, self.stride, self.padding, self.dilation)


def images_only(shape: Shape) -> None:
    """Raise ValueError for samples that are not images (H, W, C)."""
    if len(shape) != 3:
        raise ValueError(f"samples must be images of shape (height, width, channels), not of shape {shape}")
