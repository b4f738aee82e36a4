"""The training of a run in a paragraph that a student can hand in; each sentence follows from the study.

The epochs that were trained are figures of the run, which a report and a card say beside the paragraph.
"""

from collections.abc import Iterable, Iterator

from backhand.experiments.splits import FEW_BATCHES
from backhand.page.numbers import counted, listed, plain
from backhand.precision import FLOAT32
from backhand.study import Study
from backhand.study.augment import AugmentTable
from backhand.study.averages import ExponentialTable as MovingAverageTable
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
from backhand.training.metrics import words

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
    """Sentences on what was trained and how: every setting of the study that changes the weights or the figures."""
    train = study.train
    sentences = (
        _steps(train),
        *_loss(study),
        *_parts(train),
        *_regularisation(train, study.model),
        *_augmentation(study.data.augment),
        *_end(train),
        *_evaluation(train),
        *map(sentence, filter(None, [trial(train)])),
    )
    return " ".join(sentences)


def trial(train: TrainTable) -> str:
    """Why the figures of a run say nothing of a whole training, as a remark; empty where they do."""
    if train.fast_dev_run:
        what = f"is a trial of one epoch on {FEW_BATCHES} batches of each split (train.fast_dev_run)"
    elif train.overfit_batches is not None:
        batches = "a single batch" if train.overfit_batches == 1 else f"the same {train.overfit_batches} batches"
        what = f"was trained and validated on {batches} alone (train.overfit_batches)"
    else:
        return ""
    return f"the run {what}; its figures say nothing of a training on all samples"


def sentence(remark: str) -> str:
    """A remark as a sentence of its own."""
    return f"{remark[0].upper()}{remark[1:]}."


def _steps(train: TrainTable) -> str:
    optimizer = train.optimizer
    kind, momentum = OPTIMIZERS[optimizer.kind], optimizer.momentum
    if momentum and isinstance(optimizer, AdamTable | AdamWTable):
        kind += f" (β₁ = {momentum:g}, β₂ = {optimizer.beta2:g})"
    elif momentum:
        nesterov = isinstance(optimizer, SgdTable) and optimizer.nesterov
        kind += f" with {'Nesterov ' * nesterov}momentum {momentum:g}"
    batches = f"on batches of {plain(train.batch_size)} samples"
    if train.accumulate > 1:
        batches += f", each of which passes through the network in {train.accumulate} parts"
    if train.precision != FLOAT32:
        batches += f", with the factors of its products rounded to {train.precision}"
    if train.sync_batchnorm:
        batches += "; processes that share a batch normalise by the statistics of all of it"
    begun = "" if train.init_from is None else " It began with the weights of another model."
    changes = [_rate("learning rate", optimizer.lr, train.schedule)]
    if train.momentum_schedule is not None:
        changes.append(_rate("momentum", momentum, train.momentum_schedule))
    return f"The network was trained by {kind} {batches}.{begun} {' '.join(changes)}"


def _rate(name: str, value: float | str, schedule: ScheduleTable) -> str:
    after = f", after a linear warm-up of {_epochs(schedule.warmup)}" if schedule.warmup else ""
    return f"The {name} {plain(value)} {_schedule_text(schedule)}{after}."


def _parts(train: TrainTable) -> Iterator[str]:
    """What trains at another rate than the rest, later than the rest, or not at all; and averaged weights."""
    if train.freeze:
        yield f"{_layers(train.freeze)} kept the weights with which they began."
    for epoch, layers in train.unfrozen_at.items():
        yield f"{_layers(layers)} began to train in epoch {epoch}."
    for name, factor in train.layer_rates.items():
        yield f"{_layers([name])} learn at {factor:g} times the learning rate."
    if isinstance(train.average, MovingAverageTable):
        decay = f"{train.average.decay:g}"
        yield f"The weights that were evaluated and kept are an exponential moving average, of decay {decay}."
    elif train.average is not None:
        yield (
            "The weights that were evaluated and kept are the mean of those after each epoch (stochastic weight "
            f"averaging), from {train.average.start:.0%} of the epochs on."
        )


def _layers(names: Iterable[str]) -> str:
    return f"The layers {listed([f'“{name}”' for name in names])}"


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
    return _number(number, "epoch")


def _number(number: float, unit: str) -> str:
    return counted(int(number), unit) if number == int(number) else f"{number:g} {unit}s"


def _loss(study: Study) -> Iterator[str]:
    train = study.train
    smoothing, weights = train.label_smoothing, train.class_weights
    option = f" with label smoothing {smoothing:g}" if smoothing else ""
    if train.loss == "huber":
        option = f", linear beyond {train.huber_delta:g} standard deviations"
    yield f"The loss is {LOSSES[train.loss]}{option}."
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
    if study.data.sample_weight is not None:
        yield f"The loss of each sample is weighted by its value in the column “{study.data.sample_weight}”."


def _regularisation(train: TrainTable, model: object) -> Iterator[str]:
    methods = []
    if train.l2:
        whole = ", without the factor ½," if train.l2_form == "whole" else ""
        methods.append(f"an L2 penalty of {train.l2:g}{whole} on the weights")
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
    stopping = train.early_stopping
    limits = (("step", train.max_steps), ("second", train.max_seconds))
    for unit, limit in limits:
        if limit is not None:
            yield f"Training ends after {_number(limit, unit)} at the latest."
    of = "" if stopping.monitor is None else f" of the {words(stopping.monitor)}"
    if stopping.patience:
        least = f" by more than {stopping.min_delta:g}" if stopping.min_delta else ""
        yield f"Training stops early after {counted(stopping.patience, 'epoch')} without improvement{of}{least}."
    if not stopping.restore_best:
        yield "The weights of the last epoch were kept."
    elif of:
        yield f"The weights of the best epoch were kept, by the {words(stopping.monitor or '')}."


def _evaluation(train: TrainTable) -> Iterator[str]:
    """How the kept weights were scored, where that is on more than the samples as they are."""
    views = ["mirrored"] * train.test_flips
    views += [f"shifted by {counted(train.test_shift, 'pixel')}"] if train.test_shift else []
    if views:
        yield f"The scores are of answers averaged over each image as it is and {listed(views)}."
