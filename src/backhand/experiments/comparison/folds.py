"""Stratified folds: every sample is tested once, and every learner meets the same ones."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from backhand.data.dataset import Splits
from backhand.errors import BackhandError, DataError

Index = NDArray[np.intp]


def stratified(y: NDArray[np.int64], folds: int, seed: int, classes: Sequence[str]) -> list[Index]:
    """The places in y of each fold's test samples, ascending; each class is spread evenly over the folds.

    Raises BackhandError for fewer than two folds, DataError for a class with fewer samples than folds.
    """
    from sklearn.model_selection import StratifiedKFold

    if folds < 2:
        raise BackhandError(f"{folds} folds leave nothing to train on or to test; give --folds 2 or more")
    counts = np.bincount(y, minlength=len(classes))
    fewest = int(counts.argmin())
    if counts[fewest] < folds:
        raise DataError(
            f'class "{classes[fewest]}" has {counts[fewest]} samples, too few for {folds} folds; '
            f"give fewer --folds or more samples"
        )
    divide = StratifiedKFold(folds, shuffle=True, random_state=seed)
    return [test for _, test in divide.split(np.zeros(len(y)), y)]


def cut(splits: Splits, places: Index) -> Splits:
    """The data set with only these samples in its training part."""
    return replace(splits, train=splits.train.take(places))


def part(splits: Splits, test: Index) -> Splits:
    """The training part of `splits` divided anew for a fold: its test samples, and all others to train on."""
    rest = np.setdiff1d(np.arange(len(splits.train)), test, assume_unique=True)
    return replace(splits, train=splits.train.take(rest), validation=None, test=splits.train.take(test))
