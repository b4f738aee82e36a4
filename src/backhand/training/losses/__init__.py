"""What a training minimises: a loss on the scores, of a classifier or of a regression."""

from typing import Any

from backhand.errors import closest
from backhand.training.losses.base import Loss, finite_rows
from backhand.training.losses.classification import (
    BinaryHinge,
    ClassificationLoss,
    Hinge,
    Logistic,
    SoftmaxCrossEntropy,
    class_weights,
)
from backhand.training.losses.regression import AbsoluteError, Huber, RegressionLoss, SquaredError

__all__ = [
    "CLASSIFICATION",
    "LOSSES",
    "REGRESSION",
    "AbsoluteError",
    "BinaryHinge",
    "ClassificationLoss",
    "Hinge",
    "Huber",
    "Logistic",
    "Loss",
    "RegressionLoss",
    "SoftmaxCrossEntropy",
    "SquaredError",
    "class_weights",
    "classifier_loss",
    "finite_rows",
    "loss",
    "regression_loss",
]

_CLASSIFIERS: tuple[type[ClassificationLoss], ...] = (SoftmaxCrossEntropy, Logistic, Hinge, BinaryHinge)
_REGRESSORS: tuple[type[RegressionLoss], ...] = (SquaredError, AbsoluteError, Huber)
CLASSIFICATION = {kind.op_name: kind for kind in _CLASSIFIERS}
REGRESSION = {kind.op_name: kind for kind in _REGRESSORS}
LOSSES: dict[str, type[Loss]] = {**CLASSIFICATION, **REGRESSION}


def classifier_loss(measure: Loss) -> ClassificationLoss:
    """The same loss, for code that needs classes. Raises TypeError for a loss of regression."""
    if not isinstance(measure, ClassificationLoss):
        raise TypeError(f"{measure} is a loss of regression, which has no classes")
    return measure


def regression_loss(measure: Loss) -> RegressionLoss:
    """The same loss, for code that needs targets. Raises TypeError for a loss of classifiers."""
    if not isinstance(measure, RegressionLoss):
        raise TypeError(f"{measure} is a loss of classifiers, which has no targets")
    return measure


def loss(name: str, **options: Any) -> Loss:
    """The loss of this name, with these options. Raises ValueError for an unknown name."""
    if name not in LOSSES:
        raise ValueError(f'unknown loss "{name}"{closest(name, LOSSES)}')
    return LOSSES[name](**options)
