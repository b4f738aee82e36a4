"""Multi-class hinge loss: every class against the right one, margin 1.

    h (N, K) = max(0, s - s_label + 1), 0 for the label itself
    loss = mean_n ω Σ_k h               ds = [h > 0], and minus the row's count of them at the label, times ω / N · dy

ω (N,) weighs the samples.
At the kink (a class exactly on its margin) the derivative is taken as 0, the smallest of the subgradients.
Source: Weston and Watkins 1999, ESANN. Derivation: docs/derivations/hinge.md
"""

import numpy as np

from backhand.arrays import Array, Labels
from backhand.arrays.samples import check_labels, sample_weights

Cache = tuple[Array, Labels, Array]


def forward(scores: Array, labels: Labels, *, weights: Array | None = None) -> tuple[Array, Cache]:
    """scores (N, K), labels (N,) in 0 .. K-1 -> the mean loss, a scalar.

    weights (N,), 0 or more: each sample's loss is multiplied by its own, and the sum still divided by N.
    Raises ValueError unless there is one integer label per row, within the classes, and as `sample_weights` does.
    """
    check_labels(labels, scores)
    omega = sample_weights(weights, scores)
    rows = np.arange(len(scores))
    h = np.maximum(scores - scores[rows, labels][:, None] + 1, 0)
    h[rows, labels] = 0
    return (omega * h.sum(1)).mean(), ((h > 0).astype(scores.dtype), labels, omega)


def backward(dy: float | Array, cache: Cache) -> tuple[Array]:
    """The upstream scalar -> dscores (N, K)."""
    violated, labels, omega = cache
    N = len(labels)
    ds = violated.copy()
    ds[np.arange(N), labels] = -violated.sum(1)
    ds *= (omega * ds.dtype.type(dy / N))[:, None]
    return (ds,)
