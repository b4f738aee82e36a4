"""Where batches come from: samples as they lie in memory, augmented and standardised batch by batch."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from backhand.data.augment import Augment
from backhand.data.augment.pipeline import Targets
from backhand.data.dataset import Dataset
from backhand.data.standardize import Standardizer


@dataclass(frozen=True)
class Feed:
    """A data set with its standardisation. Images stay uint8 in memory; only a batch is ever in float32.

    augment: what training does to its batches, in `draw`; `batch` gives the samples as they are.
    """

    data: Dataset
    standardizer: Standardizer
    augment: Augment | None = None

    def __len__(self) -> int:
        return len(self.data)

    def batch(self, index: NDArray[np.intp] | slice) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """The samples at these places: x (n, ...) float32 and labels (n,)."""
        return self.standardizer.transform(self.data.x[index]), self.data.y[index]

    def draw(self, index: NDArray[np.intp], rng: np.random.Generator) -> tuple[NDArray[np.float32], Targets]:
        """The same for training: x augmented anew, and labels (n,), or soft targets (n, K) where images are mixed."""
        if self.augment is None:
            return self.batch(index)
        x, targets = self.augment(self.data.x[index], self.data.y[index], rng)
        return self.standardizer.transform(x), targets

    def mirrored(self) -> "Feed":
        """The same images (N, H, W, C), seen in a mirror: left and right change places."""
        return replace(self, data=Dataset(self.data.x[:, :, ::-1], self.data.y))
