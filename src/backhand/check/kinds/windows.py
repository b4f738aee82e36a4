"""Windows that slide over images (N, C, H, W): how they are cut out, and how gradients are put back."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from backhand.arrays import Array, Shape
from backhand.check.kinds.kind import Config

Pair = tuple[int, int]
NONE = ((0, 0), (0, 0))


@dataclass(frozen=True)
class Geometry:
    """Height and width of the window, its steps, and the padding before and after each axis."""

    window: Pair
    stride: Pair
    padding: tuple[Pair, Pair] = NONE

    @classmethod
    def of(cls, config: Config) -> "Geometry":
        """The geometry that a configuration asks for."""
        p, is_sequence = config.get("padding", 0), config["H"] == 1
        return cls(pair(config["window"]), pair(config["stride"]), (NONE[0] if is_sequence else (p, p), (p, p)))

    def padded(self, x: Array, value: float = 0.0) -> Array:
        """The images with their margin."""
        return np.pad(x, ((0, 0), (0, 0), *self.padding), constant_values=value)

    def fits(self, x: Array) -> bool:
        """Whether at least one window fits into the padded images."""
        sizes = zip(x.shape[2:], self.window, self.padding, strict=True)
        return all(length + sum(margin) >= k for length, k, margin in sizes)

    def windows(self, x: Array, value: float = 0.0) -> Array:
        """The windows of the padded images: (N, C, rows, columns, kh, kw)."""
        views = sliding_window_view(self.padded(x, value), self.window, (2, 3))
        return views[:, :, :: self.stride[0], :: self.stride[1]]

    def places(self, d: Array) -> Iterator[tuple[tuple[int, int], tuple[Any, ...]]]:
        """Each window's number, by row and column, and where it lies in the padded images."""
        (kh, kw), (sh, sw) = self.window, self.stride
        for i in range(d.shape[2]):
            for j in range(d.shape[3]):
                yield (i, j), np.s_[:, :, i * sh : i * sh + kh, j * sw : j * sw + kw]

    def scatter(self, d: Array, shape: Shape, *, add: bool = True) -> Array:
        """Put windows back into padded images of zeros, adding up overlaps or letting the last one win."""
        N, C, H, W = shape
        (top, bottom), (left, right) = self.padding
        dx = np.zeros((N, C, H + top + bottom, W + left + right))
        for (i, j), place in self.places(d):
            dx[place] = dx[place] + d[:, :, i, j] if add else d[:, :, i, j]
        return dx

    def crop(self, dx: Array) -> Array:
        """Padded images without their margin."""
        (top, bottom), (left, right) = self.padding
        return dx[:, :, top : dx.shape[2] - bottom, left : dx.shape[3] - right]

    def padded_otherwise(self) -> Iterator["Geometry"]:
        """The same window and steps with margins wider or narrower by one, or all of it at one end."""
        for change in (1, -1):
            rows, columns = ((a + change, b + change) if a else (a, b) for a, b in self.padding)
            yield replace(self, padding=(rows, columns))
        (top, bottom), (left, right) = self.padding
        yield replace(self, padding=((0, top + bottom), (0, left + right)))
        yield replace(self, padding=((top + bottom, 0), (left + right, 0)))

    def at_stride_1(self) -> "Geometry":
        """The same window and padding with steps of 1."""
        return replace(self, stride=(1, 1))


def pair(value: Any) -> Pair:
    """A number for both axes, or one for each."""
    return (value, value) if isinstance(value, int) else (int(value[0]), int(value[1]))


def wrong_crops(geometry: Geometry, dx: Array) -> Iterator[tuple[str, Array]]:
    """Padded gradients that are not cropped, or at one side only."""
    (top, bottom), (left, right) = geometry.padding
    yield "padding not cropped", dx
    yield "cropped at one side", dx[:, :, top:, left:]
    yield "cropped at one side", dx[:, :, : dx.shape[2] - bottom, : dx.shape[3] - right]
    yield "cropped at one side", dx[:, :, : dx.shape[2] - top - bottom, : dx.shape[3] - left - right]
    yield "cropped at one side", dx[:, :, top + bottom :, left + right :]
    rows = slice(None) if geometry.window[0] == dx.shape[2] == 1 else slice(top, -bottom or 0)
    yield "crop empty at padding 0", dx[:, :, rows, left : -right or 0]


def same_paddings(x: Array, geometry: Geometry) -> Iterator[tuple[str, tuple[Pair, Pair]]]:
    """The paddings that people call "same", by the formula behind them."""
    sizes = list(zip(x.shape[2:], geometry.window, geometry.stride, strict=True))
    totals = [max((-(-length // s) - 1) * s + k - length, 0) for length, k, s in sizes]
    yield "same, the odd one after", _margins([(t // 2, t - t // 2) for t in totals])
    yield "same, half the window", _margins([((k - 1) // 2, (k - 1) // 2) for _, k, _ in sizes])
    for extra in (1, 0):
        symmetric = [max((length - 1) * s + k - length + extra, 0) // 2 for length, k, s in sizes]
        words = "same, rounded up" if extra else "same, rounded down"
        yield words, _margins([(p, p) for p in symmetric])


def _margins(margins: list[Pair]) -> tuple[Pair, Pair]:
    return margins[0], margins[1]


def window_values(role: str, config: Config) -> list[Any] | None:
    """The values of arguments that speak of windows, as a number, as a pair, or as a word; None for other roles."""
    (kh, kw), (sh, sw) = pair(config["window"]), pair(config["stride"])
    single = {"window_h": kh, "window_w": kw, "stride_h": sh, "stride_w": sw}
    if role in single:
        return [single[role]]
    if role == "window":
        return [kh, (kh, kw)] if kh == kw else [(kh, kw)]
    if role == "stride":
        return [sh, (sh, sw)] if sh == sw else [(sh, sw)]
    if role == "padding":
        p = config.get("padding", 0)
        words = ["same"] if config.get("same") else ["valid"] if p == 0 else []
        return [p, (p, p), *words]
    return None
