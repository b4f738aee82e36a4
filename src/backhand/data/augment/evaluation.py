"""Augmentation at evaluation: the variants of an image whose scores a trained model averages."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from backhand.data.dataset import Samples


@dataclass(frozen=True)
class EvaluationAugment:
    """Which variants of an image are evaluated, besides the image itself.

    flips: the mirror image as well.   shift: each of these moved by this number of pixels, to the lower right and to
    the upper left; what comes into view is the reflection of the image, as in `Crop`.
    Source: Krizhevsky et al. 2012, NIPS, section 4.1 (corners and mirror images).
    """

    flips: bool = False
    shift: int = 0

    def variants_of(self, x: Samples) -> Iterator[Samples]:
        """Every variant of x (N, H, W, C), in the same shape. The shift is below H and W. Features have one variant."""
        for images in (x, x[:, :, ::-1]) if self.flips else (x,):
            yield images
            if self.shift:
                H, W = x.shape[1:3]
                rows, columns = (np.pad(np.arange(size), self.shift, mode="reflect") for size in (H, W))
                yield images[:, rows[:H, None], columns[:W]]
                yield images[:, rows[-H:, None], columns[-W:]]


NO_AUGMENT = EvaluationAugment()
