"""Softmax and cross-entropy in one step, from logits to labels or to distributions over the classes.

    p = softmax z           q = (1 - s) t + s / K                       z, t, p, q (N, K)
    loss = mean_n ω ( logsumexp z - Σ_k q z )                           dz = ω (p - q) / N · dy

t is the distribution wanted: 1 at a label, or any, as mix-up makes them. s is the label smoothing, ω (N,) weighs the
samples. The row's maximum is subtracted first, so logits of ±1e4 neither overflow nor reach log 0.
Source: Bridle 1990; smoothing: Szegedy et al. 2016, arXiv:1512.00567; mix-up: Zhang et al. 2018, arXiv:1710.09412.
Derivation: docs/derivations/softmax_cross_entropy.md
"""

import numpy as np

from backhand.arrays import Array, Labels
from backhand.arrays.samples import check_labels, sample_weights

Cache = tuple[Array, Array, Array]
TOLERANCE = 1e-5  # how far from 1 the sum of a distribution may be: float32 rounds a thousand classes within it


def forward(
    logits: Array, labels: Labels | Array, *, smoothing: float = 0.0, weights: Array | None = None
) -> tuple[Array, Cache]:
    """logits (N, K), labels (N,) in 0 .. K-1 or (N, K) distributions -> the mean loss, a scalar in nats.

    weights (N,), 0 or more: each sample's loss is multiplied by its own, and the sum still divided by N.
    Raises ValueError for labels or weights of another shape or out of range, and unless smoothing is in [0, 1].
    """
    K = logits.shape[1]
    if not 0 <= smoothing <= 1:
        raise ValueError(f"label smoothing must be in [0, 1], not {smoothing}")
    q = (1 - smoothing) * distributions(labels, logits) + smoothing / K
    omega = sample_weights(weights, logits)
    shifted = logits - logits.max(1, keepdims=True)
    e = np.exp(shifted)
    total = e.sum(1, keepdims=True)
    loss = (omega * (np.log(total[:, 0]) - (q * shifted).sum(1))).mean()
    return loss, (e / total, q, omega)


def backward(dy: float | Array, cache: Cache) -> tuple[Array]:
    """The upstream scalar -> dlogits (N, K)."""
    p, q, omega = cache
    return ((p - q) * (omega * p.dtype.type(dy / len(p)))[:, None],)


def predict_proba(logits: Array) -> Array:
    """softmax of each row: (N, K), rows sum to 1."""
    e = np.exp(logits - logits.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def distributions(labels: Labels | Array, scores: Array) -> Array:
    """The distributions (N, K) wanted for these scores: those given, or 1 at each label given. Raises ValueError."""
    if labels.ndim == 2 and np.issubdtype(labels.dtype, np.floating):
        if labels.shape != scores.shape:
            raise ValueError(f"distributions must have the shape of the scores, {scores.shape}, not {labels.shape}")
        if not ((labels >= 0).all() and (np.abs(labels.sum(1, dtype=np.float64) - 1) <= TOLERANCE).all()):
            raise ValueError("each row of labels must be a distribution: no number below 0, and a sum of 1")
        return labels.astype(scores.dtype, copy=False)
    check_labels(labels, scores)
    t = np.zeros_like(scores)
    t[np.arange(len(t)), labels] = 1
    return t
