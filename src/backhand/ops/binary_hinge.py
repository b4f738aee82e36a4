"""Binary hinge loss, the one of the support vector machine, margin 1.

    t = 2 label - 1 (so ±1)     loss = mean ω max(0, 1 - t s)          ds = -ω t [t s < 1] / N · dy

ω (N,) weighs the samples. At the kink t s = 1 the derivative is taken as 0, the smallest of the subgradients.
Source: Cortes and Vapnik 1995, Machine Learning 20. Derivation: docs/derivations/binary_hinge.md
"""

import numpy as np

from backhand.arrays import Array
from backhand.arrays.samples import binary_labels, sample_weights


def forward(scores: Array, labels: Array, *, weights: Array | None = None) -> tuple[Array, Array]:
    """scores (N,) or (N, 1), labels (N,) of 0 and 1 -> the mean loss, a scalar; the cache is dloss/dscores.

    weights (N,), 0 or more: each sample's loss is multiplied by its own, and the sum still divided by N.
    Raises ValueError when the counts differ, a label is neither 0 nor 1, and as `sample_weights` does.
    """
    t = 2 * binary_labels(scores, labels).astype(scores.dtype) - 1
    if not (abs(t) == 1).all():
        raise ValueError("the labels of the binary hinge loss must be 0 or 1, nothing between")
    omega = sample_weights(weights, scores).reshape(scores.shape)
    h = np.maximum(1 - t * scores, 0)
    return (omega * h).mean(), -t * (h > 0) * (omega / scores.dtype.type(h.size))


def backward(dy: float | Array, derivative: Array) -> tuple[Array]:
    """The upstream scalar -> dscores, of the scores' shape."""
    return (derivative * derivative.dtype.type(dy),)
