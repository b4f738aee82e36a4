"""The training of a run in a paragraph that a student can hand in; each sentence follows from the study."""

from collections.abc import Iterator

from backhand.page.numbers import counted, listed, plain
from backhand.study import Study
from backhand.study.augment import AugmentTable
from backhand.study.optimizers import AdamTable, AdamWTable, SgdTable
from backhand.study.schedules import (
    ConstantTable,
    CosineTable,
    ExponentialTable,
    LinearTable,
    OneCycleTable,
    PlateauTable,
    ScheduleTable,
    StepTable,
)
from backhand.study.train import TrainTable

OPTIMIZERS = {"sgd": "stochastic gradient descent", "rmsprop": "RMSProp", "adam": "Adam", "adamw": "AdamW"}
LOSSES = {
    "softmax_cross_entropy": "softmax cross-entropy",
    "logistic": "the logistic loss",
    "hinge": "the multi-class hinge loss",
    "binary_hinge": "the binary hinge loss",
    "squared_error": "the squared error",
    "absolute_error": "the absolute error",
    "huber": "the Huber loss",
}


def recipe(study: Study) -> str:
    """Sentences on the optimiser, the learning rate, the batches, the loss, the regularisation and the augmentation."""
    train, augment = study.train, study.data.augment
    methods = _regularisation(train, study.model)
    return " ".join((_steps(train), *_loss(train), *methods, *_augmentation(augment), *_end(train)))


def _steps(train: TrainTable) -> str:
    optimizer = train.optimizer
    kind, momentum = OPTIMIZERS[optimizer.kind], optimizer.momentum
    if momentum and isinstance(optimizer, AdamTable | AdamWTable):
        kind += f" (β₁ = {momentum:g}, β₂ = {optimizer.beta2:g})"
    elif momentum:
        nesterov = isinstance(optimizer, SgdTable) and optimizer.nesterov
        kind += f" with {'Nesterov ' * nesterov}momentum {momentum:g}"
    batches = f"on batches of {plain(train.batch_size)} samples"
    return f"The network was trained by {kind} {batches}. {_rate(optimizer.lr, train.schedule)}"


def _rate(lr: float | str, schedule: ScheduleTable) -> str:
    after = f", after a linear warm-up of {_epochs(schedule.warmup)}" if schedule.warmup else ""
    return f"The learning rate {plain(lr)} {_schedule_text(schedule)}{after}."


def _schedule_text(schedule: ScheduleTable) -> str:
    match schedule:
        case ConstantTable():
            return "is constant"
        case StepTable():
            return f"is multiplied by {schedule.factor:g} every {_epochs(schedule.every).removeprefix('1 ')}"
        case ExponentialTable():
            return f"decays exponentially, by a factor of {schedule.factor:g} in {_epochs(schedule.every)}"
        case CosineTable():
            return f"falls to {schedule.floor:g} along half a period of a cosine"
        case OneCycleTable():
            return f"is the peak of one cycle, reached after {schedule.rise:.0%} of the training"
        case PlateauTable():
            return f"is multiplied by {schedule.factor:g} whenever the loss stops falling"
        case LinearTable():
            return f"changes linearly to {schedule.end:g}"


def _epochs(number: float) -> str:
    return counted(int(number), "epoch") if number == int(number) else f"{number:g} epochs"


def _loss(train: TrainTable) -> Iterator[str]:
    smoothing, weights = train.label_smoothing, train.class_weights
    yield f"The loss is {LOSSES[train.loss]}{f' with label smoothing {smoothing:g}' if smoothing else ''}."
    if smoothing:
        yield (
            f"Smoothing spreads {smoothing:.0%} of each target over all classes: the loss cannot reach 0, and the "
            "network's confidence is meant to stay below 100%, also where it is always right."
        )
    if weights is not None:
        weight_texts = {
            "balanced": "the inverse of its class's size",
            "sqrt": "the inverse square root of its class's size",
        }
        weight = weight_texts.get(weights, "its class") if isinstance(weights, str) else "its class"
        yield f"The loss of each sample is weighted by {weight}."


def _regularisation(train: TrainTable, model: object) -> Iterator[str]:
    methods = []
    if train.l2:
        methods.append(f"an L2 penalty of {train.l2:g} on the weights")
    if train.optimizer.weight_decay:
        methods.append(f"weight decay {train.optimizer.weight_decay:g}")
    if dropout := getattr(model, "dropout", 0):  # not every architecture has dropout
        methods.append(f"dropout of {plain(dropout)}")
    if getattr(model, "batchnorm", False):
        methods.append("batch normalisation")
    if methods:
        yield f"The network is regularised by {listed(methods)}."
    limits = (("norm", train.clip_norm), ("components", train.clip_value))
    if clips := [f"{quantity} at {limit:g}" for quantity, limit in limits if limit]:
        yield f"Gradients are clipped by their {listed(clips)}."


def _augmentation(augment: AugmentTable) -> Iterator[str]:
    augmentations = [key if value is True else f"{key} {value:g}" for key, value in augment if value]
    if augmentations:
        yield f"Training images are augmented by {listed(augmentations)}."
    else:
        yield "The training data are not augmented."


def _end(train: TrainTable) -> Iterator[str]:
    patience = train.early_stopping.patience
    if patience:
        yield f"Training stops early after {counted(patience, 'epoch')} without improvement."
