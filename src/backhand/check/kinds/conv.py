"""Convolutions of images and of sequences."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from backhand.arrays import Array, Shape
from backhand.check.kinds import conv_arrays as arranged
from backhand.check.kinds.conv_slips import Correlation
from backhand.check.kinds.conv_texts import CONVOLUTION, OF_SEQUENCES
from backhand.check.kinds.kind import Case, Config, Kind, Layout, Match, WrongGradient
from backhand.check.kinds.windows import NONE, Geometry, pair, same_paddings, window_values

PADDING, KERNEL = "padding", "kernel"
HALF = "counted for both sides together"
FLIPPED, PLAIN = "turned by 180°, a true convolution", "as it is, a cross-correlation"


def _config(name: str, size: tuple[int, int], window: Any, stride: int, padding: int, **facts: Any) -> Config:
    (kh, kw), usual = pair(window), facts.pop("usual", True)
    known = {"N": 2, "C": 2, "F": 3, "H": size[0], "W": size[1], "window": window, "stride": stride, **facts}
    known |= {"padding": padding, "in": known["C"], "out": known["F"], "kh": kh, "kw": kw}
    return Config(name, known, usual)


class Convolution(Kind):
    """A kernel that slides over images; products with it are summed over window and channels."""

    parameters = ("w", "b")
    mistakes = CONVOLUTION

    def shape(self, role: str, config: Config, layout: Layout) -> Shape | None:
        """x, w and b as the layout arranges them."""
        if role == "x":
            return arranged.image_shape(config, layout)
        if role == "w":
            return arranged.kernel_shape(config, layout)
        return arranged.bias_shape(config, layout) if role == "b" else None

    def values(self, role: str, config: Config) -> list[Any]:
        """Windows, strides and paddings as numbers, pairs or words; other settings as the facts have them."""
        values = window_values(role, config)
        return super().values(role, config) if values is None else values

    def matches(self, arrays: Mapping[str, Array], config: Config, layout: Layout) -> Iterator[Match]:
        """Cross-correlation and convolution with the paddings that may be meant, then the known mistakes."""
        if arrays["w"].size != np.prod(arranged.sizes(config)):
            return
        x, w = arranged.to_images(arrays["x"], layout), arranged.to_kernel(arrays["w"], config, layout)
        b = arrays["b"].reshape(1, -1, 1, 1) if "b" in arrays else np.zeros(1)
        base = {name: layout[name] for name in ("channels", "weight")}
        geometry = Geometry.of(config)
        for padding, geometry_of_padding in _paddings(x, geometry, config):
            for kernel, turned in ((PLAIN, w), (FLIPPED, w[:, :, ::-1, ::-1])):
                bare = correlate(x, turned, geometry_of_padding)
                convention = {**base, PADDING: padding, KERNEL: kernel}
                yield Match(arranged.from_images(bare + b, layout), convention)
                if "b" in arrays:
                    yield Match(arranged.from_images(bare, layout), convention, "bias left out")
                    yield Match(arranged.from_images(bare - b, layout), convention, "bias subtracted")
        for mistake, y in _wrong_values(x, w, geometry):
            if mistake in self.mistakes:
                yield Match(arranged.from_images(y + b, layout), base, mistake)

    def joint_mistakes(self, found: Sequence[tuple[Config, Match]]) -> Iterator[str]:
        """Whether the padding is that of both sides together in some configurations only."""
        ways = {match.convention.get(PADDING) for config, match in found if config.get("padding") and not match.mistake}
        if HALF in ways and len(ways) > 1:
            yield "padding of another mode"

    def wrong_gradients(self, case: Case) -> Iterator[WrongGradient]:
        """Windows in the wrong places, kernels turned the wrong way, sums and crops that are missing."""
        config, layout = case.config, self.convention_of(case)
        x = arranged.to_images(case.arrays["x"], layout)
        w = arranged.to_kernel(case.arrays["w"], config, layout)
        dy = arranged.to_images(case.dy, layout)
        ways = dict(_paddings(x, Geometry.of(config), config))
        geometry = ways.get(layout.get(PADDING, ""), Geometry.of(config))
        turn = np.s_[:, :, ::-1, ::-1] if layout.get(KERNEL) == FLIPPED else np.s_[:]
        layer = Correlation(x, w[turn], geometry, dy)
        if dy.shape != correlate(x, layer.w, geometry).shape:
            return
        slips = [(mistake, "x", arranged.from_images(dx, layout)) for mistake, dx in layer.slips_of_x()]
        slips += [(m, "w", arranged.from_kernel(dw[turn], config, layout)) for m, dw in layer.slips_of_w()]
        slips += [(mistake, "b", db) for mistake, db in layer.slips_of_b()] if "b" in case.arrays else []
        yield from (WrongGradient(*slip) for slip in slips if slip[0] in self.mistakes)


class Conv2d(Convolution):
    """The convolution of images, channels first or last."""

    name, title, page = "conv2d", "Convolution", "conv2d.md"
    names = ("conv", "conv2d", "convolution", "convolutional", "convolution2d", "convolve", "conv layer")
    arrangements = arranged.IMAGES
    configurations = (
        _config("padding 0", (5, 5), 3, 1, 0),
        _config("window 3, padding 1", (5, 5), 3, 1, 1, same=True),
        _config("stride 2, smaller than the window", (7, 7), 3, 2, 0),
        _config("stride 2, equal to the window", (4, 4), 2, 2, 0),
        _config("stride 2, padding 1", (5, 5), 3, 2, 1, same=True),
        _config("padding 2", (4, 4), 3, 1, 2),
        _config("1 sample", (4, 4), 3, 1, 1, same=True, N=1),
        _config("as many filters as channels", (4, 4), 3, 1, 1, same=True, C=3),
        _config("stride 3, larger than the window", (5, 5), 2, 3, 0, usual=False),
        _config("images of 4 x 6", (4, 6), 3, 1, 1, same=True, usual=False),
        _config("a window of 2 x 3", (4, 5), (2, 3), 1, 0, usual=False),
        _config("a row and a column left over", (6, 6), 3, 2, 0, usual=False),
        _config("stride 2, padding 1, images of even size", (6, 6), 3, 2, 1, same=True, usual=False),
    )


class Conv1d(Convolution):
    """The convolution of sequences, channels first or last."""

    name, title, page = "conv1d", "Convolution of sequences", "conv2d.md"
    names = ("conv1d", "convolution1d", "temporal convolution")
    arrangements = arranged.SEQUENCES
    mistakes = OF_SEQUENCES
    configurations = (
        _config("window 3", (1, 7), (1, 3), 1, 0),
        _config("padding 1", (1, 5), (1, 3), 1, 1),
        _config("stride 2", (1, 7), (1, 3), 2, 0),
        _config("1 sample", (1, 5), (1, 2), 1, 0, N=1),
        _config("stride 3, larger than the window", (1, 8), (1, 2), 3, 0, usual=False),
        _config("a step left over", (1, 8), (1, 3), 2, 0, usual=False),
    )

    def values(self, role: str, config: Config) -> list[Any]:
        """A window is one number here."""
        return [config["kw"]] if role == "window" else super().values(role, config)

    def matches(self, arrays: Mapping[str, Array], config: Config, layout: Layout) -> Iterator[Match]:
        """Those of a layer with a kernel; a layer of sequences without one, such as upsampling, is none."""
        return super().matches(arrays, config, layout) if "w" in arrays else iter(())


def correlate(x: Array, w: Array, geometry: Geometry) -> Array:
    """The cross-correlation of canonical images with a kernel."""
    return np.einsum("ncijkl,fckl->nfij", geometry.windows(x), w)


def _paddings(x: Array, geometry: Geometry, config: Config) -> Iterator[tuple[str, Geometry]]:
    """The paddings that may be meant: that of the configuration at each side or at both sides together.

    Where it is "same", other readings of the word.
    """
    yield "as given", geometry
    rows, columns = ((p // 2, p - p // 2) for p, _ in geometry.padding)
    halved = replace(geometry, padding=(rows, columns))
    if halved.padding != geometry.padding and halved.fits(x):
        yield HALF, halved
    for words, padding in same_paddings(x, geometry) if config.get("same") else ():
        if padding != geometry.padding:
            yield words, replace(geometry, padding=padding)


def _wrong_values(x: Array, w: Array, geometry: Geometry) -> Iterator[tuple[str, Array]]:
    right = correlate(x, w, geometry)
    rows, columns = right.shape[2:]
    near = correlate(x, w, geometry.at_stride_1())
    yield "stride ignored", near
    yield "windows not moved by the stride", near[:, :, :rows, :columns]
    bare, (kh, kw) = replace(geometry, padding=NONE), geometry.window
    columns_first = geometry.windows(x).transpose(0, 1, 4, 5, 2, 3).reshape(-1, w[0].size) @ w.reshape(len(w), -1).T
    yield "columns not transposed", columns_first.reshape(len(x), rows, columns, len(w)).transpose(0, 3, 1, 2)
    if bare.fits(x):
        yield "padding ignored", correlate(x, w, bare)
    others = [((kh - 1) // 2, (kw - 1) // 2), (kh // 2, kw // 2), (kh - 1, kw - 1)]
    for up, left in others:
        padding = ((up, up), (left, left))
        if padding != geometry.padding:
            yield "padding of another mode", correlate(x, w, replace(geometry, padding=padding))
    for flipped in (w[:, :, ::-1], w[:, :, :, ::-1]):
        yield "kernel flipped along one axis", correlate(x, flipped, geometry)
    if kh == kw:
        yield "height and width swapped", correlate(x, w.swapaxes(2, 3), geometry)
    yield "height and width swapped", right.swapaxes(2, 3)
    for channel in (slice(1), slice(-1, None)):
        yield "one channel only", correlate(x[:, channel], w[:, channel], geometry)
    yield "last window left out", right[:, :, :-1, :-1] if rows > 1 < columns else right[:, :, :, :-1]
