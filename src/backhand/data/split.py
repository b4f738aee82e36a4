"""Stratified splits: every class in proportion, the same samples for the same seed."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from backhand.data.dataset import Dataset
from backhand.errors import DataError

Index = NDArray[np.intp]

# Data sets without an official test split get this one. It is no study's seed: the test set never moves.
TEST_SIZE, TEST_SEED = 0.2, 0


def stratified_split(y: NDArray[np.int64], size: float, seed: int, classes: Sequence[str] = ()) -> tuple[Index, Index]:
    """`(rest, held)`: places in y, ascending, with `held` drawn in proportion from every class.

    size: a fraction (0 < size < 1) or a count of samples (an int).   Counts per class are rounded by largest remainder.
    classes: names for the message of DataError, raised where a class is too small to appear on both sides.
    """
    n = round(size * len(y)) if isinstance(size, float) else size
    if (isinstance(size, float) and not 0 < size < 1) or not 0 <= n <= len(y):
        raise DataError(
            f"cannot hold out {size} of {len(y)} samples; give a fraction between 0 and 1, or a count below"
        )
    held = subset(y, n, seed) if n else np.empty(0, np.intp)
    rest = np.setdiff1d(np.arange(len(y)), held, assume_unique=True)
    for side, part in (("held-out", held), ("remaining", rest)):
        lost = np.setdiff1d(y, y[part])
        if len(lost):
            name = f'"{classes[lost[0]]}"' if classes else lost[0]
            raise DataError(
                f"class {name} has {np.sum(y == lost[0])} of {len(y)} samples, too few to appear in the {side} part "
                f"when {n} are held out; add samples or change the size"
            )
    return rest, held


def subset(y: NDArray[np.int64], n: int, seed: int | None = None) -> Index:
    """`n` places in y, ascending, each class in proportion: drawn with `seed`, or the first of each class without."""
    if not 0 < n <= len(y):
        raise DataError(f"cannot take {n} of {len(y)} samples; ask for 1 to {len(y)}")
    labels, counts = np.unique(y, return_counts=True)
    rng = None if seed is None else np.random.default_rng(seed)
    chosen = []
    for label, share in zip(labels, _shares(counts, n), strict=True):
        places = np.flatnonzero(y == label)
        chosen.append((places if rng is None else rng.permutation(places))[:share])
    return np.sort(np.concatenate(chosen))


def _shares(counts: NDArray[np.intp], n: int) -> NDArray[np.intp]:
    """How many of `n` each class gets: the floor of its exact share, then one each to the largest remainders."""
    floors, remainders = np.divmod(counts * n, counts.sum())
    largest = np.argsort(-remainders, kind="stable")[: n - floors.sum()]
    floors[largest] += 1
    return floors


def hold_out_test(data: Dataset, classes: Sequence[str] = ()) -> tuple[Dataset, Dataset]:
    """`(train, test)` for a data set whose authors give no test split: a stratified fifth, always the same one."""
    rest, held = stratified_split(data.y, TEST_SIZE, TEST_SEED, classes)
    return data.take(rest), data.take(held)
