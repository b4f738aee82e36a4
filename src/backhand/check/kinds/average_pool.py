"""Average pooling of images: the mean of each window."""

from collections.abc import Iterator, Mapping

import numpy as np

from backhand.arrays import Array
from backhand.check.kinds.kind import Config, Layout, Match
from backhand.check.kinds.pooling import Pooling, arranged, images
from backhand.check.kinds.pooling_texts import AVERAGE
from backhand.check.kinds.windows import Geometry


class AveragePool(Pooling):
    """The mean of each window."""

    name, title, page = "avg_pool", "Average pooling", "avg_pool2d.md"
    names = (
        "avg pool",
        "average pool",
        "avg pooling",
        "average pooling",
        "mean pool",
        "avgpool2d",
        "pool",
        "pooling",
        "mean pooling",
        "average pooling2d",
    )
    mistakes = AVERAGE
    modes = ("average", "avg", "mean")

    def pool(self, windows: Array) -> Array:
        """The mean of each window."""
        return windows.mean((-2, -1))

    def matches(self, arrays: Mapping[str, Array], config: Config, layout: Layout) -> Iterator[Match]:
        """As for any pooling; zeros of the margin may count or not."""
        yield from super().matches(arrays, config, layout)
        if config["padding"]:
            x, geometry = images(arrays["x"], layout), Geometry.of(config)
            y = np.nanmean(geometry.windows(x, np.nan), (-2, -1))
            yield Match(arranged(y, layout), {**layout, "padding": "does not count"})

    def wrong_values(self, x: Array, geometry: Geometry) -> Iterator[tuple[str, Array]]:
        """Other functions of a window."""
        windows = geometry.windows(x)
        yield "sum for mean", windows.sum((-2, -1))
        yield "maximum for mean", geometry.windows(x, -np.inf).max((-2, -1))
        yield "mean over the channels", windows.mean((1, -2, -1))
        yield "mean over the channels", np.repeat(windows.mean((1, -2, -1))[:, None], x.shape[1], axis=1)

    def shares(self, windows: Array) -> Array:
        """An equal share for each pixel."""
        return np.full(windows.shape, 1 / (windows.shape[-1] * windows.shape[-2]))

    def wrong_shares(self, windows: Array) -> Iterator[tuple[str, Array]]:
        """Shares with a wrong factor, or for the largest pixel alone."""
        kh, kw = windows.shape[-2:]
        ones = np.ones(windows.shape)
        yield "not divided by the window", ones
        yield "divided by the window twice", ones / (kh * kw) ** 2
        yield "divided by one length", ones / kh
        yield "divided by one length", ones / kw
        yield "gradient of max pooling", (windows == windows.max((-2, -1), keepdims=True)) * 1.0
        yield "values for the mask", windows / (kh * kw)
