"""Absolute error, the loss of regression on the median, which outliers move little.

    e = s - t          loss = mean_n ω mean_k |e|          ds = ω sign e / (N T) · dy          s, t, e (N, T)

t are the targets, T for each sample; ω (N,) weighs the samples. At the kink e = 0 the derivative is taken as 0, the
middle of the subgradients [-1, 1].
Source: Laplace 1774, Mémoire sur la probabilité des causes. Derivation: docs/derivations/absolute_error.md
"""

import numpy as np

from backhand.arrays import Array
from backhand.arrays.samples import errors, sample_weights

Cache = tuple[Array, Array]


def forward(scores: Array, targets: Array, *, weights: Array | None = None) -> tuple[Array, Cache]:
    """scores (N, T), targets (N, T), or (N,) where T is 1 -> the mean loss, a scalar.

    weights (N,), 0 or more: each sample's loss is multiplied by its own, and the sum still divided by N.
    Raises ValueError for targets of another shape, and as `sample_weights` does.
    """
    e = errors(scores, targets)
    omega = sample_weights(weights, scores)
    return (omega * np.abs(e).mean(1)).mean(), (np.sign(e), omega)


def backward(dy: float | Array, cache: Cache) -> tuple[Array]:
    """The upstream scalar -> dscores (N, T)."""
    sign, omega = cache
    return (sign * (omega * sign.dtype.type(dy / sign.size))[:, None],)
