"""Why is sigmoid hard to train deep? Gradient norms layer by layer, and the signs of a unit's weight gradients."""

import numpy as np

from backhand.arrays import Array, Labels
from backhand.experiments.build import Feeds
from backhand.experiments.questions.observations import Gradients
from backhand.experiments.questions.training import trainer_of
from backhand.model.sequential import Sequential
from backhand.study import Study
from backhand.training.losses import Loss

KEYS = tuple(Gradients.VALUES)
BATCH = 200  # training samples whose gradient is measured
SINGLES = 50  # the first of them, whose gradients are computed one sample at a time


def measure(study: Study, feeds: Feeds) -> Gradients:
    """Train a cell; return its gradients before and after the training, and its loss and accuracy per epoch."""
    trainer, loss = trainer_of(study, feeds), study.train.make_loss()
    model = trainer.solver.model
    x, labels = feeds.train.batch(slice(BATCH))[:2]
    initial = weight_gradients(model, loss, x, labels)
    singles = [weight_gradients(model, loss, x[i : i + 1], labels[i : i + 1]) for i in range(min(SINGLES, len(x)))]
    solver = trainer.fit().raise_divergence().solver
    return Gradients(
        norms=tuple(float(np.linalg.norm(gradient)) for gradient in initial),
        norms_after=tuple(float(np.linalg.norm(gradient)) for gradient in weight_gradients(model, loss, x, labels)),
        one_sign=tuple(one_sign(layer) for layer in zip(*singles, strict=True)),
        agreement=tuple(agreement(gradient) for gradient in initial),
        train_loss=tuple(record["train_loss"] for record in solver.history),
        validation_accuracy=tuple(record["validation_accuracy"] for record in solver.history),
    )


def weight_gradients(model: Sequential, loss: Loss, x: Array, labels: Labels) -> list[Array]:
    """dw of every layer with weights, as (inputs, units), in float64; the gradients of the model are not changed."""
    copy = model.copy(np.float64)
    loss.forward(copy.forward(x, train=True, rng=np.random.default_rng(0)), labels)
    copy.backward(loss.backward())
    gradients = (parameter.grad for parameter in copy.parameters)
    return [gradient.reshape(-1, gradient.shape[-1]) for gradient in gradients if gradient.ndim > 1]


def one_sign(gradients: tuple[Array, ...]) -> float | None:
    """The share of columns whose entries all have the same sign, among columns with at least two nonzero entries.

    Zeros have no sign and are left out. None where no column has two nonzero entries.
    """
    stacked = np.concatenate(gradients, axis=1)
    positive, negative = (stacked > 0).sum(0), (stacked < 0).sum(0)
    comparable = positive + negative > 1
    return float(((positive == 0) | (negative == 0))[comparable].mean()) if comparable.any() else None


def agreement(gradient: Array) -> float | None:
    """The share of the commoner sign among the nonzero entries of a column, as the mean over the columns.

    Columns with fewer than two nonzero entries are left out. None where no other is left.
    """
    positive, negative = (gradient > 0).sum(0), (gradient < 0).sum(0)
    total = positive + negative
    comparable = total > 1
    shares = np.maximum(positive, negative)[comparable] / total[comparable]
    return float(shares.mean()) if comparable.any() else None
