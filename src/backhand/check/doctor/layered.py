"""A network whose forward method gives scores or probabilities, and whose backward method takes their gradient."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from backhand.arrays import Array, Labels
from backhand.check.doctor.data import takes_one
from backhand.check.doctor.network import FileNetwork
from backhand.check.reading.functions import call
from backhand.check.reading.object_passage import ObjectPassage
from backhand.check.reading.specimen import Gradients, Passage, seed_everything
from backhand.doctor.subject import NotMeasuredError

FLOOR = 1e-300  # below it a probability is taken as this


PROBABILITIES, VALUES, SCORES = "cross-entropy", "the squared error", "softmax cross-entropy"


def _form(rows: Array) -> str:
    """The loss that suits an output (N, K)."""
    if np.all((rows >= 0) & (rows <= 1)):
        return PROBABILITIES if np.allclose(rows.sum(1), 1, atol=1e-6) else VALUES
    return SCORES


def _of_probabilities(p: Array, t: Array) -> tuple[float, Array]:
    p = np.maximum(p, FLOOR)
    return float(-(t * np.log(p)).sum(1).mean()), -t / p / len(p)


def _of_values(a: Array, t: Array) -> tuple[float, Array]:
    return float(0.5 * ((a - t) ** 2).sum(1).mean()), (a - t) / len(a)


def _of_scores(s: Array, t: Array) -> tuple[float, Array]:
    z = s - s.max(1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(1, keepdims=True))
    return float(-(t * log_p).sum(1).mean()), (np.exp(log_p) - t) / len(s)


LOSSES: dict[str, Callable[[Array, Array], tuple[float, Array]]] = {
    PROBABILITIES: _of_probabilities,
    VALUES: _of_values,
    SCORES: _of_scores,
}


@dataclass
class LossPassage(Passage):
    """A forward pass with the loss of its output, and the gradient of that loss, from which backward starts."""

    passage: ObjectPassage
    loss: float
    dy: Array

    def __post_init__(self) -> None:
        self.outputs = (np.array(self.loss),)
        self.written = {}

    def backward(self, dy: Array) -> Gradients:
        """The gradients of the loss, times the upstream number."""
        return self.passage.backward(float(dy) * self.dy)


class LayeredNetwork(FileNetwork):
    """Such a network with the loss that suits its output: probabilities, values from 0 to 1, or scores."""

    form = ""  # a key of LOSSES, chosen by the first output

    def _passage(self, x: Array, labels: Labels, seed: int | None) -> LossPassage:
        if seed is not None:
            seed_everything(seed)
        given = self.given(x, labels)
        with np.errstate(all="ignore"):
            result = call(getattr(self.instance, self.specimen.methods.forward), given)
            passage = ObjectPassage(self.specimen, self.instance, given, result)
            loss, dy = self._loss_of(passage.outputs[0], labels)
        return LossPassage(passage, loss, dy)

    def _loss_of(self, y: Array, labels: Labels) -> tuple[float, Array]:
        """The mean loss of an output, and its gradient in the shape of the output."""
        layout = self.reading.layout
        columns = layout["samples"] == "columns" or layout["samples"].startswith("a single column")
        rows = np.asarray(y.T if columns and y.ndim == 2 else y, np.float64).reshape(len(labels), -1)
        if rows.shape[1] != self.classes:
            raise NotMeasuredError(f"its output has {rows.shape[1]} values per sample for {self.classes} classes")
        self.form = self.form or _form(rows)
        loss, d = LOSSES[self.form](rows, np.eye(self.classes)[labels])
        return loss, (d.T if columns and y.ndim == 2 else d).reshape(y.shape)

    def copy(self) -> Self:
        """A network of its own with the same parameters and the same loss."""
        twin = super().copy()
        twin.form = self.form
        return twin

    @property
    def labels_of_training(self) -> tuple[str, ...]:
        """How a training method may take the labels, which forward and backward do not tell."""
        return "one-hot", "classes"

    @property
    def output_methods(self) -> tuple[str, ...]:
        """The forward method alone."""
        return (self.specimen.methods.forward,)

    @property
    def described(self) -> str:
        """How its gradients are computed, in words."""
        methods = self.specimen.methods
        return f"`{methods.forward}` and `{methods.backward}`, with {self.form or SCORES} as the loss"

    def compute_gradients(self, x: Array, labels: Labels) -> Any:
        """Let it compute its gradients, as before an update; it returns none."""
        for passage in self._passages(x, labels, seeded=False):
            passage.backward(np.ones(()))

    def _count(self, passages: Any, samples: int) -> int:
        return samples if takes_one(self.reading.layout) else 1
