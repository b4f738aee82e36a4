"""Stratified splits: every class in proportion, the same samples for the same seed."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from backhand.data.dataset import Dataset
from backhand.errors import DataError

Index = NDArray[np.intp]

# Data sets without an official test split get this one. It is no study's seed: the test set never moves.
TEST_SIZE, TEST_SEED = 0.2, 0
Role = Literal["held-out", "test", "validation"]
ADVICE: dict[Role, str] = {
    "held-out": "add samples or change the size",
    "test": "add samples, or a test part of your own",
    "validation": "add samples, or change data.validation, of which 0 holds out none",
}


def stratified_split(
    y: NDArray[np.int64], size: float, seed: int, classes: Sequence[str] = (), role: Role = "held-out"
) -> tuple[Index, Index]:
    """Two parts of the samples, `(rest, held)`, with `held` drawn in proportion from every class.

    Both are ascending indices into y. Counts per class are rounded by largest remainder, and a class of two samples or
    more has at least one on each side: a fraction that is too small or too large for that gives way, a count does not.

    y: labels, (N,).
    size: of `held`: a fraction (a float with 0 < size < 1) or a count of samples (an int).
    seed: the same one gives the same parts.
    classes, role: names of the classes, and what is held out, for the message of DataError, which is raised where a
    class is too small to appear on both sides.
    """
    n = _held_out_count(y, size)
    held = _draw_stratified(y, n, seed, every=True) if n else np.empty(0, np.intp)
    rest = np.setdiff1d(np.arange(len(y)), held, assume_unique=True)
    for side, part in ((role, held), ("remaining", rest)):
        lost = np.setdiff1d(y, y[part])
        if len(lost):
            name = f'"{classes[lost[0]]}"' if classes else lost[0]
            purpose = "" if role == "held-out" else f" for {role}"
            raise DataError(
                f"class {name} has {np.sum(y == lost[0])} of {len(y)} samples, too few to appear in the {side} part "
                f"when {n} are held out{purpose}; {ADVICE[role]}"
            )
    return rest, held


def _held_out_count(y: NDArray[np.int64], size: float) -> int:
    """How many samples `size` means; of a fraction, no fewer than the classes, on either side, where that can be."""
    if not (0 < size < 1 if isinstance(size, float) else 0 <= size <= len(y)):
        raise DataError(
            f"cannot hold out {size} of {len(y)} samples; give a fraction between 0 and 1, or a count below"
        )
    if not isinstance(size, float):
        return size
    K = len(np.unique(y))
    return max(min(round(size * len(y)), len(y) - K), min(K, len(y)))


def stratified_subset(y: NDArray[np.int64], n: int, seed: int | None = None) -> Index:
    """`n` places in y, ascending, each class in proportion: drawn with `seed`, or the first of each class without."""
    if not 0 < n <= len(y):
        raise DataError(f"cannot take {n} of {len(y)} samples; ask for 1 to {len(y)}")
    return _draw_stratified(y, n, seed)


def _draw_stratified(y: NDArray[np.int64], n: int, seed: int | None, *, every: bool = False) -> Index:
    """every: of each class of two samples or more at least one, and not all."""
    labels, counts = np.unique(y, return_counts=True)
    rng = None if seed is None else np.random.default_rng(seed)
    chosen = []
    shares = _class_shares(counts, n)
    if every:
        shares = _keep_both_sides(shares, counts)
    for label, share in zip(labels, shares, strict=True):
        places = np.flatnonzero(y == label)
        chosen.append((places if rng is None else rng.permutation(places))[:share])
    return np.sort(np.concatenate(chosen))


def _class_shares(counts: NDArray[np.intp], n: int) -> NDArray[np.intp]:
    """How many of `n` each class gets: the floor of its exact share, then one each to the largest remainders."""
    floors, remainders = np.divmod(counts * n, counts.sum())
    largest = np.argsort(-remainders, kind="stable")[: n - floors.sum()]
    floors[largest] += 1
    return floors


def _keep_both_sides(shares: NDArray[np.intp], counts: NDArray[np.intp]) -> NDArray[np.intp]:
    """Shares of the same sum: one for a class that had none, one less for a class that had all, others by size."""
    several = (counts > 1).astype(np.intp)
    divided = np.clip(shares, several, counts - several)
    while divided.sum() > shares.sum():
        divided[divided.argmax()] -= 1
    while divided.sum() < shares.sum():
        divided[(counts - divided).argmax()] += 1
    return divided


def hold_out_test(data: Dataset, classes: Sequence[str] = ()) -> tuple[Dataset, Dataset]:
    """`(train, test)` for a data set whose authors give no test split: a stratified fifth, always the same one."""
    rest, held = stratified_split(data.y, TEST_SIZE, TEST_SEED, classes, "test")
    return data.take(rest), data.take(held)
