"""Scales pictures to one size: by cutting, by padding, or by stretching."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from math import ceil, sqrt
from statistics import median_low
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from backhand.arrays import pixels
from backhand.errors import DataError

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

ResizeMethod = Literal["crop", "letterbox", "stretch"]
Size = tuple[int, int]  # height, width
# The limits and the step of a size that is chosen from the pictures; a CPU trains on the largest in minutes.
SMALLEST, LARGEST, STEP = 16, 64, 8
LONGEST = LARGEST**2 // SMALLEST  # the longer side of the narrowest picture with the area of 64 x 64
MIN_DRAFT_PIXELS = 512 * 512  # a JPEG with more pixels is decoded at a fraction of its size
DRAFT_MARGIN = 2.0  # such a fraction has at least this multiple of the final size; the filter does the rest


@dataclass(frozen=True)
class Resize:
    """A size in pixels, (height, width), and how pictures are scaled to it.

    size: None to choose one that suits the pictures, see `with_size_for`.   how: "crop" scales a picture until it
    covers the size and cuts out the middle; "letterbox" scales it until it fits and centres it on black; "stretch"
    scales each side by itself, so that the aspect may change.
    """

    size: Size | None = None
    how: ResizeMethod = "crop"

    def __str__(self) -> str:
        """The size and the method, such as 64 x 64 pixels by crop."""
        return f"{pixels(self.size)} by {self.how}" if self.size else f"a common size by {self.how}"

    def __call__(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Scale a picture (H, W, C) to the size by Lanczos' filter, which averages where it scales down.

        Raises ValueError where no size has been chosen.
        """
        if image.shape[:2] == self._size:
            return image
        from PIL import Image

        if image.shape[2] == 3:
            return self._scaled(Image.fromarray(np.ascontiguousarray(image)))
        channels = (Image.fromarray(np.ascontiguousarray(image[:, :, c])) for c in range(image.shape[2]))
        return np.stack([self._scaled(channel) for channel in channels], axis=-1)

    def with_size_for(self, sizes: Collection[Size]) -> "Resize":
        """The same method with a size that suits pictures of these sizes, where none has been chosen.

        For pictures of one size, it is that size, scaled down to the area of 64 x 64 if it is larger, with a shorter
        side of 16 or more and a longer one of 256 or less. Otherwise it is a square whose side is the median of the
        shorter sides, in steps of 8 from 16 to 64.
        """
        if self.size is not None:
            return self
        if len(kinds := set(sizes)) == 1:
            height, width = kinds.pop()
            factor = max(min(1.0, LARGEST / sqrt(height * width)), SMALLEST / min(height, width))
            return replace(self, size=(min(round(height * factor), LONGEST), min(round(width * factor), LONGEST)))
        side = median_low(min(size) for size in sizes) // STEP * STEP
        return replace(self, size=(min(max(side, SMALLEST), LARGEST),) * 2)

    def draft(self, image: "Picture") -> None:
        """Ask the decoder of a huge JPEG for a fraction of its size that is still twice the final size."""
        if image.format in ("JPEG", "MPO") and image.width * image.height > MIN_DRAFT_PIXELS:
            # The picture may still be turned, so either side may become the width.
            factor = DRAFT_MARGIN * max(self._size) / min(image.size)
            image.draft(image.mode, (ceil(factor * image.width), ceil(factor * image.height)))

    @property
    def _size(self) -> Size:
        if self.size is None:
            raise ValueError("a size must be chosen before a picture is scaled; see with_size_for")
        return self.size

    def _scaled(self, image: "Picture") -> NDArray[np.uint8]:
        from PIL import Image, ImageOps

        height, width = self._size
        if self.how == "crop":
            return np.asarray(ImageOps.fit(image, (width, height), Image.Resampling.LANCZOS))
        factor = min(width / image.width, height / image.height)
        inner = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
        inner = inner if self.how == "letterbox" else (width, height)
        scaled = image.resize(inner, Image.Resampling.LANCZOS)
        framed = Image.new(image.mode, (width, height))
        framed.paste(scaled, ((width - inner[0]) // 2, (height - inner[1]) // 2))
        return np.asarray(framed)


def resize_images(x: NDArray[Any], resize: Resize) -> NDArray[np.uint8]:
    """Scale all images (N, h, w, C) uint8. Raises DataError for samples that are not images."""
    if x.ndim != 4:
        raise DataError(f"data.resize scales images, and the samples of this data are rows of {x[0].size} features")
    size = x.shape[1], x.shape[2]
    resize = resize.with_size_for([size])
    return x if resize.size == size else np.stack([resize(image) for image in x])
