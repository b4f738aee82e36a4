"""Folds, stratified by class: every sample is tested once, and all learners are tested on the same folds."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from backhand.data.dataset import Splits
from backhand.errors import BackhandError, DataError

Indices = NDArray[np.intp]


def divide(splits: Splits, folds: int, seed: int) -> list[Indices]:
    """The ascending indices of the test samples of each fold of the training split.

    Raises BackhandError for fewer than two folds, DataError for fewer samples, or samples of a class, than folds.
    """
    if not splits.is_regression:
        return stratified(splits.train.y, folds, seed, splits.classes)
    from sklearn.model_selection import KFold

    _refuse_too_few(folds)
    if len(splits.train) < 2 * folds:
        raise DataError(
            f"{len(splits.train)} samples are too few for {folds} folds; give fewer --folds or more samples"
        )
    splitter = KFold(folds, shuffle=True, random_state=seed)
    return [test_indices for _, test_indices in splitter.split(splits.train.y)]


def _refuse_too_few(folds: int) -> None:
    if folds < 2:
        raise BackhandError(f"{folds} folds leave nothing to train on or to test; give --folds 2 or more")


def stratified(y: NDArray[np.int64], folds: int, seed: int, classes: Sequence[str]) -> list[Indices]:
    """The ascending indices of the test samples of each fold; every class is spread evenly over the folds.

    Raises BackhandError for fewer than two folds, DataError for a class with fewer samples than folds.
    """
    from sklearn.model_selection import StratifiedKFold

    _refuse_too_few(folds)
    counts = np.bincount(y, minlength=len(classes))
    fewest = int(counts.argmin())
    if counts[fewest] < folds:
        raise DataError(
            f'class "{classes[fewest]}" has {counts[fewest]} samples, too few for {folds} folds; '
            f"give fewer --folds or more samples"
        )
    splitter = StratifiedKFold(folds, shuffle=True, random_state=seed)
    return [test_indices for _, test_indices in splitter.split(np.zeros(len(y)), y)]


def subset(splits: Splits, indices: Indices) -> Splits:
    """The data set with only these samples in its training split."""
    return replace(splits, train=splits.train.take(indices))


def fold_splits(splits: Splits, test_indices: Indices) -> Splits:
    """The training split of `splits`, divided for one fold into its test samples and all others, to train on."""
    samples = splits.train
    train_indices = np.setdiff1d(np.arange(len(samples)), test_indices, assume_unique=True)
    return replace(splits, train=samples.take(train_indices), validation=None, test=samples.take(test_indices))
