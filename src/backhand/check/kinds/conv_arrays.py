"""How people arrange images, kernels and biases, and back: canonical are (N, C, H, W) and (F, C, kh, kw)."""

from itertools import product

import numpy as np

from backhand.arrays import Array, Shape
from backhand.check.kinds.kind import Config, Layout
from backhand.check.kinds.windows import pair

# Axes of each arrangement in the canonical order; a weight whose axes are joined is first spread.
KERNELS: dict[str, tuple[int, ...]] = {
    "(F, C, kh, kw)": (0, 1, 2, 3),
    "(kh, kw, C, F)": (3, 2, 0, 1),
    "(F, kh, kw, C)": (0, 3, 1, 2),
    "(F, C·kh·kw)": (0, 1, 2, 3),
    "(kh·kw·C, F)": (3, 2, 0, 1),
    "(F, C, k)": (0, 1, 2, 3),
    "(k, C, F)": (3, 2, 0, 1),
}
LAST = (0, 3, 1, 2)


def _layouts(channels: str, weight: str, biases: tuple[str, ...]) -> list[Layout]:
    return [{"channels": channels, "weight": weight, "bias": bias} for bias in biases]


IMAGES = (
    *_layouts("first", "(F, C, kh, kw)", ("(F)", "(F, 1)", "(1, F, 1, 1)", "none")),
    *_layouts("last", "(kh, kw, C, F)", ("(1, 1, 1, F)", "(F)", "none")),
    *_layouts("last", "(F, kh, kw, C)", ("(F)", "none")),
    *_layouts("first", "(F, C·kh·kw)", ("(F)",)),
    *_layouts("last", "(kh·kw·C, F)", ("(F)",)),
)
SEQUENCES = tuple(
    {"channels": channels, "weight": weight, "bias": bias}
    for (channels, weight), bias in product((("first", "(F, C, k)"), ("last", "(k, C, F)")), ("(F)", "none"))
)
BIASES: dict[str, Shape] = {
    "(F)": (-1,),
    "(F, 1)": (-1, 1),
    "(1, F, 1, 1)": (1, -1, 1, 1),
    "(1, 1, 1, F)": (1, 1, 1, -1),
}


def _is_sequence(layout: Layout) -> bool:
    return layout["weight"] in ("(F, C, k)", "(k, C, F)")


def sizes(config: Config) -> tuple[int, int, int, int]:
    """Filters, channels, and height and width of the window."""
    kh, kw = pair(config["window"])
    return config["F"], config["C"], kh, kw


def to_images(x: Array, layout: Layout) -> Array:
    """Images in the canonical order; a sequence becomes an image of one row."""
    if _is_sequence(layout):
        x = x[:, :, None] if layout["channels"] == "first" else x[:, None]
    return x if layout["channels"] == "first" else x.transpose(LAST)


def from_images(x: Array, layout: Layout) -> Array:
    """Canonical images as the person arranges them."""
    x = x if layout["channels"] == "first" else x.transpose(0, 2, 3, 1)
    if _is_sequence(layout):
        return x[:, :, 0] if layout["channels"] == "first" else x[:, 0]
    return x


def to_kernel(w: Array, config: Config, layout: Layout) -> Array:
    """A kernel in the canonical order."""
    return w.reshape(_spread(config, layout)).transpose(KERNELS[layout["weight"]])


def from_kernel(w: Array, config: Config, layout: Layout) -> Array:
    """A canonical kernel as the person arranges it."""
    back = tuple(int(axis) for axis in np.argsort(KERNELS[layout["weight"]]))
    return w.transpose(back).reshape(kernel_shape(config, layout))


def kernel_shape(config: Config, layout: Layout) -> Shape:
    """The shape of the person's weight."""
    F, C, kh, kw = sizes(config)
    joined: dict[str, Shape] = {
        "(F, C·kh·kw)": (F, C * kh * kw),
        "(kh·kw·C, F)": (kh * kw * C, F),
        "(F, C, k)": (F, C, kw),
        "(k, C, F)": (kw, C, F),
    }
    return joined.get(layout["weight"], _spread(config, layout))


def _spread(config: Config, layout: Layout) -> Shape:
    canonical = sizes(config)
    shape = [0] * 4
    for size, axis in zip(canonical, KERNELS[layout["weight"]], strict=True):
        shape[axis] = size
    return tuple(shape)


def image_shape(config: Config, layout: Layout) -> Shape:
    """The shape of the person's images."""
    N, C, H, W = (config[size] for size in "NCHW")
    shape = (N, C, H, W) if layout["channels"] == "first" else (N, H, W, C)
    if _is_sequence(layout):
        return (N, C, W) if layout["channels"] == "first" else (N, W, C)
    return shape


def bias_shape(config: Config, layout: Layout) -> Shape | None:
    """The shape of the person's bias; None where there is none."""
    shape = BIASES.get(layout["bias"])
    return None if shape is None else tuple(config["F"] if length == -1 else length for length in shape)
