"""The views of an image whose scores are averaged when a trained model is judged or asked."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from backhand.data.dataset import Samples


@dataclass(frozen=True)
class EvaluationAugment:
    """Each image as it is; with `flips` its mirror image as well; with `shift` each of these moved, twice.

    shift: pixels, towards the lower right and the upper left; the image's reflection comes into view, as in `Crop`.
    Source: Krizhevsky et al. 2012, NIPS, section 4.1 (corners and mirror images).
    """

    flips: bool = False
    shift: int = 0

    def variants_of(self, x: Samples) -> Iterator[Samples]:
        """Every view of x (N, H, W, C), of the same shape; the shift is less than H and W. Features have one view."""
        for images in (x, x[:, :, ::-1]) if self.flips else (x,):
            yield images
            if self.shift:
                H, W = x.shape[1:3]
                rows, columns = (np.pad(np.arange(size), self.shift, mode="reflect") for size in (H, W))
                yield images[:, rows[:H, None], columns[:W]]
                yield images[:, rows[-H:, None], columns[-W:]]


NO_AUGMENT = EvaluationAugment()
