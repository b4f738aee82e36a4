"""Normalisation of images: per channel, per image and channel, or per group of channels."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from backhand.arrays import Array, Shape
from backhand.check.kinds.kind import Case, Config, Layout, Match, WrongGradient, described
from backhand.check.kinds.normalisation import Normalisation, View
from backhand.check.kinds.normalisation_slips import Moments
from backhand.check.kinds.normalisation_texts import NORMALISATION, RUNNING
from backhand.check.kinds.norms import modes
from backhand.check.kinds.running import WithRunningStatistics

IMAGES = tuple(
    {"channels": channels, "parameters": shape}
    for channels, shapes in (("first", ("(C)", "(1, C, 1, 1)", "none")), ("last", ("(C)", "(1, 1, 1, C)", "none")))
    for shape in shapes
)


def _images(name: str, shape: Shape, *, draw: str = "normal", usual: bool = True, **facts: Any) -> Config:
    N, H, W, C = shape
    sizes = {"N": N, "H": H, "W": W, "C": C, "in": C, "out": C, "eps": 1e-5, "momentum": 0.9, "groups": 2}
    return Config(name, {**sizes, **modes(facts.get("train", True)), **facts}, usual, draw)


OF_CHANNELS = (
    _images("2 images of 3 x 4", (2, 3, 4, 2)),
    _images("test mode", (2, 3, 4, 2), train=False),
    _images("1 image", (1, 3, 4, 4)),
    _images("as many channels as rows", (3, 4, 4, 4), usual=False),
    _images("ε = 0.01", (2, 3, 3, 2), eps=0.01),
)


OF_GROUPS = (
    ("2 images, 2 groups of 2 channels", (2, 3, 2, 4), 2),
    ("3 groups of 2 channels", (2, 2, 3, 6), 3),
    ("1 group", (3, 2, 3, 4), 1),
)


class ImageNormalisation:
    """Shapes of images, whose channels are the first or the last axis."""

    def shape(self, role: str, config: Config, layout: Layout) -> Shape | None:
        """x is (N, C, H, W) or (N, H, W, C), every other array has one value for each channel."""
        N, H, W, C = (config[size] for size in "NHWC")
        first = layout["channels"] == "first"
        if role == "x":
            return (N, C, H, W) if first else (N, H, W, C)
        if role in ("running_mean", "running_var") or (role in ("gamma", "beta") and layout["parameters"] != "none"):
            named = {"(1, C, 1, 1)": (1, C, 1, 1), "(1, 1, 1, C)": (1, 1, 1, C)}
            return named.get(layout["parameters"], (C,))
        return None


TRANSPOSED = described(
    "x̂ from {x}.transpose(0, 2, 3, 1).reshape(−1, C), and back by reshape(N, H, W, C).transpose(0, 3, 1, 2)",
    {
        "channels not moved last": (
            "reshapes to (−1, C) without moving the channels to the end first",
            "reshape keeps the order of the numbers, so a column would hold values of different channels.",
        ),
        "channels not moved back": (
            "reshapes the rows straight to the shape of {x}",
            "The rows are in the order N, H, W, C: reshape to that, and then transpose the channels to the front.",
        ),
    },
)


class SpatialBatchNorm(ImageNormalisation, WithRunningStatistics):
    """Normalisation of each channel over the pixels of all images."""

    name, title, page = "spatial_batchnorm", "Batch normalisation of images", "batchnorm.md"
    names = (
        "spatial batchnorm",
        "spatial batch normalization",
        "batchnorm2d",
        "batchnorm",
        "batch normalization",
        "bn2d",
    )
    configurations, arrangements = OF_CHANNELS, IMAGES
    mistakes = NORMALISATION | RUNNING | TRANSPOSED

    def view(self, config: Config, layout: Layout) -> View:
        """Over samples, rows and columns, for each channel."""
        N, H, W, C = (config[size] for size in "NHWC")
        if layout["channels"] == "first":
            return View((N, C, H, W), (0, 2, 3), (1, C, 1, 1))
        return View((N, H, W, C), (0, 1, 2), (1, 1, 1, C))

    def matches(self, arrays: Mapping[str, Array], config: Config, layout: Layout) -> Iterator[Match]:
        """As for any batch-norm, and with channels that were not moved to the end or back."""
        yield from super().matches(arrays, config, layout)
        if layout["channels"] == "first" and config["train"]:
            x, C = arrays["x"], config["C"]
            for eps in (config["eps"], 1e-5, 1e-8):
                for rows, mistake in _rows_of(x, C):
                    moments = Moments.of(rows, (0,), eps)
                    y = View(rows.shape, (0,), (1, C)).affine(moments.normal, arrays)
                    yield Match(y.reshape(x.shape), {"eps": f"{eps:g}"}, mistake)

    def wrong_gradients(self, case: Case) -> Iterator[WrongGradient]:
        """As for any batch-norm, and with channels that were not moved to the end or back."""
        yield from super().wrong_gradients(case)
        x, dy, C = case.arrays["x"], case.dy, case.config["C"]
        if case.convention["channels"] != "first" or dy.shape != x.shape:
            return
        moments = self.moments(case, self.view(case.config, case.convention))
        mean, variance = (array.reshape(1, C) for array in (moments.mean, moments.variance))
        rows = x.transpose(0, 2, 3, 1).reshape(-1, C)
        gamma = case.arrays["gamma"].reshape(1, C) if "gamma" in case.arrays else np.ones((1, C))
        of_rows = Moments(rows, (0,), mean, variance, moments.eps)
        for d, mistake in _rows_of(dy, C):
            dx = of_rows.right(d * gamma) if case.config["train"] else d * gamma * of_rows.inverse
            back = dx.reshape(_moved(x.shape)).transpose(0, 3, 1, 2)
            yield WrongGradient(mistake, "x", back if mistake == "channels not moved last" else dx.reshape(x.shape))


def _moved(shape: Shape) -> Shape:
    N, C, H, W = shape
    return (N, H, W, C)


def _rows_of(images: Array, C: int) -> Iterator[tuple[Array, str]]:
    """The images as rows of channels, without and with the channels moved last."""
    yield images.reshape(-1, C), "channels not moved last"
    yield images.transpose(0, 2, 3, 1).reshape(-1, C), "channels not moved back"


class InstanceNorm(ImageNormalisation, Normalisation):
    """Normalisation of each channel of each image over its pixels."""

    name, title, page = "instancenorm", "Instance normalisation", "group_norm.md"
    names = ("instancenorm", "instance normalization", "instance normalisation", "instancenorm2d")
    configurations = tuple(config for config in OF_CHANNELS if config["train"])
    arrangements = IMAGES

    def view(self, config: Config, layout: Layout) -> View:
        """Over rows and columns, for each image and channel."""
        N, H, W, C = (config[size] for size in "NHWC")
        if layout["channels"] == "first":
            return View((N, C, H, W), (2, 3), (1, C, 1, 1))
        return View((N, H, W, C), (1, 2), (1, 1, 1, C))


class GroupNorm(ImageNormalisation, Normalisation):
    """Normalisation of each group of channels of each image."""

    name, title, page = "groupnorm", "Group normalisation", "group_norm.md"
    names = ("groupnorm", "spatial groupnorm", "group normalization", "group normalisation", "gn")
    configurations = tuple(_images(name, shape, groups=G) for name, shape, G in OF_GROUPS)
    arrangements = IMAGES

    def view(self, config: Config, layout: Layout) -> View:
        """Over rows, columns and the channels of a group, for each image and group."""
        N, H, W, C = (config[size] for size in "NHWC")
        G = config["groups"]
        if layout["channels"] == "first":
            return View((N, G, C // G, H, W), (2, 3, 4), (1, G, C // G, 1, 1))
        return View((N, H, W, G, C // G), (1, 2, 4), (1, 1, 1, G, C // G))
