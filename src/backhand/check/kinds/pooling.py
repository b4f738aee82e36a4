"""What max and average pooling of images have in common."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from backhand.arrays import Array, Shape
from backhand.check.kinds.kind import Case, Config, Kind, Layout, Match, WrongGradient
from backhand.check.kinds.windows import Geometry, pair, window_values, wrong_crops

LAST = (0, 3, 1, 2)


def _config(name: str, size: tuple[int, int], window: Any, stride: int, **facts: Any) -> Config:
    usual, draw, kh = facts.pop("usual", True), facts.pop("draw", "normal"), pair(window)[0]
    known = {"N": 2, "C": 2, "in": 2, "H": size[0], "W": size[1], "window": window, "stride": stride, "padding": 0}
    return Config(name, {**known, "kh": kh, "kw": pair(window)[1], **facts}, usual, draw)


class Pooling(Kind):
    """One number for each window of each channel."""

    arrangements = ({"channels": "first"}, {"channels": "last"})
    modes: tuple[str, ...] = ()
    empty = 0.0
    configurations = (
        _config("window 2, stride 1", (4, 4), 2, 1),
        _config("stride 2", (4, 4), 2, 2),
        _config("windows that overlap", (7, 7), 3, 2),
        _config("1 sample", (4, 4), 2, 2, N=1),
        _config("1 sample, stride 1", (3, 3), 2, 1, N=1),
        _config("values that are equal", (4, 4), 2, 2, draw="ties", usual=False),
        _config("values that are equal, stride 1", (4, 4), 2, 1, draw="ties", usual=False),
        _config("negative values, padding 1", (5, 5), 3, 2, draw="negative", padding=1, usual=False),
        _config("gaps between windows", (5, 5), 2, 3, usual=False),
        _config("images of 4 x 6", (4, 6), 2, 2, usual=False),
        _config("images of 3 x 4, stride 1", (3, 4), 2, 1, usual=False),
        _config("a window of 2 x 3", (4, 6), (2, 3), 1, usual=False),
        _config("a row and a column left over", (5, 5), 2, 2, usual=False),
    )

    def shape(self, role: str, config: Config, layout: Layout) -> Shape | None:
        """x is (N, C, H, W) or (N, H, W, C)."""
        N, C, H, W = (config[size] for size in "NCHW")
        if role != "x":
            return None
        return (N, C, H, W) if layout["channels"] == "first" else (N, H, W, C)

    def values(self, role: str, config: Config) -> list[Any]:
        """Windows, strides and paddings as numbers or pairs, and the mode in words."""
        if role == "mode":
            return list(self.modes)
        values = window_values(role, config)
        return super().values(role, config) if values is None else values

    def pool(self, windows: Array) -> Array:
        """The number for each window, whose last two axes are its rows and columns."""
        raise NotImplementedError

    def wrong_values(self, x: Array, geometry: Geometry) -> Iterator[tuple[str, Array]]:
        """Results of mistakes of this kind of pooling."""
        raise NotImplementedError

    def matches(self, arrays: Mapping[str, Array], config: Config, layout: Layout) -> Iterator[Match]:
        """Pooling of whole windows, with those at the border that are cut off, and with known mistakes."""
        x, geometry = images(arrays["x"], layout), Geometry.of(config)
        for words, used in _sizes(x, geometry):
            y = self.pool(used.windows(x, self.empty))
            yield Match(arranged(y, layout), {**layout, "size": words})
        right = self.pool(geometry.windows(x, self.empty))
        near = self.pool(geometry.at_stride_1().windows(x, self.empty))
        wrong = [
            ("stride ignored", near),
            ("windows not moved by the stride", near[:, :, : right.shape[2], : right.shape[3]]),
            ("height and width swapped", right.swapaxes(2, 3)),
            ("last window left out", right[:, :, :-1, :-1]),
            *self.wrong_values(x, geometry),
        ]
        if geometry.stride not in (geometry.window, (1, 1)):
            beside = replace(geometry, stride=geometry.window).windows(x, self.empty)
            wrong.append(("window for the stride", self.pool(beside)))
        yield from (Match(arranged(y, layout), dict(layout), mistake) for mistake, y in wrong)

    def shares(self, windows: Array) -> Array:
        """The share of its upstream that each pixel of a window gets."""
        raise NotImplementedError

    def wrong_shares(self, windows: Array) -> Iterator[tuple[str, Array]]:
        """The shares that known mistakes give, by mistake."""
        raise NotImplementedError

    def wrong_gradients(self, case: Case) -> Iterator[WrongGradient]:
        """Wrong shares, windows in the wrong places, overlaps that overwrite, and wrong crops."""
        layout = self.convention_of(case)
        x, dy = images(case.arrays["x"], layout), images(case.dy, layout)
        geometry = dict(_sizes(x, Geometry.of(case.config))).get(layout.get("size", ""), Geometry.of(case.config))
        windows = geometry.windows(x, self.empty)
        if windows.shape[:4] != dy.shape or layout.get("padding") == "does not count":
            return
        upstream, shares = dy[..., None, None], self.shares(windows)
        right, shape = shares * upstream, x.shape
        for mistake, dx in wrong_crops(geometry, geometry.scatter(right, shape)):
            yield WrongGradient(mistake, "x", arranged(dx, layout))
        moved = geometry.at_stride_1().scatter(right, shape)
        overwritten = geometry.scatter(right, shape, add=False)
        slips = [("stride ignored in dx", moved), ("last window wins", overwritten)]
        slips += [(mistake, geometry.scatter(s * upstream, shape)) for mistake, s in self.wrong_shares(windows)]
        slips += [("last window wins", dx) for dx in self.overwritten(geometry, right, shape)]
        slips += [("window for the stride in dx", dx) for dx in self._side_by_side(geometry, x, dy)]
        for mistake, dx in slips:
            yield WrongGradient(mistake, "x", arranged(geometry.crop(dx), layout))

    def _side_by_side(self, geometry: Geometry, x: Array, dy: Array) -> Iterator[Array]:
        """The gradient with windows side by side where the stride is another; those beyond the border are cut off."""
        if geometry.stride == geometry.window:
            return
        beside, padded = Geometry(geometry.window, geometry.window), geometry.padded(x, self.empty)
        sizes = zip(dy.shape[2:], geometry.window, padded.shape[2:], strict=True)
        missing = [(0, max(0, n * k - length)) for n, k, length in sizes]
        wide = np.pad(padded, ((0, 0), (0, 0), *missing), constant_values=self.empty)
        shares = self.shares(beside.windows(wide))[:, :, : dy.shape[2], : dy.shape[3]]
        dx = beside.scatter(shares * dy[..., None, None], wide.shape)
        yield dx[:, :, : padded.shape[2], : padded.shape[3]]

    def overwritten(self, geometry: Geometry, right: Array, shape: Shape) -> Iterator[Array]:
        """Other forms of a gradient whose overlaps are overwritten."""
        yield from ()


def _sizes(x: Array, geometry: Geometry) -> Iterator[tuple[str, Geometry]]:
    """Whole windows alone, or also those that are cut off at the border; side by side where no stride is asked for.

    A layer without a setting for the stride may put its windows side by side.
    """
    yield "whole windows", geometry
    if geometry.stride == (1, 1) != geometry.window:
        yield "whole windows, side by side", replace(geometry, stride=geometry.window)
    rest = [
        (length + sum(margin) - k) % s
        for length, k, s, margin in zip(x.shape[2:], geometry.window, geometry.stride, geometry.padding, strict=True)
    ]
    if any(rest) and geometry.stride <= geometry.window:
        (top, bottom), (left, right) = geometry.padding
        more = [(s - r) % s if r else 0 for r, s in zip(rest, geometry.stride, strict=True)]
        yield (
            "windows cut off at the border too",
            replace(geometry, padding=((top, bottom + more[0]), (left, right + more[1]))),
        )


def images(x: Array, layout: Layout) -> Array:
    """Images in the order (N, C, H, W)."""
    return x if layout["channels"] == "first" or x.ndim < 4 else x.transpose(LAST)


def arranged(x: Array, layout: Layout) -> Array:
    """Images as the layout arranges them."""
    return x if layout["channels"] == "first" or x.ndim < 4 else x.transpose(0, 2, 3, 1)
