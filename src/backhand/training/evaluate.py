"""The scores, loss and accuracy of a model on a data set, in inference mode."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from backhand.arrays import Array, Labels
from backhand.data.augment.evaluation import NO_AUGMENT, EvaluationAugment
from backhand.data.batches import batches
from backhand.data.feed import BatchSource, VariantSource
from backhand.model.sequential import Sequential
from backhand.model.stack import Stack
from backhand.training.losses import Loss, finite_rows

# Two bounds on the memory of a forward pass; neither changes the result beyond rounding.
CHUNK = 1000  # samples in one forward pass, at most
VALUES = 2**22  # outputs of the layer that has most of them, over all samples of one forward pass
LISTED = 5  # samples named in a sentence, at most


@dataclass(frozen=True)
class Evaluation:
    """Scores (N, outputs), the labels (N,), the classes predicted (N,), and the mean loss of the N samples.

    A sample whose scores are not finite has no class: its prediction is -1, which counts as wrong, and the loss is NaN.
    """

    scores: Array
    labels: Labels
    predictions: Labels
    loss: float

    @property
    def accuracy(self) -> float:
        """The fraction of the samples that are classified correctly."""
        return float((self.predictions == self.labels).mean())

    @property
    def not_finite(self) -> Labels:
        """The indices of the samples whose scores are not finite, in ascending order."""
        return np.flatnonzero(~finite_rows(self.scores))

    def remark(self, split: str) -> str:
        """A sentence for the reader of the figures where a score or the loss is not finite; else an empty text."""
        not_finite, samples = self.not_finite, f"{len(self.labels):,} {split} samples"
        if len(not_finite):
            return (
                f"The scores of {len(not_finite):,} of the {samples} are not finite ({listed(not_finite)}): "
                f"such samples have no class and count as wrong, and the loss has no mean."
            )
        return "" if np.isfinite(self.loss) else f"The loss over the {samples} is too large for a number."

    def figures(self) -> dict[str, float]:
        """The loss, the accuracy, and the error, which is 1 - accuracy."""
        return {"loss": self.loss, "accuracy": self.accuracy, "error": 1 - self.accuracy}


def evaluate(model: Sequential, loss: Loss, feed: BatchSource, augment: EvaluationAugment = NO_AUGMENT) -> Evaluation:
    """Run the model over every sample, in order; the scores are the mean over the sample's variants.

    Raises ValueError for a feed without samples, and for a feed without `variants` unless `augment` is plain.
    """
    if augment == NO_AUGMENT:
        return _evaluation(*_scores_and_labels(model, feed), loss)
    if not isinstance(feed, VariantSource):
        raise ValueError(f"{type(feed).__name__} has no method `variants`; evaluate it without flips and shift")
    scores, labels = zip(*(_scores_and_labels(model, variant) for variant in feed.variants(augment)), strict=True)
    return _evaluation(np.mean(scores, axis=0), labels[0], loss)


def evaluate_stack(stack: Stack, losses: Sequence[Loss], feed: BatchSource) -> list[Evaluation]:
    """Evaluate every model of a stack on the same samples, each by its own loss."""
    stacked, labels = _scores_and_labels(stack, feed)
    return [_evaluation(scores, labels, loss) for scores, loss in zip(stacked, losses, strict=True)]


def listed(indices: Labels) -> str:
    """The samples of these indices in words, the first few of many: sample 3; samples 3, 17 and 40 more."""
    named = ", ".join(f"{index}" for index in indices[:LISTED])
    more = f" and {len(indices) - LISTED:,} more" if len(indices) > LISTED else ""
    return f"sample{'s' * (len(indices) > 1)} {named}{more}"


def _evaluation(scores: Array, labels: Labels, loss: Loss) -> Evaluation:
    with np.errstate(over="ignore", invalid="ignore"):  # the result is checked
        mean = loss.forward(scores, labels)
    return Evaluation(scores, labels, loss.predict(scores), mean if finite_rows(scores).all() else np.nan)


def _scores_and_labels(model: Sequential | Stack, feed: BatchSource) -> tuple[Array, Labels]:
    """The scores (N, outputs), or of a stack (S, N, outputs), and the labels (N,).

    They are copies, since a feed may use the memory of a batch again. Raises ValueError for a feed without samples.
    """
    if not len(feed):
        raise ValueError("there are no samples to evaluate")
    chunk = min(max(VALUES // max(prod(layer.output_shape) for layer in model.layers), 1), CHUNK)
    scores, labels = [], []
    with np.errstate(over="ignore", invalid="ignore"):  # `_evaluation` checks the scores
        for index in batches(len(feed), chunk):
            x, y = feed.batch(index)
            scores.append(np.array(model.predict(x)))
            labels.append(np.array(y))
    return np.concatenate(scores, axis=-2), np.concatenate(labels)
