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

    size: a fraction (0 < size < 1) or a count of samples (an int).   Counts per class are rounded by largest remainder;
    where there are enough to hold out, a class of two samples or more has at least one on each side.
    classes: names for the message of DataError, raised where a class is too small to appear on both sides.
    """
    n = round(size * len(y)) if isinstance(size, float) else size
    if (isinstance(size, float) and not 0 < size < 1) or not 0 <= n <= len(y):
        raise DataError(
            f"cannot hold out {size} of {len(y)} samples; give a fraction between 0 and 1, or a count below"
        )
    held = _drawn(y, n, seed, every=True) if n else np.empty(0, np.intp)
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
    return _drawn(y, n, seed)


def _drawn(y: NDArray[np.int64], n: int, seed: int | None, *, every: bool = False) -> Index:
    """every: of each class at least one, as far as there are two of it."""
    labels, counts = np.unique(y, return_counts=True)
    rng = None if seed is None else np.random.default_rng(seed)
    chosen = []
    shares = _shares(counts, n)
    if every and n >= len(labels):
        _give_to_rare(shares, counts)
    for label, share in zip(labels, shares, strict=True):
        places = np.flatnonzero(y == label)
        chosen.append((places if rng is None else rng.permutation(places))[:share])
    return np.sort(np.concatenate(chosen))


def _shares(counts: NDArray[np.intp], n: int) -> NDArray[np.intp]:
    """How many of `n` each class gets: the floor of its exact share, then one each to the largest remainders."""
    floors, remainders = np.divmod(counts * n, counts.sum())
    largest = np.argsort(-remainders, kind="stable")[: n - floors.sum()]
    floors[largest] += 1
    return floors


def _give_to_rare(shares: NDArray[np.intp], counts: NDArray[np.intp]) -> None:
    """One to each class that has none and can spare one, from those with the most."""
    for rare in np.flatnonzero((shares == 0) & (counts > 1)):
        shares[rare] = 1
        shares[shares.argmax()] -= 1


def hold_out_test(data: Dataset, classes: Sequence[str] = ()) -> tuple[Dataset, Dataset]:
    """`(train, test)` for a data set whose authors give no test split: a stratified fifth, always the same one."""
    rest, held = stratified_split(data.y, TEST_SIZE, TEST_SEED, classes)
    return data.take(rest), data.take(held)
