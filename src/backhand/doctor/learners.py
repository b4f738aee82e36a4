"""Two simple learners, and whether what they predict has anything to do with the labels that are given."""

import numpy as np

from backhand.arrays import Array, Labels

PERMUTATIONS = 999
CHUNK = 256  # samples whose distances are computed at once


def flat_features(raw: Array) -> Array:
    """Samples (N, ...) of any type as features (N, F) in float32; values that are not finite become 0."""
    return np.nan_to_num(np.asarray(raw, np.float32).reshape(len(raw), -1), nan=0.0, posinf=0.0, neginf=0.0)


def predictions(x: Array, labels: Labels, wanted: Array) -> dict[str, Labels]:
    """The classes that each learner gives to the features `wanted` (M, F), from features x (N, F) with labels (N,).

    The features are standardised by the statistics of x. The nearest centroid sees what differs between the means of
    the classes, the nearest neighbour any other structure.
    """
    mean, deviation = x.mean(0), x.std(0)
    scale = np.where(deviation > 1e-6 * max(float(deviation.max()), 1e-12), 1 / np.maximum(deviation, 1e-12), 0)
    known, asked = (x - mean) * scale, (wanted - mean) * scale
    present = np.unique(labels)
    centroids = np.stack([known[labels == k].mean(0) for k in present])
    return {
        "nearest centroid": present[_nearest(centroids, asked)],
        "nearest neighbour": labels[_nearest(known, asked)],
    }


def chance_of(predicted: Labels, labels: Labels) -> float:
    """How often shuffled labels agree with the predictions at least as often as these: the p-value of a permutation
    test.
    """
    rng = np.random.default_rng(0)
    right = int((predicted == labels).sum())
    as_good = sum(int((predicted == rng.permutation(labels)).sum()) >= right for _ in range(PERMUTATIONS))
    return (1 + as_good) / (1 + PERMUTATIONS)


def _nearest(points: Array, asked: Array) -> Labels:
    """The index of the point (P, F) that is nearest to each of the features asked (M, F)."""
    squares = (points**2).sum(1)
    chunks = [
        (squares - 2 * asked[start : start + CHUNK] @ points.T).argmin(1) for start in range(0, len(asked), CHUNK)
    ]
    return np.concatenate(chunks)
