"""What a loss is given besides scores: labels or targets, and weights of samples, checked before they are used."""

import numpy as np

from backhand.arrays import Array, Labels


def check_labels(labels: Labels, scores: Array) -> None:
    """Refuse labels that would index another row's score, several (as a column (N, 1) would), or none: ValueError."""
    rows, classes = scores.shape
    if labels.shape != (rows,) or not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(f"labels must be integers of shape ({rows},), not {labels.dtype} of shape {labels.shape}")
    if labels.size and (labels.min() < 0 or labels.max() >= classes):
        raise ValueError(f"labels run from {labels.min()} to {labels.max()}, but there are classes 0 to {classes - 1}")


def binary_labels(scores: Array, labels: Array) -> Array:
    """The labels (N,) in the scores' shape. Raises ValueError unless there is one per score, within [0, 1]."""
    if labels.ndim != 1:
        raise ValueError(f"binary labels must have the shape (N,), not {labels.shape}")
    if scores.size != labels.size:
        raise ValueError(f"{scores.size} scores but {labels.size} labels; a binary loss takes one score per sample")
    if labels.size and not (labels.min() >= 0 and labels.max() <= 1):
        raise ValueError(f"binary labels must lie in [0, 1], not {labels.min()} to {labels.max()}")
    return labels.reshape(scores.shape)


def errors(scores: Array, targets: Array) -> Array:
    """scores - targets, both (N, T), in the dtype of the scores; targets may be (N,) where T is 1.

    Raises ValueError for scores that are not (N, T) and targets of another shape: NumPy would subtract (N,) from (N, 1)
    as (N, N).
    """
    column = targets[:, None] if targets.ndim == 1 else targets
    if scores.ndim != 2 or column.shape != scores.shape:
        raise ValueError(f"targets must have the shape of the scores, {scores.shape}, not {targets.shape}")
    return np.asarray(scores - column.astype(scores.dtype, copy=False))


def sample_weights(weights: Array | None, scores: Array) -> Array:
    """The weight of each sample in a loss, (N,) in the dtype of the scores (N, ...); all are 1 where weights is None.

    Raises ValueError unless there is one weight for each sample, finite and 0 or more.
    """
    N = len(scores)
    if weights is None:
        return np.ones(N, scores.dtype)
    if weights.shape != (N,):
        raise ValueError(f"weights must have shape ({N},), one for each sample, not {weights.shape}")
    if not (np.isfinite(weights) & (weights >= 0)).all():
        raise ValueError("the weights of samples must be finite and 0 or more")
    return weights.astype(scores.dtype)
