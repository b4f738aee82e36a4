"""What every loader returns: arrays with labels, and the splits a study trains and tests on."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from backhand.errors import DataError


@dataclass(frozen=True)
class Dataset:
    """Samples and their labels.

    x: (N, H, W, C) uint8 images, or (N, F) floating-point features.   y: (N,) int64 in 0 .. K-1.
    """

    x: NDArray[np.uint8] | NDArray[np.float32] | NDArray[np.float64]
    y: NDArray[np.int64]

    def __post_init__(self) -> None:
        if len(self.x) != len(self.y):
            raise DataError(f"{len(self.x)} samples but {len(self.y)} labels; every sample needs one label")

    def __len__(self) -> int:
        return len(self.y)

    def take(self, index: NDArray[np.intp] | slice) -> "Dataset":
        """The samples at these places, in this order."""
        return Dataset(self.x[index], self.y[index])

    @property
    def is_image(self) -> bool:
        """True for (N, H, W, C) arrays."""
        return self.x.ndim == 4


@dataclass(frozen=True)
class Splits:
    """A data set as its authors divide it. `validation` is None where they leave it to the user."""

    name: str
    classes: tuple[str, ...]
    train: Dataset
    test: Dataset
    validation: Dataset | None = None
    source: str = ""  # one sentence for the report: where it comes from and what was done to it
    notes: dict[str, str] = field(default_factory=dict)  # extra facts, e.g. {"skipped images": "3"}
