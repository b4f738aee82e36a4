"""How well a model does on a data set, in inference mode."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from backhand.arrays import Array, Labels
from backhand.data.augment.at_test_time import PLAIN, Views
from backhand.data.batches import batches
from backhand.data.feed import BatchSource, Viewed
from backhand.model.sequential import Sequential
from backhand.model.stack import Stack
from backhand.training.losses import Loss, finite_rows

# What bounds the memory of a forward pass; neither changes the result beyond rounding.
CHUNK = 1000  # samples, at most
LISTED = 5  # samples named in a sentence, at most
VALUES = 2**22  # outputs of the layer that has most, over all samples of a chunk


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
        """The fraction classified rightly."""
        return float((self.predictions == self.labels).mean())

    @property
    def not_finite(self) -> Labels:
        """The places of the samples whose scores are not finite, in ascending order."""
        return np.flatnonzero(~finite_rows(self.scores))

    def remark(self, split: str) -> str:
        """A sentence for whoever reads the figures, where a score or the loss is not finite; else empty."""
        lost, samples = self.not_finite, f"{len(self.labels):,} {split} samples"
        if len(lost):
            return (
                f"The scores of {len(lost):,} of the {samples} are not finite ({listed(lost)}): "
                f"such samples have no class and count as wrong, and the loss has no mean."
            )
        return "" if np.isfinite(self.loss) else f"The loss over the {samples} is too large for a number."

    def figures(self) -> dict[str, float]:
        """loss, accuracy and error (1 - accuracy)."""
        return {"loss": self.loss, "accuracy": self.accuracy, "error": 1 - self.accuracy}


def evaluate(model: Sequential, loss: Loss, feed: BatchSource, views: Views = PLAIN) -> Evaluation:
    """Run the model over every sample, in order; the scores are the mean over its views.

    Raises ValueError for a feed without samples, and for views other than the plain one of a feed without `views`.
    """
    if views == PLAIN:
        return _judged(*_passed(model, feed), loss)
    if not isinstance(feed, Viewed):
        raise ValueError(f"{type(feed).__name__} has no views; evaluate it without flips and shift")
    scores, labels = zip(*(_passed(model, seen) for seen in feed.views(views)), strict=True)
    return _judged(np.mean(scores, axis=0), labels[0], loss)


def evaluate_each(stack: Stack, losses: Sequence[Loss], feed: BatchSource) -> list[Evaluation]:
    """The same of each model of a stack, by its own loss."""
    stacked, labels = _passed(stack, feed)
    return [_judged(scores, labels, loss) for scores, loss in zip(stacked, losses, strict=True)]


def listed(places: Labels) -> str:
    """The samples at these places in words, the first few of many: sample 3; samples 3, 17 and 40 more."""
    first = ", ".join(f"{place}" for place in places[:LISTED])
    more = f" and {len(places) - LISTED:,} more" if len(places) > LISTED else ""
    return f"sample{'s' * (len(places) > 1)} {first}{more}"


def _judged(scores: Array, labels: Labels, loss: Loss) -> Evaluation:
    with np.errstate(over="ignore", invalid="ignore"):  # what came of it is checked
        mean = loss.forward(scores, labels)
    return Evaluation(scores, labels, loss.predict(scores), mean if finite_rows(scores).all() else np.nan)


def _passed(model: Sequential | Stack, feed: BatchSource) -> tuple[Array, Labels]:
    """The scores (N, outputs), or of a stack (S, N, outputs), and the labels (N,).

    They are copies: a feed may use the memory of a batch again. Raises ValueError for a feed without samples.
    """
    if not len(feed):
        raise ValueError("there are no samples to evaluate")
    chunk = min(max(VALUES // max(prod(layer.output_shape) for layer in model.layers), 1), CHUNK)
    scores, labels = [], []
    with np.errstate(over="ignore", invalid="ignore"):  # scores are checked where they are judged
        for index in batches(len(feed), chunk):
            x, y = feed.batch(index)
            scores.append(np.array(model.predict(x)))
            labels.append(np.array(y))
    return np.concatenate(scores, axis=-2), np.concatenate(labels)
