"""Permutation importance: what a figure loses when the values of one feature are shuffled among the samples."""

from collections.abc import Callable, Sequence
from numbers import Integral

import numpy as np
from numpy.typing import NDArray

from backhand.arrays import Array
from backhand.errors import DataError


def permutation_importance(
    score: Callable[[Array], float],
    x: Array,
    *,
    groups: Sequence[Sequence[int]] | None = None,
    repeats: int = 10,
    seed: int = 0,
) -> NDArray[np.float64]:
    """How much a score falls when a feature is shuffled, (F, repeats): score(x) - score(x with column f permuted).

    A feature on which the predictions do not depend has 0. Of features that say the same, each may seem unimportant,
    since the others stand in for it.

    score: samples (N, F) -> a figure of which more is better, such as the accuracy on data that were not trained on.
    groups: columns that are shuffled together, such as those of one category; None: each column alone.
    repeats: how often each is shuffled, 1 or more; they differ by chance.
    seed: each feature has a random stream of its own, so that it does not depend on the others.
    Raises DataError for samples that are no table (N, F) of two rows or more, columns of a group that x does not have,
    and fewer than one repeat.
    Source: Breiman 2001, Machine Learning 45; Fisher, Rudin and Dominici 2019, JMLR 20.
    """
    if x.ndim != 2 or len(x) < 2:
        raise DataError(f"permutation importance needs a table (N, F) of two rows or more, not an array of {x.shape}")
    if repeats < 1:
        raise DataError(f"permutation importance needs 1 repeat or more, not {repeats}")
    F = x.shape[1]
    columns = [[f] for f in range(F)] if groups is None else [list(group) for group in groups]
    unknown = [f for group in columns for f in group if not isinstance(f, Integral) or not 0 <= f < F]
    if unknown:
        raise DataError(f"x has the columns 0 to {F - 1}, and a group names the column {unknown[0]}")
    shuffled, before = x.copy(), score(x)
    losses = np.zeros((len(columns), repeats))
    for f, group in enumerate(columns):
        rng = np.random.default_rng([seed, f])
        for repeat in range(repeats):
            shuffled[:, group] = x[rng.permutation(len(x))][:, group]
            losses[f, repeat] = before - score(shuffled)
        shuffled[:, group] = x[:, group]
    return losses
