"""What a loss is given besides scores: a label and a weight for each sample, both checked before they are used."""

import numpy as np

from backhand.arrays import Array, Labels


def check_labels(labels: Labels, scores: Array) -> None:
    """Refuse labels that would index another row's score, several (as a column (N, 1) would), or none: ValueError."""
    rows, classes = scores.shape
    if labels.shape != (rows,) or not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(f"labels must be integers of shape ({rows},), not {labels.dtype} of shape {labels.shape}")
    if labels.size and (labels.min() < 0 or labels.max() >= classes):
        raise ValueError(f"labels run from {labels.min()} to {labels.max()}, but there are classes 0 to {classes - 1}")


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
