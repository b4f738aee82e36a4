"""What a training minimises: a loss on the scores, and a penalty on the weights."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from backhand.arrays import Array, Labels
from backhand.backend import op
from backhand.errors import closest
from backhand.model import Sequential
from backhand.ops import l2, logistic, softmax_cross_entropy


@dataclass(eq=False)
class Loss:
    """A loss op on a batch: the mean over the samples, its gradient, and what the scores say of the classes."""

    op_name: ClassVar[str]
    binary: ClassVar[bool] = False
    confidence: ClassVar[str]  # what `predict_proba` returns, in words for the reader

    _cache: Any = None

    def outputs(self, classes: int) -> int:
        """The number of scores a model must give for this many classes. Raises ValueError when it cannot."""
        if self.binary and classes != 2:
            raise ValueError(f"the loss {self.op_name} tells 2 classes apart, and the data has {classes}")
        return 1 if self.binary else classes

    def forward(self, scores: Array, labels: Labels) -> float:
        """scores (N, outputs), labels (N,) -> the mean loss."""
        loss, self._cache = op(self.op_name).forward(scores, labels, **self.options())
        return float(loss)

    def backward(self) -> Array:
        """dloss/dscores (N, outputs), of the latest forward."""
        (ds,) = op(self.op_name).backward(1.0, self._cache)
        return ds

    def predict(self, scores: Array) -> Labels:
        """The class of each row, (N,) int64."""
        chosen = scores[:, 0] > 0 if self.binary else scores.argmax(1)
        return chosen.astype(np.int64)

    def predict_proba(self, scores: Array) -> Array:
        """One column a class, rows summing to 1: see `confidence` for what these figures are."""
        if not self.binary:
            return softmax_cross_entropy.predict_proba(scores)
        p = logistic.predict_proba(scores.reshape(-1, 1))
        return np.concatenate([1 - p, p], axis=1)

    def options(self) -> dict[str, Any]:
        """The op's keyword arguments."""
        return {}


@dataclass(eq=False)
class SoftmaxCrossEntropy(Loss):
    """-log of the softmax probability of the right class; `smoothing` in [0, 1] shares out that much of the target."""

    op_name = "softmax_cross_entropy"
    confidence = "softmax probability"

    smoothing: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.smoothing <= 1:
            raise ValueError(f"label smoothing must be in [0, 1], not {self.smoothing}")

    def options(self) -> dict[str, Any]:
        """The smoothing."""
        return {"smoothing": self.smoothing}


@dataclass(eq=False)
class Logistic(Loss):
    """-log of the sigmoid probability of the right one of two classes."""

    op_name = "logistic"
    binary = True
    confidence = "sigmoid probability"


@dataclass(eq=False)
class Hinge(Loss):
    """Every class against the right one, margin 1."""

    op_name = "hinge"
    confidence = "softmax of the scores (a hinge loss is not trained to give probabilities)"


@dataclass(eq=False)
class BinaryHinge(Loss):
    """The support vector machine's loss on two classes, margin 1."""

    op_name = "binary_hinge"
    binary = True
    confidence = "sigmoid of the score (a hinge loss is not trained to give probabilities)"


LOSSES: dict[str, type[Loss]] = {kind.op_name: kind for kind in (SoftmaxCrossEntropy, Logistic, Hinge, BinaryHinge)}


def loss(name: str, **options: Any) -> Loss:
    """The loss of this name. Raises ValueError for an unknown one."""
    if name not in LOSSES:
        raise ValueError(f'there is no loss "{name}"{closest(name, LOSSES)}')
    return LOSSES[name](**options)


@dataclass(eq=False)
class L2:
    """The L2 penalty on a model's weights (not on biases, scales and shifts): λ/2 Σ w² ("half") or λ Σ w² ("whole")."""

    strength: float = 0.0
    form: str = "half"

    def __post_init__(self) -> None:
        l2.forward(np.zeros(0), strength=self.strength, form=self.form)  # refuses bad arguments

    def forward(self, model: Sequential) -> float:
        """The penalty."""
        parameters = model.parameters
        return float(sum(self._term(parameters.values[part])[0] for part in self._parts(model)))

    def backward(self, model: Sequential) -> None:
        """Adds the penalty's gradient to the model's."""
        for part in self._parts(model):
            _, cache = self._term(model.parameters.values[part])
            model.parameters.grads[part] += l2.backward(1.0, cache)[0]

    def _parts(self, model: Sequential) -> list[slice]:
        return model.parameters.penalised if self.strength else []

    def _term(self, w: Array) -> tuple[Array, tuple[Array, float]]:
        return l2.forward(w, strength=self.strength, form=self.form)
