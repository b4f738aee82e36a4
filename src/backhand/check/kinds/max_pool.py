"""Max pooling of images: the largest value of each window."""

from collections.abc import Iterator

import numpy as np

from backhand.arrays import Array, Shape
from backhand.check.kinds.kind import Case, WrongGradient, agree
from backhand.check.kinds.pooling import Pooling, images
from backhand.check.kinds.pooling_texts import MAXIMUM
from backhand.check.kinds.windows import Geometry


class MaxPool(Pooling):
    """The largest value of each window."""

    name, title, page = "max_pool", "Max pooling", "max_pool2d.md"
    names = (
        "max pool",
        "max pooling",
        "maxpool",
        "maxpool2d",
        "max pooling2d",
        "pool",
        "pooling",
        "pool2d",
        "subsampling",
    )
    mistakes = MAXIMUM
    modes, empty = ("max",), -np.inf

    def pool(self, windows: Array) -> Array:
        """The largest value of each window."""
        return windows.max((-2, -1))

    def wrong_values(self, x: Array, geometry: Geometry) -> Iterator[tuple[str, Array]]:
        """Zeros in the margin, and other functions of a window."""
        yield "padding with 0", geometry.windows(x).max((-2, -1))
        yield "mean for maximum", geometry.windows(x).mean((-2, -1))
        yield "minimum for maximum", geometry.windows(x, np.inf).min((-2, -1))
        most = geometry.windows(x, -np.inf).max((1, -2, -1))
        yield "maximum over the channels", most
        yield "maximum over the channels", np.repeat(most[:, None], x.shape[1], axis=1)

    def shares(self, windows: Array) -> Array:
        """All of it for the first of the largest pixels."""
        flat = windows.reshape(*windows.shape[:4], -1)
        first = np.arange(flat.shape[-1]) == flat.argmax(-1)[..., None]
        return first.reshape(windows.shape) * 1.0

    def wrong_shares(self, windows: Array) -> Iterator[tuple[str, Array]]:
        """Masks of other pixels, and weights where a mask belongs."""
        first, size = self.shares(windows), windows.shape[-2] * windows.shape[-1]
        everything = np.where(np.isfinite(windows), windows, -np.inf).max((2, 3, 4, 5), keepdims=True)
        yield "maximum of the whole image", (windows == everything) * 1.0
        yield "gradient of average pooling", np.full(windows.shape, 1 / size)
        yield "every pixel credited", np.ones(windows.shape)
        yield "divided by the window", first / size
        smallest = (windows == windows.min((-2, -1), keepdims=True)) * 1.0
        yield "smallest pixel credited", smallest
        yield "values for the mask", np.where(first > 0, windows, 0)
        if windows.shape[-1] == windows.shape[-2]:
            yield "height and width swapped in dx", first.swapaxes(-1, -2)

    def wrong_gradients(self, case: Case) -> Iterator[WrongGradient]:
        """As for any pooling; at ties, where every choice of a maximum is right, nothing is foreseen."""
        if case.config.draw != "ties":
            yield from super().wrong_gradients(case)

    def overwritten(self, geometry: Geometry, right: Array, shape: Shape) -> Iterator[Array]:
        """Only the pixel of the maximum is set, so zeros of later windows overwrite nothing."""
        dx = geometry.scatter(0 * right, shape)
        for (i, j), place in geometry.places(right):
            dx[place] = np.where(right[:, :, i, j] != 0, right[:, :, i, j], dx[place])
        yield dx

    def kink_mistakes(self, case: Case) -> Iterator[str]:
        """Whether each of several equal maxima is credited with the whole upstream."""
        layout, given = case.convention, case.gradients.get("x")
        x, geometry = images(case.arrays["x"], layout), Geometry.of(case.config)
        windows, dy = geometry.windows(x, self.empty), images(case.dy, layout)
        if given is None or windows.shape[:4] != dy.shape:
            return
        ties = (windows == windows.max((-2, -1), keepdims=True)) * dy[..., None, None]
        credited = geometry.crop(geometry.scatter(ties, x.shape))
        single = geometry.crop(geometry.scatter(self.shares(windows) * dy[..., None, None], x.shape))
        if agree(images(given, layout), credited) and not agree(credited, single):
            yield "every tie credited"
