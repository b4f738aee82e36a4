"""The augmentation of an estimator's training images, from the keys of a study's `data.augment`."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from backhand.arrays import Shape
from backhand.data.augment import Augment
from backhand.data.standardize import Standardizer
from backhand.study import make_table
from backhand.study.augment import AugmentTable


def augment_of(
    options: Mapping[str, Any] | None, shape: Shape, standardizer: Standardizer, classes: int
) -> Augment | None:
    """The augmentation that options such as {"flip": True, "shift": 2} describe for samples of this shape.

    Raises StudyError for an unknown key, a wrong value, and for samples that are no images.
    """
    if not options:
        return None
    table = make_table(AugmentTable, **options)
    return table.make(shape, standardizer.mean.astype(np.float32), classes, "augment")
