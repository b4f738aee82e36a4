"""Figures that need all scores of a split at once: by name, or a function of one's own."""

import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from backhand.arrays import Array
from backhand.errors import BackhandError, closest
from backhand.training.evaluate import Evaluation
from backhand.training.losses import Loss, RegressionLoss, finite_rows

ScoreMetric = Callable[[Evaluation], float]
Metrics = Sequence[str] | Mapping[str, ScoreMetric]
TOP = re.compile(r"top([1-9][0-9]*)_accuracy")


def macro_f1(evaluation: Evaluation) -> float:
    """The mean over the classes of f1 = 2 right / (in the class + predicted as the class).

    A class that neither occurs nor is predicted has none and is left out.
    """
    right, support, predicted = _counts(evaluation)
    occurring = support + predicted > 0
    return float((2 * right[occurring] / (support + predicted)[occurring]).mean())


def balanced_accuracy(evaluation: Evaluation) -> float:
    """The mean over the classes that occur of the share of their samples classified correctly."""
    right, support, _ = _counts(evaluation)
    return float((right[support > 0] / support[support > 0]).mean())


def auc(evaluation: Evaluation) -> float:
    """The area under the ROC curve: the probability that a sample of a class gets a higher score than one of another.

    With more than two classes, the mean over the classes that occur of each against the rest, by the log-odds of its
    softmax probability: probabilities themselves round to 1, and what they tie is no tie. Ties count half. NaN where
    only one class occurs, and where scores are not finite.
    Source: Hanley and McNeil 1982, Radiology 143(1).
    """
    scores, labels = evaluation.scores.astype(np.float64), evaluation.labels
    if not np.isfinite(scores).all():
        return np.nan
    if scores.shape[1] <= 2:
        return _area(scores[:, -1] - (0 if scores.shape[1] == 1 else scores[:, 0]), labels == 1)
    odds = _log_odds(scores)
    return float(np.mean([_area(odds[:, k], labels == k) for k in np.unique(labels)]))


def top_accuracy(evaluation: Evaluation, k: int) -> float:
    """The share of the samples whose class is among the k with the highest scores; the first of equal ones count.

    A sample whose scores are not finite has no class and counts as wrong.
    """
    scores, finite = evaluation.scores, finite_rows(evaluation.scores)
    if scores.shape[1] == 1:
        return evaluation.accuracy if k == 1 else float(finite.mean())
    highest = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return float(((highest == evaluation.labels[:, None]).any(1) & finite).mean())


SCORE_METRICS: dict[str, ScoreMetric] = {"macro_f1": macro_f1, "balanced_accuracy": balanced_accuracy, "auc": auc}


def score_metric(name: str) -> ScoreMetric:
    """The metric of this name: one of `SCORE_METRICS`, or top2_accuracy, top5_accuracy, and so on.

    Raises BackhandError for another name.
    """
    if match := TOP.fullmatch(name):
        return lambda evaluation: top_accuracy(evaluation, int(match[1]))
    if name not in SCORE_METRICS:
        known = [*SCORE_METRICS, "top5_accuracy"]
        raise BackhandError(f'unknown metric "{name}"{closest(name, known)}; there are {", ".join(known)}')
    return SCORE_METRICS[name]


def by_name(metrics: Metrics, loss: Loss) -> dict[str, ScoreMetric]:
    """The metrics by their names, for a training with this loss.

    metrics: names, or functions of an `Evaluation` by the names of their figures. Raises BackhandError for what is no
    such thing, for a name that every history has already, and for metrics by name where the loss has no classes.
    """
    if isinstance(metrics, str):
        raise BackhandError(f'metrics must be several names, such as metrics=("{metrics}",), not one text')
    if isinstance(metrics, Mapping):
        return {_own_name(name, function, loss): function for name, function in metrics.items()}
    if metrics and isinstance(loss, RegressionLoss):
        raise BackhandError(
            f"{', '.join(metrics)}: such metrics need classes, and {loss.op_name} is a loss of regression; give "
            f"functions of an Evaluation by name"
        )
    return {name: score_metric(name) for name in metrics}


def _own_name(name: object, function: object, loss: Loss) -> str:
    """The name of a metric of one's own. Raises BackhandError for one that is taken, and for what is no function."""
    taken = ("loss", *loss.measures().names)
    if not isinstance(name, str) or not callable(function):
        raise BackhandError(f"metrics must be functions of an Evaluation by name, not {name!r}: {function!r}")
    if name in taken:
        raise BackhandError(f'the history has its own "{name}"; give the metric another name than {", ".join(taken)}')
    return name


def _counts(evaluation: Evaluation) -> tuple[Array, Array, Array]:
    """For each class (K,): its samples classified correctly, its samples, and the samples predicted as it."""
    labels, predictions = evaluation.labels, evaluation.predictions
    K = max(evaluation.scores.shape[1], 2)
    right = np.bincount(labels[predictions == labels], minlength=K)
    return right, np.bincount(labels, minlength=K), np.bincount(predictions[predictions >= 0], minlength=K)


def _log_odds(scores: Array) -> Array:
    """The log-odds (N, K) of each class against the rest, z_k - logsumexp of the other scores, of scores (N, K), K > 1.

    The rest of a class that is not the highest holds the highest, so its sum can be had from that of all. Of the
    highest class that difference would cancel, and the rest is summed by itself.
    """
    rows, highest = np.arange(len(scores)), scores.argmax(1)
    top = scores[rows, highest]
    e = np.exp(scores - top[:, None])
    odds = scores - top[:, None] - np.log(np.maximum(e.sum(1, keepdims=True) - e, np.finfo(e.dtype).tiny))
    others = scores.copy()
    others[rows, highest] = -np.inf
    second = others.max(1)
    odds[rows, highest] = top - second - np.log(np.exp(others - second[:, None]).sum(1))
    return odds


def _area(score: Array, positive: Array) -> float:
    """The area under the ROC curve of scores (N,), by the ranks of the positive samples."""
    P = int(positive.sum())
    if P in (0, len(positive)):
        return np.nan
    _, inverse, counts = np.unique(score, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]  # equal scores share the mean of their ranks
    return float((ranks[positive].sum() - P * (P + 1) / 2) / (P * (len(positive) - P)))
