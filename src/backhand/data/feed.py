"""Where batches come from: samples as they lie in memory, standardised batch by batch."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backhand.data.dataset import Dataset
from backhand.data.standardize import Standardizer


@dataclass(frozen=True)
class Feed:
    """A data set with its standardisation. Images stay uint8 in memory; only a batch is ever in float32."""

    data: Dataset
    standardizer: Standardizer

    def __len__(self) -> int:
        return len(self.data)

    def batch(self, index: NDArray[np.intp] | slice) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """The samples at these places: x (n, ...) float32 and labels (n,)."""
        return self.standardizer.transform(self.data.x[index]), self.data.y[index]
