"""Scores of the saved test probabilities: their calibration, and the ROC curve of two classes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backhand.experiments.run.evidence import Evidence

BINS = 15


@dataclass(frozen=True)
class Calibration:
    """Bins of confidence between `edges`: samples, mean confidence and accuracy of each bin.

    error: the expected calibration error over all bins.   chance: the error that a perfectly calibrated network has on
    average, with so many samples in these bins.   deviation: the standard deviation of mean_accuracy about
    mean_confidence in such a network.
    """

    edges: NDArray[np.float64]
    counts: NDArray[np.int64]
    confidence: NDArray[np.float64]
    accuracy: NDArray[np.float64]
    error: float
    chance: float
    deviation: float
    mean_confidence: float
    mean_accuracy: float


@dataclass(frozen=True)
class Roc:
    """True against false positive rate of class 1 over all thresholds, and the area under that curve."""

    false_positive: NDArray[np.float64]
    true_positive: NDArray[np.float64]
    area: float


def calibration(evidence: Evidence, bins: int = BINS) -> Calibration | None:
    """Expected calibration error: sum over the bins of n_b/N |accuracy_b - confidence_b|; None without probabilities.

    The bins divide 0..1 evenly. Source: Guo et al., "On Calibration of Modern Neural Networks" (ICML 2017). By chance
    the accuracy of a bin is on average sqrt(2/π) standard deviations from its confidence c, of sqrt(c (1 - c) / n_b).
    """
    predictions = evidence.predictions
    if predictions is None or not predictions.labels.size:
        return None
    confidence = predictions.probabilities.max(axis=1).astype(np.float64)
    correct = predictions.probabilities.argmax(axis=1) == predictions.labels
    indices = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    counts = np.bincount(indices, minlength=bins)
    filled = np.maximum(counts, 1)
    mean = np.bincount(indices, confidence, bins) / filled
    accuracy = np.bincount(indices, correct, bins) / filled
    return Calibration(
        edges=np.linspace(0, 1, bins + 1),
        counts=counts,
        confidence=mean,
        accuracy=accuracy,
        error=float(np.sum(counts * np.abs(accuracy - mean)) / len(correct)),
        chance=float(np.sqrt(2 / np.pi) * np.sqrt(counts * mean * (1 - mean)).sum() / len(correct)),
        deviation=float(np.sqrt((confidence * (1 - confidence)).sum()) / len(correct)),
        mean_confidence=float(confidence.mean()),
        mean_accuracy=float(correct.mean()),
    )


def roc(evidence: Evidence) -> Roc | None:
    """The ROC curve of class 1 against class 0; None unless there are two classes and both occur.

    Source: Fawcett, "An introduction to ROC analysis", Pattern Recognition Letters 27 (2006).
    """
    predictions = evidence.predictions
    if predictions is None or predictions.probabilities.shape[1] != 2 or len(np.unique(predictions.labels)) != 2:
        return None
    probabilities, positive = predictions.probabilities[:, 1], predictions.labels == 1
    order = np.argsort(-probabilities, kind="stable")
    ranked = probabilities[order]
    last = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)  # of equal probabilities: one threshold each
    true, false = (np.append(0, np.cumsum(side[order])[last]) for side in (positive, ~positive))
    corners = np.concatenate([[True], (np.diff(false, 2) != 0) | (np.diff(true, 2) != 0), [True]])  # between: straight
    false_positive, true_positive = false[corners] / false[-1], true[corners] / true[-1]
    return Roc(false_positive, true_positive, float(np.trapezoid(true_positive, false_positive)))
