"""Pooling of whole images to one number for each channel."""

from collections.abc import Iterator, Mapping

import numpy as np

from backhand.arrays import Array, Shape
from backhand.check.kinds.kind import Case, Config, Kind, Layout, Match, WrongGradient, described


def _config(name: str, N: int, C: int, H: int, W: int) -> Config:
    return Config(name, {"N": N, "C": C, "in": C, "H": H, "W": W})


class GlobalAveragePool(Kind):
    """The mean of each channel of each image."""

    name, title, page = "global_avg_pool", "Global average pooling", "global_avg_pool2d.md"
    names = (
        "global avg pool",
        "global average pool",
        "global average pooling",
        "gap",
        "global avg pooling",
        "globalpool",
    )
    arrangements = ({"channels": "first"}, {"channels": "last"})
    configurations = (
        _config("2 images of 3 x 4", 2, 2, 3, 4),
        _config("1 image", 1, 3, 2, 2),
        _config("as many channels as rows", 2, 3, 3, 3),
    )
    mistakes = described(
        "{y} = the mean of {x} over rows and columns",
        {
            "sum for mean": ("is the sum over the pixels", "It is divided by the number of pixels, {H} · {W}."),
            "mean over the wrong axes": (
                "takes its mean over the wrong axes",
                "Samples and channels stay; rows and columns are averaged.",
            ),
        },
    ) | described(
        "dx = {dy} / ({H} · {W}) at every pixel",
        {
            "not divided by the pixels": (
                "is not divided by the number of pixels",
                "Each pixel has the weight 1 / ({H} · {W}) in the mean.",
            ),
            "divided by one length": ("is divided by one length of the image", "There are {H} · {W} pixels."),
            "not spread": ("has the shape of {y}", "Each pixel gets its share: spread it to the shape of {x}."),
        },
    )

    def shape(self, role: str, config: Config, layout: Layout) -> Shape | None:
        """x is (N, C, H, W) or (N, H, W, C)."""
        N, C, H, W = (config[size] for size in "NCHW")
        if role != "x":
            return None
        return (N, C, H, W) if layout["channels"] == "first" else (N, H, W, C)

    def matches(self, arrays: Mapping[str, Array], config: Config, layout: Layout) -> Iterator[Match]:
        """The mean over the pixels, their sum, and means over other axes."""
        x, axes = arrays["x"], (2, 3) if layout["channels"] == "first" else (1, 2)
        yield Match(x.mean(axes, keepdims=True))
        yield Match(x.mean(axes))
        yield Match(x.sum(axes), {}, "sum for mean")
        for others in {(1, 2), (2, 3), (1, 3), (1, 2, 3)} - {axes}:
            yield Match(x.mean(others), {}, "mean over the wrong axes")

    def wrong_gradients(self, case: Case) -> Iterator[WrongGradient]:
        """Shares that are too large, or not spread over the pixels."""
        x, first = case.arrays["x"], case.convention["channels"] == "first"
        axes = (2, 3) if first else (1, 2)
        if case.dy.size != x.mean(axes).size:
            return
        spread = np.zeros_like(x) + case.dy.reshape(x.mean(axes, keepdims=True).shape)
        yield WrongGradient("not divided by the pixels", "x", spread)
        yield from (WrongGradient("divided by one length", "x", spread / x.shape[axis]) for axis in axes)
        yield WrongGradient("not spread", "x", case.dy / (x.shape[axes[0]] * x.shape[axes[1]]))
