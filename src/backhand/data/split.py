"""Stratified splits, which have every class in proportion, and the same samples for the same seed."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from backhand.data.dataset import Dataset
from backhand.errors import DataError

Index = NDArray[np.intp]

# The test split of data sets that have no official one. It does not depend on the seed of a study: it never changes.
TEST_SIZE, TEST_SEED = 0.2, 0
Role = Literal["held-out", "test", "validation"]
ADVICE: dict[Role, str] = {
    "held-out": "add samples or change the size",
    "test": "add samples, or a test split of your own",
    "validation": "add samples, or change data.validation (0 holds out none)",
}


def stratified_split(
    y: NDArray[np.int64], size: float, seed: int, classes: Sequence[str] = (), role: Role = "held-out"
) -> tuple[Index, Index]:
    """Two sets of samples, `(rest, held_out)`, with `held_out` drawn in proportion from every class.

    Both are ascending indices into y. Counts per class are rounded by largest remainder, and a class of two samples or
    more has at least one on each side: a fraction that is too small or too large for that is adjusted, a count is not.

    y: labels, (N,).
    size: of `held_out`: a fraction (a float with 0 < size < 1) or a count of samples (an int).
    seed: the same seed gives the same sets.
    classes, role: the names of the classes, and what is held out, for the message of DataError, which is raised where
    a class is too small to appear on both sides.
    """
    n = _held_out_count(y, size)
    held_out = _draw_stratified(y, n, seed, both_sides=True) if n else np.empty(0, np.intp)
    rest = np.setdiff1d(np.arange(len(y)), held_out, assume_unique=True)
    for side, indices in ((role, held_out), ("remaining", rest)):
        lost = np.setdiff1d(y, y[indices])
        if len(lost):
            name = f'"{classes[lost[0]]}"' if classes else lost[0]
            purpose = "" if role == "held-out" else f" for {role}"
            raise DataError(
                f"class {name} has {np.sum(y == lost[0])} of {len(y)} samples, too few to appear in the {side} split "
                f"when {n} are held out{purpose}; {ADVICE[role]}"
            )
    return rest, held_out


def _held_out_count(y: NDArray[np.int64], size: float) -> int:
    """The number of samples that `size` means; for a fraction, at least one per class on either side where possible."""
    if not (0 < size < 1 if isinstance(size, float) else 0 <= size <= len(y)):
        raise DataError(
            f"cannot hold out {size} of {len(y)} samples; give a fraction between 0 and 1, or a count below"
        )
    if not isinstance(size, float):
        return size
    K = len(np.unique(y))
    return max(min(round(size * len(y)), len(y) - K), min(K, len(y)))


def stratified_subset(y: NDArray[np.int64], n: int, seed: int | None = None) -> Index:
    """Ascending indices of `n` samples, each class in proportion.

    They are drawn with `seed`; without it, the first samples of each class are taken. Raises DataError for an n outside
    1 .. len(y).
    """
    if not 0 < n <= len(y):
        raise DataError(f"cannot take {n} of {len(y)} samples; ask for 1 to {len(y)}")
    return _draw_stratified(y, n, seed)


def _draw_stratified(y: NDArray[np.int64], n: int, seed: int | None, *, both_sides: bool = False) -> Index:
    """Draw n samples. both_sides: at least one of each class of two samples or more is drawn, and one is not."""
    labels, counts = np.unique(y, return_counts=True)
    rng = None if seed is None else np.random.default_rng(seed)
    chosen = []
    shares = _class_shares(counts, n)
    if both_sides:
        shares = _keep_both_sides(shares, counts)
    for label, share in zip(labels, shares, strict=True):
        indices = np.flatnonzero(y == label)
        chosen.append((indices if rng is None else rng.permutation(indices))[:share])
    return np.sort(np.concatenate(chosen))


def _class_shares(counts: NDArray[np.intp], n: int) -> NDArray[np.intp]:
    """How many of `n` each class gets: the floor of its exact share, and one more for the largest remainders."""
    floors, remainders = np.divmod(counts * n, counts.sum())
    largest = np.argsort(-remainders, kind="stable")[: n - floors.sum()]
    floors[largest] += 1
    return floors


def _keep_both_sides(shares: NDArray[np.intp], counts: NDArray[np.intp]) -> NDArray[np.intp]:
    """Shares with the same sum that leave each class at least one sample on either side, where it has two or more."""
    several = (counts > 1).astype(np.intp)
    divided = np.clip(shares, several, counts - several)
    while divided.sum() > shares.sum():
        divided[divided.argmax()] -= 1
    while divided.sum() < shares.sum():
        divided[(counts - divided).argmax()] += 1
    return divided


def random_split(N: int, size: float, seed: int, role: Role = "held-out") -> tuple[Index, Index]:
    """Two sets of samples, `(rest, held_out)`, drawn from N samples that have no classes; both are ascending.

    size: of `held_out`: a fraction (a float with 0 < size < 1) or a count of samples (an int).
    Raises DataError where one of the two would be empty.
    """
    n = max(round(size * N), 1) if isinstance(size, float) and 0 < size < 1 else int(size)
    if not 0 < n < N:
        raise DataError(f"cannot hold out {size} of {N} samples for {role}; {ADVICE[role]}")
    order = np.random.default_rng(seed).permutation(N)
    return np.sort(order[n:]), np.sort(order[:n])


def random_subset(N: int, n: int, seed: int) -> Index:
    """Ascending indices of `n` of N samples that have no classes. Raises DataError for an n outside 1 .. N."""
    if not 0 < n <= N:
        raise DataError(f"cannot take {n} of {N} samples; ask for 1 to {N}")
    return np.sort(np.random.default_rng(seed).permutation(N)[:n])


def hold_out_test(data: Dataset, classes: Sequence[str] = ()) -> tuple[Dataset, Dataset]:
    """`(train, test)` of a data set without a test split: the test split is a fifth, always the same.

    Each class has its share of it; the samples of a regression, without classes, are drawn at random.
    """
    rest, held_out = fixed_split(data.y, classes)
    return data.take(rest), data.take(held_out)


def fixed_split(y: NDArray[Any], classes: Sequence[str] = ()) -> tuple[Index, Index]:
    """The indices `(rest, held_out)` of `hold_out_test`, from labels (N,) or targets (N, T)."""
    if y.ndim > 1:
        return random_split(len(y), TEST_SIZE, TEST_SEED, "test")
    return stratified_split(y, TEST_SIZE, TEST_SEED, classes, "test")
