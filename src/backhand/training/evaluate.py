"""The scores, loss and accuracy of a model on a data set, in inference mode."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import NamedTuple

import numpy as np

from backhand.arrays import Array, Labels
from backhand.data.augment.evaluation import NO_AUGMENT, EvaluationAugment
from backhand.data.batches import batches
from backhand.data.feed import BatchSource, VariantSource
from backhand.model.sequential import Sequential
from backhand.model.stack import Stack
from backhand.training.losses import Loss, finite_rows
from backhand.training.measures import Measures

# Two bounds on the memory of a forward pass; neither changes the result beyond rounding.
CHUNK = 1000  # samples in one forward pass, at most
VALUES = 2**22  # outputs of the layer that has most of them, over all samples of one forward pass
LISTED = 5  # samples named in a sentence, at most


@dataclass(frozen=True)
class Evaluation:
    """Scores (N, outputs), labels and predictions of the N samples, their mean loss, and what else is measured.

    weights: of the samples in the loss, (N,); None: all are 1.

    labels, predictions: classes (N,), or the targets (N, T) of a regression. A sample whose scores are not finite has
    no class: its prediction is -1, which counts as wrong; or NaN for a target. The loss is NaN then.
    """

    scores: Array
    labels: Labels | Array
    predictions: Labels | Array
    loss: float
    measures: Measures
    weights: Array | None = None

    @property
    def accuracy(self) -> float:
        """The fraction of the samples that are classified correctly. Raises KeyError where they have no classes."""
        return self.measures.figures()["accuracy"]

    @property
    def not_finite(self) -> Labels:
        """The indices of the samples whose scores are not finite, in ascending order."""
        return np.flatnonzero(~finite_rows(self.scores))

    def remark(self, split: str) -> str:
        """A sentence for the reader of the figures where a score or the loss is not finite; else an empty text."""
        not_finite, samples = self.not_finite, f"{len(self.labels):,} {split} samples"
        if len(not_finite):
            consequence = "class and count as wrong" if self.labels.ndim == 1 else "prediction"
            return (
                f"The scores of {len(not_finite):,} of the {samples} are not finite ({listed(not_finite)}): "
                f"such samples have no {consequence}, and the loss has no mean."
            )
        return "" if np.isfinite(self.loss) else f"The loss over the {samples} is too large for a number."

    def figures(self) -> dict[str, float]:
        """The loss, and the figures of the measures: accuracy and error, or RMSE, MAE and R²."""
        return {"loss": self.loss} | self.measures.figures()


def evaluate(model: Sequential, loss: Loss, feed: BatchSource, augment: EvaluationAugment = NO_AUGMENT) -> Evaluation:
    """Run the model over every sample, in order; the scores are the mean over the sample's variants.

    Raises ValueError for a feed without samples, and for a feed without `variants` unless `augment` is plain.
    """
    if augment == NO_AUGMENT:
        return evaluation_of(scored(model, feed), loss)
    if not isinstance(feed, VariantSource):
        raise ValueError(f"{type(feed).__name__} has no method `variants`; evaluate it without flips and shift")
    passes = [scored(model, variant) for variant in feed.variants(augment)]
    return evaluation_of(passes[0]._replace(scores=np.mean([one.scores for one in passes], axis=0)), loss)


def evaluate_stack(stack: Stack, losses: Sequence[Loss], feed: BatchSource) -> list[Evaluation]:
    """Evaluate every model of a stack on the same samples, each by its own loss."""
    stacked = scored(stack, feed)
    return [
        evaluation_of(stacked._replace(scores=scores), loss)
        for scores, loss in zip(stacked.scores, losses, strict=True)
    ]


def listed(indices: Labels) -> str:
    """The samples of these indices in words, the first few of many: sample 3; samples 3, 17 and 40 more."""
    named = ", ".join(f"{index}" for index in indices[:LISTED])
    more = f" and {len(indices) - LISTED:,} more" if len(indices) > LISTED else ""
    return f"sample{'s' * (len(indices) > 1)} {named}{more}"


class Scored(NamedTuple):
    """The scores (N, outputs), or of a stack (S, N, outputs), with labels, and weights of the samples or None."""

    scores: Array
    labels: Labels | Array
    weights: Array | None


def evaluation_of(run: Scored, loss: Loss) -> Evaluation:
    """The evaluation of samples that a model has scored."""
    scores, labels, weights = run
    with np.errstate(over="ignore", invalid="ignore"):  # the result is checked
        mean = loss.forward(scores, labels, weights)
    predictions, measures = loss.predict(scores), loss.measures()
    measures.add(predictions, labels)
    return Evaluation(scores, labels, predictions, mean if finite_rows(scores).all() else np.nan, measures, weights)


def scored(model: Sequential | Stack, feed: BatchSource) -> Scored:
    """Run the model over all samples, in order. Raises ValueError for a feed without samples.

    The arrays are copies, since a feed may use the memory of a batch again.
    """
    if not len(feed):
        raise ValueError("there are no samples to evaluate")
    chunk = min(max(VALUES // max(prod(layer.output_shape) for layer in model.layers), 1), CHUNK)
    scores, others = [], []
    with np.errstate(over="ignore", invalid="ignore"):  # `evaluation_of` checks the scores
        for index in batches(len(feed), chunk):
            x, *labels_and_weights = feed.batch(index)
            scores.append(np.array(model.predict(x)))
            others.append([np.array(values) for values in labels_and_weights])
    labels, *weights = (np.concatenate(parts) for parts in zip(*others, strict=True))
    return Scored(np.concatenate(scores, axis=-2), labels, weights[0] if weights else None)
