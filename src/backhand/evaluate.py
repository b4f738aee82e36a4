"""How well a model does on a data set, in inference mode."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from backhand.arrays import Array, Labels
from backhand.data.feed import Feed
from backhand.data.views import PLAIN, Views
from backhand.losses import Loss, finite_rows
from backhand.model import Sequential
from backhand.stack import Stack

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


def evaluate(model: Sequential, loss: Loss, feed: Feed, views: Views = PLAIN) -> Evaluation:
    """Run the model over every sample, in order; the scores are the mean over its views."""
    return _judged(np.mean([_scores(model, seen) for seen in feed.views(views)], axis=0), loss, feed)


def evaluate_each(stack: Stack, losses: Sequence[Loss], feed: Feed) -> list[Evaluation]:
    """The same of each model of a stack, by its own loss."""
    return [_judged(scores, loss, feed) for scores, loss in zip(_scores(stack, feed), losses, strict=True)]


def listed(places: Labels) -> str:
    """The samples at these places in words, the first few of many: sample 3; samples 3, 17 and 40 more."""
    first = ", ".join(f"{place}" for place in places[:LISTED])
    more = f" and {len(places) - LISTED:,} more" if len(places) > LISTED else ""
    return f"sample{'s' * (len(places) > 1)} {first}{more}"


def _judged(scores: Array, loss: Loss, feed: Feed) -> Evaluation:
    labels = feed.data.y
    with np.errstate(over="ignore", invalid="ignore"):  # what came of it is checked
        mean = loss.forward(scores, labels)
    lost = not finite_rows(scores).all()
    return Evaluation(scores, labels, loss.predict(scores), np.nan if lost else mean)


def _scores(model: Sequential | Stack, feed: Feed) -> Array:
    """(N, outputs), or of a stack (S, N, outputs)."""
    chunk = min(max(VALUES // max(prod(layer.output_shape) for layer in model.layers), 1), CHUNK)
    starts = range(0, len(feed), chunk)
    with np.errstate(over="ignore", invalid="ignore"):  # scores are checked where they are judged
        return np.concatenate(
            [model.predict(feed.batch(slice(start, start + chunk))[0]) for start in starts],
            axis=-2,
        )
