"""Squared error, the loss of regression by least squares.

    e = s - t          loss = mean_n ω mean_k ½ e²          ds = ω e / (N T) · dy          s, t, e (N, T)

t are the targets, T for each sample; ω (N,) weighs the samples. The ½ makes the derivative of each term e itself.
Source: Gauss 1809, Theoria motus, book II, section 3. Derivation: docs/derivations/squared_error.md
"""

import numpy as np

from backhand.arrays import Array
from backhand.arrays.samples import errors, sample_weights

Cache = Array  # ω e


def forward(scores: Array, targets: Array, *, weights: Array | None = None) -> tuple[Array, Cache]:
    """scores (N, T), targets (N, T), or (N,) where T is 1 -> the mean loss, a scalar.

    weights (N,), 0 or more: each sample's loss is multiplied by its own, and the sum still divided by N.
    Raises ValueError for targets of another shape, and as `sample_weights` does.
    """
    e = errors(scores, targets)
    weighted = e if weights is None else sample_weights(weights, scores)[:, None] * e
    return e.dtype.type(0.5) * np.vdot(weighted, e) / e.size, weighted


def backward(dy: float | Array, cache: Cache) -> tuple[Array]:
    """The upstream scalar -> dscores (N, T)."""
    return (cache * cache.dtype.type(dy / cache.size),)
