"""Training images as training sees them, for the report."""

import numpy as np

from backhand.arrays import Array, Labels
from backhand.data.feed import Feed

AUGMENTED, DRAWS = 6, 7  # the number of pictures whose augmentation a report shows, and of versions of each


def augmented_versions(train: Feed, chosen: Labels) -> list[tuple[Array, Array]]:
    """The images at these indices, and then their augmented versions, uint8, each time with their labels or targets.

    The versions are the same in every call. Empty without augmentation.
    """
    if train.augment is None:
        return []
    rng, (x, y) = np.random.default_rng(0), (train.data.x[chosen], train.data.y[chosen])
    versions = [(x, y)]
    for _ in range(DRAWS):
        augmented, labels = train.augment(x, y, rng)
        versions.append((np.rint(augmented).astype(np.uint8), labels))
    return versions
