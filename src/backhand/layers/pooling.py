"""Pooling of images, as layers."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from backhand.arrays import Array, Shape
from backhand.layers.base import Layer
from backhand.layers.conv2d import images_only
from backhand.windows import Padding, Size, Windows, pooling_windows


@dataclass(eq=False)
class MaxPool2d(Layer):
    """Max-pooling, y = the largest value of each window, channel by channel: (N, H, W, C) becomes (N, H', W', C).

    Where several values tie, the first of them, row by row, gets the whole gradient.

    window, stride: in pixels; one number, or (rows, columns). Unless a stride is given, it is the window's size.
    padding: as in `Conv2d`; padding is never the largest value.
    Raises ValueError for impossible sizes, and at `build` for samples that are no images or smaller than the window.
    Source: Ranzato et al. 2007, CVPR.
    """

    op_name = "max_pool2d"
    shown = ("window",)

    window: Size = 2
    stride: Size | None = None
    padding: Padding = 0

    def __post_init__(self) -> None:
        Windows.check(self.window, self.window if self.stride is None else self.stride, self.padding)

    def infer_output_shape(self, shape: Shape) -> Shape:
        """Images (H, W, C) become (H', W', C). Raises ValueError for other samples and for too small images."""
        images_only(shape)
        return *pooling_windows((1, *shape), self.window, self.stride, self.padding).places, shape[2]

    def options(self, x: Array, train: bool, rng: np.random.Generator | None) -> dict[str, Any]:
        """The op's arguments: window, stride and padding."""
        return {"window": self.window, "stride": self.stride, "padding": self.padding}


@dataclass(eq=False)
class AvgPool2d(MaxPool2d):
    """Average pooling, y = the mean of each window, channel by channel: (N, H, W, C) becomes (N, H', W', C).

    window, stride, padding: as in `MaxPool2d`; padding is 0.
    count_padding: whether padding counts among the values of a window.
    Source: LeCun et al. 1998, Proc. IEEE 86.
    """

    op_name = "avg_pool2d"

    count_padding: bool = True

    def options(self, x: Array, train: bool, rng: np.random.Generator | None) -> dict[str, Any]:
        """The op's arguments: window, stride, padding and count_padding."""
        return super().options(x, train, rng) | {"count_padding": self.count_padding}


@dataclass(eq=False)
class GlobalAvgPool2d(Layer):
    """Global average pooling, y = the mean of each channel over the whole image: (N, H, W, C) becomes (N, C).

    Source: Lin, Chen and Yan 2014, arXiv:1312.4400.
    """

    op_name = "global_avg_pool2d"

    def infer_output_shape(self, shape: Shape) -> Shape:
        """Images (H, W, C) become (C,). Raises ValueError for other samples."""
        images_only(shape)
        return shape[2:]


@dataclass(eq=False)
class GlobalMaxPool2d(Layer):
    """Global max-pooling, y = the largest value of each channel over the whole image: (N, H, W, C) becomes (N, C).

    Where several values tie, the first of them, row by row, gets the whole gradient.
    Source: Oquab et al. 2015, CVPR.
    """

    op_name = "global_max_pool2d"

    def infer_output_shape(self, shape: Shape) -> Shape:
        """Images (H, W, C) become (C,). Raises ValueError for other samples."""
        images_only(shape)
        return shape[2:]
