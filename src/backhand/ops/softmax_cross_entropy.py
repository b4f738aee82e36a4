"""Softmax and cross-entropy in one step, from logits.

    p = softmax z           q = (1 - s) onehot(label) + s / K           z, p, q (N, K)
    loss = mean_n ( logsumexp z - Σ_k q z )                             dz = (p - q) / N · dy

s is the label smoothing. The row's maximum is subtracted first, so logits of ±1e4 neither overflow nor reach log 0.
Source: Bridle 1990; smoothing: Szegedy et al. 2016, arXiv:1512.00567.
Derivation: docs/derivations/softmax_cross_entropy.md
"""

import numpy as np

from backhand.arrays import Array, Labels

Cache = tuple[Array, Array]


def forward(logits: Array, labels: Labels, *, smoothing: float = 0.0) -> tuple[Array, Cache]:
    """logits (N, K), labels (N,) in 0 .. K-1 -> the mean loss, a scalar in nats.

    Raises ValueError unless there is one integer label per row, within the classes, and smoothing in [0, 1].
    """
    N, K = logits.shape
    check_labels(labels, logits)
    if not 0 <= smoothing <= 1:
        raise ValueError(f"label smoothing must be in [0, 1], not {smoothing}")
    shifted = logits - logits.max(1, keepdims=True)
    e = np.exp(shifted)
    total = e.sum(1, keepdims=True)
    q = np.full_like(logits, smoothing / K)
    q[np.arange(N), labels] += 1 - smoothing
    loss = (np.log(total[:, 0]) - (q * shifted).sum(1)).mean()
    return loss, (e / total, q)


def backward(dy: float | Array, cache: Cache) -> tuple[Array]:
    """The upstream scalar -> dlogits (N, K)."""
    p, q = cache
    return ((p - q) * p.dtype.type(dy / len(p)),)


def predict_proba(logits: Array) -> Array:
    """softmax of each row: (N, K), rows sum to 1."""
    e = np.exp(logits - logits.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def check_labels(labels: Labels, scores: Array) -> None:
    """Refuse labels that would index another row's score, several (as a column (N, 1) would), or none: ValueError."""
    rows, classes = scores.shape
    if labels.shape != (rows,) or not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(f"labels must be integers of shape ({rows},), not {labels.dtype} of shape {labels.shape}")
    if labels.size and (labels.min() < 0 or labels.max() >= classes):
        raise ValueError(f"labels run from {labels.min()} to {labels.max()}, but there are classes 0 to {classes - 1}")
