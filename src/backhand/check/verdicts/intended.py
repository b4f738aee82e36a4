"""Whether a wrong gradient is that of the forward pass as it was meant, and so no second mistake."""

from collections.abc import Iterator, Sequence

import numpy as np

from backhand.arrays import Array
from backhand.check.kinds.kind import Match
from backhand.check.verdicts.trial import Trial

STEP = 1e-5
LIMIT = 1e-5  # the largest relative difference from the simple differences that counts as none
MOST_WAYS = 8


def is_of_intended(trial: Trial, name: str) -> bool:
    """Whether the gradient of an array is that of a right forward pass of the kind, which this forward pass is not."""
    gradient = trial.gradients.values.get(name)
    if gradient is None or trial.specimen is None or trial.passage is None:
        return False
    array = trial.specimen.arrays[name]
    if gradient.size != array.size or not np.isfinite(gradient).all():
        return False
    bare, rng = gradient.reshape(array.shape), np.random.default_rng(31)
    directions = [rng.standard_normal(array.shape) for _ in range(2)]
    slopes = zip(*(_slopes(trial, array, direction) for direction in directions), strict=False)
    products = [float((bare * direction).sum()) for direction in directions]
    return any(_agree(way, products) for way in slopes)


def _agree(slopes: Sequence[float], products: Sequence[float]) -> bool:
    size = max(map(abs, (*slopes, *products)))
    return all(abs(slope - product) <= LIMIT * size for slope, product in zip(slopes, products, strict=True))


def _slopes(trial: Trial, array: Array, direction: Array) -> Iterator[float]:
    """The derivative along a direction of each right way to compute the kind."""
    original = array.copy()
    results: list[list[Array]] = []
    try:
        for step in (STEP, -STEP):
            array[...] = original + step * direction
            results.append([match.y for match in _right_ways(trial)])
    finally:
        array[...] = original
    for above, below in zip(*results, strict=False):
        fits = above.shape == below.shape and above.size == trial.dy.size
        yield float(((above - below).reshape(trial.dy.shape) * trial.dy).sum()) / (2 * STEP) if fits else np.inf


def _right_ways(trial: Trial) -> list[Match]:
    assert trial.specimen is not None
    with np.errstate(all="ignore"):
        ways = trial.reading.kind.matches(trial.specimen.by_role, trial.config, trial.reading.layout)
        return [match for match in ways if not match.mistake][:MOST_WAYS]
