"""How well a model does on a data set, in inference mode."""

from dataclasses import dataclass

import numpy as np

from backhand.arrays import Array, Labels
from backhand.data.feed import Feed
from backhand.losses import Loss
from backhand.model import Sequential

CHUNK = 1000  # samples a forward pass; it bounds the memory and does not change the result beyond rounding


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


def evaluate(model: Sequential, loss: Loss, feed: Feed, *, flips: bool = False) -> Evaluation:
    """Run the model over every sample, in order.

    flips: and over its mirror image, left to right; the scores are the mean of both.
    """
    views = [feed, feed.mirrored()] if flips else [feed]
    scores, labels = np.mean([_scores(model, view) for view in views], axis=0), feed.data.y
    return Evaluation(scores, labels, loss.predict(scores), loss.forward(scores, labels))


def _scores(model: Sequential, feed: Feed) -> Array:
    parts = []
    for start in range(0, len(feed), CHUNK):
        x, _ = feed.batch(slice(start, start + CHUNK))
        parts.append(model.forward(x))
    model.release()
    return np.concatenate(parts)
