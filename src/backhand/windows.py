"""Windows that slide over images: the geometry that convolution and pooling share.

Along an axis of n values, a window of k entries, d apart, spans d (k - 1) + 1 values. With p values of padding before,
q after and a stride of s it stands at

    (n + p + q - d (k - 1) - 1) // s + 1

places; values left over at the end are not covered. "valid" pads nothing; "same" pads so that it stands at ⌈n / s⌉
places, an odd value going to the end. Source: Dumoulin and Visin 2016, arXiv:1603.07285.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from backhand.arrays import Array, Shape

Pair = tuple[int, int]
Size = int | Pair  # one number for both axes, or (rows, columns)
# "same", "valid", one number for all sides, (rows, columns), or ((top, bottom), (left, right))
Padding = str | int | Pair | tuple[Pair, Pair]


@dataclass(frozen=True)
class Windows:
    """Where a window stands on images of `size`, made by `over`.

    Pairs are (rows, columns), padding is ((top, bottom), (left, right)), places are how many it stands at.
    """

    size: Pair
    window: Pair
    stride: Pair
    dilation: Pair
    padding: tuple[Pair, Pair]
    places: Pair

    @classmethod
    def over(cls, size: Shape, window: Size, stride: Size = 1, padding: Padding = 0, dilation: Size = 1) -> Self:
        """The windows over images of size (H, W).

        Raises ValueError for sizes below 1, padding below 0 or of no such form, and a window larger than the padded
        image.
        """
        H, W = size
        k, s, d = _pair("window", window), _pair("stride", stride), _pair("dilation", dilation)
        span = d[0] * (k[0] - 1) + 1, d[1] * (k[1] - 1) + 1
        sides = _sides(padding, (H, W), span, s)
        padded = H + sum(sides[0]), W + sum(sides[1])
        if span[0] > padded[0] or span[1] > padded[1]:
            raise ValueError(
                f"a window of {_by(k)}{f', dilated to {_by(span)},' if span != k else ''} is larger than the image of "
                f"{_by((H, W))}{f', padded to {_by(padded)}' if padded != (H, W) else ''}"
            )
        places = (padded[0] - span[0]) // s[0] + 1, (padded[1] - span[1]) // s[1] + 1
        return cls((H, W), k, s, d, sides, places)

    @staticmethod
    def check(window: Size, stride: Size = 1, padding: Padding = 0, dilation: Size = 1) -> None:
        """Raises ValueError for what `over` would refuse whatever the image."""
        large = 2**31
        Windows.over((large, large), window, stride, padding, dilation)

    def pad(self, x: Array, value: float = 0.0) -> Array:
        """x (N, H, W, C) with `value` around it; x itself where nothing is padded."""
        if self.padding == ((0, 0), (0, 0)):
            return x
        padded = np.full(self._padded(x.shape), value, x.dtype)
        self.inside(padded)[...] = x
        return padded

    def canvas(self, x_shape: Shape, like: Array) -> Array:
        """Zeros of the padded shape, to add gradients of x (N, H, W, C) into."""
        return np.zeros(self._padded(x_shape), like.dtype)

    def inside(self, padded: Array) -> Array:
        """The part of a padded array that is no padding, a view."""
        (top, _), (left, _) = self.padding
        return padded[:, top : top + self.size[0], left : left + self.size[1]]

    def entries(self) -> Iterator[tuple[Pair, tuple[slice, slice, slice]]]:
        """Each entry (i, j) of the window, row by row, with the part of a padded array that it meets at all places."""
        for i in range(self.window[0]):
            for j in range(self.window[1]):
                yield (i, j), (slice(None), self._met(0, i), self._met(1, j))

    def patches(self, padded: Array) -> Array:
        """What every window sees: a view (N, rows, columns, kh, kw, C) of the padded array (N, H', W', C)."""
        N, _, _, C = padded.shape
        n, h, w, c = padded.strides
        (sh, sw), (dh, dw) = self.stride, self.dilation
        strides = n, h * sh, w * sw, h * dh, w * dw, c
        return np.lib.stride_tricks.as_strided(padded, (N, *self.places, *self.window, C), strides, writeable=False)

    def _padded(self, x_shape: Shape) -> Shape:
        N, H, W, C = x_shape
        return N, H + sum(self.padding[0]), W + sum(self.padding[1]), C

    def _met(self, axis: int, entry: int) -> slice:
        first = entry * self.dilation[axis]
        return slice(first, first + (self.places[axis] - 1) * self.stride[axis] + 1, self.stride[axis])


def pooling_windows(x_shape: Shape, window: Size, stride: Size | None, padding: Padding) -> Windows:
    """The windows of a pooling; each sees at least one value of the image, or ValueError."""
    windows = Windows.over(x_shape[1:3], window, window if stride is None else stride, padding)
    for size, sides in zip(windows.window, windows.padding, strict=True):
        if max(sides) >= size:
            raise ValueError(f"padding of {max(sides)} lets a window of {size} see nothing but padding")
    return windows


def _twice(value: Any) -> Any:
    """A pair as it is; a single value for both axes, or both sides."""
    return value if isinstance(value, tuple) else (value, value)


def _pair(what: str, value: Size) -> Pair:
    rows, columns = _twice(value)
    if min(rows, columns) < 1:
        raise ValueError(f"the {what} must be at least 1, not {value}")
    return rows, columns


def _sides(padding: Padding, size: Pair, span: Pair, stride: Pair) -> tuple[Pair, Pair]:
    """((top, bottom), (left, right)) of any form of padding."""
    if padding == "same":
        return _same(size[0], span[0], stride[0]), _same(size[1], span[1], stride[1])
    if isinstance(padding, str):
        if padding != "valid":
            raise ValueError(f'the padding must be "same", "valid" or numbers, not "{padding}"')
        padding = 0
    rows, columns = padding if isinstance(padding, tuple | list) else (padding, padding)
    (top, bottom), (left, right) = (
        each if isinstance(each, tuple | list) else (each, each) for each in (rows, columns)
    )
    if min(top, bottom, left, right) < 0:
        raise ValueError(f"the padding must be 0 or more, not {padding}")
    return (top, bottom), (left, right)


def _same(n: int, span: int, stride: int) -> Pair:
    total = max((-(-n // stride) - 1) * stride + span - n, 0)
    return total // 2, total - total // 2


def _by(pair: Pair) -> str:
    return f"{pair[0]} x {pair[1]}"
