"""How well a model does on a data set, in inference mode."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from backhand.arrays import Array, Labels
from backhand.data.feed import Feed
from backhand.data.views import PLAIN, Views
from backhand.losses import Loss
from backhand.model import Sequential
from backhand.stack import Stack

# What bounds the memory of a forward pass; neither changes the result beyond rounding.
CHUNK = 1000  # samples, at most
VALUES = 2**22  # outputs of the layer that has most, over all samples of a chunk


@dataclass(frozen=True)
class Evaluation:
    """Scores (N, outputs), the labels (N,), and the mean loss of the N samples."""

    scores: Array
    labels: Labels
    predictions: Labels
    loss: float

    @property
    def accuracy(self) -> float:
        """The fraction classified rightly."""
        return float((self.predictions == self.labels).mean())

    def figures(self) -> dict[str, float]:
        """loss, accuracy and error (1 - accuracy)."""
        return {"loss": self.loss, "accuracy": self.accuracy, "error": 1 - self.accuracy}


def evaluate(model: Sequential, loss: Loss, feed: Feed, views: Views = PLAIN) -> Evaluation:
    """Run the model over every sample, in order; the scores are the mean over its views."""
    return _judged(np.mean([_scores(model, seen) for seen in feed.views(views)], axis=0), loss, feed)


def evaluate_each(stack: Stack, losses: Sequence[Loss], feed: Feed) -> list[Evaluation]:
    """The same of each model of a stack, by its own loss."""
    return [_judged(scores, loss, feed) for scores, loss in zip(_scores(stack, feed), losses, strict=True)]


def _judged(scores: Array, loss: Loss, feed: Feed) -> Evaluation:
    labels = feed.data.y
    return Evaluation(scores, labels, loss.predict(scores), loss.forward(scores, labels))


def _scores(model: Sequential | Stack, feed: Feed) -> Array:
    """(N, outputs), or of a stack (S, N, outputs)."""
    chunk = min(max(VALUES // max(prod(layer.output_shape) for layer in model.layers), 1), CHUNK)
    starts = range(0, len(feed), chunk)
    return np.concatenate(
        [model.predict(feed.batch(slice(start, start + chunk))[0]) for start in starts],
        axis=-2,
    )
