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
SINGLE = 50  # of them, those whose signs are looked at one by one


def look(study: Study, feeds: Feeds) -> Gradients:
    """The gradients before training and after, then what the training reached."""
    trainer, loss = trainer_of(study, feeds), study.train.make_loss()
    model = trainer.solver.model
    x, labels = feeds.train.batch(slice(BATCH))
    first = weight_gradients(model, loss, x, labels)
    singles = [weight_gradients(model, loss, x[i : i + 1], labels[i : i + 1]) for i in range(min(SINGLE, len(x)))]
    solver = trainer.fit().raise_divergence().solver
    return Gradients(
        norms=tuple(float(np.linalg.norm(gradient)) for gradient in first),
        norms_after=tuple(float(np.linalg.norm(gradient)) for gradient in weight_gradients(model, loss, x, labels)),
        one_sign=tuple(one_sign(layer) for layer in zip(*singles, strict=True)),
        agreement=tuple(agreement(gradient) for gradient in first),
        train_loss=tuple(record["train_loss"] for record in solver.history),
        validation_accuracy=tuple(record["validation_accuracy"] for record in solver.history),
    )


def weight_gradients(model: Sequential, loss: Loss, x: Array, labels: Labels) -> list[Array]:
    """dw of every layer with weights, as (inputs, units), in float64; the model itself stays as it is."""
    twin = model.copy(np.float64)
    loss.forward(twin.forward(x, train=True, rng=np.random.default_rng(0)), labels)
    twin.backward(loss.backward())
    gradients = (each.grad for each in twin.parameters)
    return [gradient.reshape(-1, gradient.shape[-1]) for gradient in gradients if gradient.ndim > 1]


def one_sign(gradients: tuple[Array, ...]) -> float | None:
    """The share of columns with one sign only, zeros aside, among those that have two entries or more to compare."""
    stacked = np.concatenate(gradients, axis=1)
    up, down = (stacked > 0).sum(0), (stacked < 0).sum(0)
    judged = up + down > 1
    return float(((up == 0) | (down == 0))[judged].mean()) if judged.any() else None


def agreement(gradient: Array) -> float | None:
    """The share of the commoner sign among a column's entries, zeros aside; the mean over the columns."""
    up, down = (gradient > 0).sum(0), (gradient < 0).sum(0)
    judged = up + down > 1
    return float((np.maximum(up, down)[judged] / (up + down)[judged]).mean()) if judged.any() else None
