"""How a run was trained, in a paragraph that can stand in a hand-in: each sentence follows from its study."""

from collections.abc import Iterator, Mapping
from typing import Any

from backhand.experiments.run.record import Run
from backhand.page.numbers import counted, plain

OPTIMIZERS = {"sgd": "stochastic gradient descent", "rmsprop": "RMSProp", "adam": "Adam", "adamw": "AdamW"}
LOSSES = {
    "softmax_cross_entropy": "softmax cross-entropy",
    "logistic": "the logistic loss",
    "hinge": "the multi-class hinge loss",
    "binary_hinge": "the binary hinge loss",
}
Settings = Mapping[str, Any]


def recipe(run: Run) -> str:
    """The optimiser, the rate and its schedule, the batches, the loss, the regularisation and the augmentation.

    Empty for a run whose study says nothing of its training.
    """
    train = run.study.get("train", {})
    if "optimizer" not in train:
        return ""
    model, augment = run.study.get("model", {}), run.study.get("data", {}).get("augment", {})
    return " ".join(
        (_steps(train), *_loss(train), *_regularisation(train, model), *_augmentation(augment), *_end(train))
    )


def _steps(train: Settings) -> str:
    optimizer = train["optimizer"]
    kind = OPTIMIZERS.get(optimizer.get("kind", "sgd"), str(optimizer.get("kind")))
    momentum = optimizer.get("momentum", 0)
    if momentum and optimizer.get("kind") in ("adam", "adamw"):
        kind += f" (β₁ = {momentum:g}, β₂ = {optimizer.get('beta2', 0.999):g})"
    elif momentum:
        kind += f" with {'Nesterov ' * bool(optimizer.get('nesterov'))}momentum {momentum:g}"
    batch = f"batches of {plain(train.get('batch_size', 100))}"
    return f"Trained by {kind} on {batch}. {_rate(optimizer.get('lr'), train.get('schedule', {}))}"


def _rate(lr: Any, schedule: Settings) -> str:
    kind, factor = schedule.get("kind", "constant"), f"{schedule.get('factor', 0.1):g}"
    course = {
        "constant": "stays as it is",
        "step": f"is multiplied by {factor} every {_epochs(schedule.get('every', 1))}",
        "exponential": f"is multiplied by {factor} over {_epochs(schedule.get('every', 1))}, a little each step",
        "cosine": f"falls along half a cosine to {schedule.get('floor', 0):g}",
        "one_cycle": f"is the peak of one cycle; it rises for {schedule.get('rise', 0.3):.0%} of the training",
        "plateau": f"is multiplied by {factor} when the loss stops falling",
        "linear": f"runs along a line to {schedule.get('end', 0):g}",
    }.get(kind, f"follows the schedule {kind}")
    warmup = schedule.get("warmup", 0)
    after = f", after a linear warm-up of {_epochs(warmup)}" if warmup else ""
    return f"The learning rate {plain(lr)} {course}{after}."


def _epochs(number: float) -> str:
    return counted(int(number), "epoch") if number == int(number) else f"{number:g} epochs"


def _loss(train: Settings) -> Iterator[str]:
    name, smoothing = str(train.get("loss", "softmax_cross_entropy")), train.get("label_smoothing", 0)
    yield f"The loss is {LOSSES.get(name, name)}{f' with label smoothing {smoothing:g}' if smoothing else ''}."
    if smoothing:
        yield (
            f"Smoothing spreads {smoothing:.0%} of each target over all classes, so the loss cannot reach 0, and the "
            f"network learns to be less confident than it could be."
        )
    weights = train.get("class_weights")
    if weights is not None:
        how = {"balanced": "by the inverse of their class's size", "sqrt": "by the inverse root of their class's size"}
        yield f"Samples are weighted {how.get(weights, 'by class') if isinstance(weights, str) else 'by class'}."


def _regularisation(train: Settings, model: Settings) -> Iterator[str]:
    means = []
    if train.get("l2"):
        means.append(f"an L2 penalty of {train['l2']:g} on the weights")
    if train["optimizer"].get("weight_decay"):
        means.append(f"weight decay {train['optimizer']['weight_decay']:g}")
    if model.get("dropout"):
        means.append(f"dropout of {plain(model['dropout'])}")
    if model.get("batchnorm"):
        means.append("batch normalisation")
    if means:
        yield f"It is regularised by {_listed(means)}."
    limits = (("norm", "clip_norm"), ("components", "clip_value"))
    if clips := [f"{what} at {train[key]:g}" for what, key in limits if train.get(key)]:
        yield f"Gradients are clipped: their {_listed(clips)}."


def _augmentation(augment: Settings) -> Iterator[str]:
    used = [str(key) if value is True else f"{key} {value:g}" for key, value in augment.items() if value]
    yield f"Training images are augmented by {_listed(used)}." if used else "No augmentation is used."


def _end(train: Settings) -> Iterator[str]:
    patience = train.get("early_stopping", {}).get("patience")
    if patience:
        yield f"Training stops early after {counted(patience, 'epoch')} without a better one."


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
