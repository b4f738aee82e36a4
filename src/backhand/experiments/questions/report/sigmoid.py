"""The report on the question of why deep networks of sigmoid units are hard to train."""

import math
from typing import Any

from backhand.experiments.questions.observations import Gradients
from backhand.experiments.questions.record import Answer, Cell
from backhand.experiments.questions.report.lines import LINES
from backhand.experiments.run.report.classes import Finding
from backhand.page import style
from backhand.page.blocks import Image, Images, Points, Section, Table, Text
from backhand.page.numbers import NONE, listed, percent, significant

SAME_SIGN = 0.99  # a share of units with one sign from which it is said of all of them but a few
NEVER_NEGATIVE = ("sigmoid", "relu")


def chapters(answer: Answer) -> tuple[Section, ...]:
    """The findings, the plots, and the table of all cells."""
    deep = deepest(answer)
    gradients = (_norms_plot(answer, deep), _ratios_plot(answer))
    about = (
        "Before the first step of each network, the norm of the weight gradient of every layer was measured on one "
        "batch. Layer 1 is next to the input; the last layer gives the scores."
    )
    signs = (
        "The gradient of a unit's weight w_i is x_i dy: for one sample, its sign is that of the input x_i times that "
        "of the unit's upstream gradient dy. Where all inputs are positive, all weights of a unit therefore rise "
        "together or fall together. The plot shows the share of units, one sample at a time, whose nonzero weight "
        "gradients all have the same sign."
    )
    return (
        Section("summary", "Findings", (Points(findings(answer)),)),
        Section("gradients", "Gradients, layer by layer", (Text(about), Images(gradients))),
        Section("training", "What the training reached", (Images((_accuracy_plot(answer), _losses_plot(deep))),)),
        Section("signs", "Signs of a unit's weight gradients", (Text(signs), Images((_signs_plot(deep),)))),
        Section("cells", "Every cell", (_table(answer),)),
    )


def observation(cell: Cell) -> Gradients:
    """The gradients that were measured in the cell."""
    assert isinstance(cell.found, Gradients)
    return cell.found


def depth(cell: Cell) -> int:
    """The number of hidden layers."""
    return len(cell.settings["hidden"])


def deepest(answer: Answer) -> list[Cell]:
    """The deepest network of each activation."""
    return [max(answer.cells_with(activation=name), key=depth) for name in answer.axis("activation")]


def ratio(cell: Cell) -> float:
    """The gradient norm of the first layer divided by that of the last layer."""
    norms = observation(cell).norms
    return norms[0] / norms[-1] if norms[-1] else math.nan


def accuracy(cell: Cell) -> float:
    """The validation accuracy after the last epoch."""
    return float(observation(cell).validation_accuracy[-1])


def one_sign(cell: Cell) -> float | None:
    """The share of units with one sign: the mean over the layers after the first, whose inputs are activations."""
    shares = [share for share in observation(cell).one_sign[1:] if share is not None]
    return sum(shares) / len(shares) if shares else None


def agreement(cell: Cell) -> str:
    """The share of the commoner sign over a batch as text: the mean over the layers after the first."""
    shares = [share for share in observation(cell).agreement[1:] if share is not None]
    return percent(sum(shares) / len(shares)) if shares else NONE


def findings(answer: Answer) -> tuple[Finding, ...]:
    """What the cells show of sigmoid, and of the other activations."""
    cells = {cell.settings["activation"]: cell for cell in deepest(answer)}
    trainings = [_training(answer, name) for name in cells]
    sentences = [_vanishing(cells), _per_layer(cells), *trainings, *map(_signs, cells.values()), _same_signs(cells)]
    return tuple(finding for finding in sentences if finding)


def _vanishing(cells: dict[str, Cell]) -> Finding | None:
    if not {"sigmoid", "relu"} <= cells.keys():
        return None
    sigmoid, relu = cells["sigmoid"], cells["relu"]
    if math.isnan(ratio(sigmoid)) or math.isnan(ratio(relu)):
        return None
    figures = (
        f"with {depth(sigmoid)} hidden layers of sigmoid, the norm of the first layer's weight gradient is "
        f"{_two_digits(ratio(sigmoid))} times that of the last layer; with {depth(relu)} layers of ReLU it is "
        f"{_two_digits(ratio(relu))} times."
    )
    if ratio(sigmoid) < 0.1 and ratio(sigmoid) < ratio(relu) / 10:
        return "Vanishing gradients", f"Before the first step, {figures}"
    return "No vanishing gradients", f"The gradient of sigmoid is not ten times weaker than that of ReLU: {figures}"


def _per_layer(cells: dict[str, Cell]) -> Finding | None:
    """The factor by which the norm changes from one hidden layer to the next, on average."""
    if "sigmoid" not in cells or depth(cells["sigmoid"]) < 2:
        return None
    norms = observation(cells["sigmoid"]).norms[:-1]
    if not norms[-1]:
        return None
    factor = (norms[0] / norms[-1]) ** (1 / (len(norms) - 1))
    return (
        "Layer by layer",
        f"From each hidden layer of sigmoid to the one before it, the norm shrinks to {factor:.2f} times its value "
        f"(geometric mean over {len(norms)} layers). The slope of sigmoid is at most 0.25.",
    )


def _training(answer: Answer, name: str) -> Finding:
    cells = sorted(answer.cells_with(activation=name), key=depth)
    chance = answer.data.baseline
    failed = [depth(cell) for cell in cells if not answer.better_than_chance(accuracy(cell))]
    low, high = min(map(accuracy, cells)), max(map(accuracy, cells))
    depths = f"{depth(cells[0])} to {depth(cells[-1])} hidden layers"
    reached = f"With {depths}, the validation accuracy is between {percent(low)} and {percent(high)}."
    always = f"answering the same every time ({percent(chance)})"
    if failed:
        failed_depths = listed(list(map(str, failed)))
        nothing = f"the network learned nothing: it is no better than {always}, within two standard errors."
        return f"Training with {name}", f"{reached} With {failed_depths} hidden layers {nothing}"
    return f"Training with {name}", f"{reached} Every network learned more than {always}."


def _signs(cell: Cell) -> Finding | None:
    share, name = one_sign(cell), cell.settings["activation"]
    if share is None:
        return None
    figure = (
        f"For a single sample, all weight gradients of a unit have the same sign in {percent(share)} of the units "
        f"after the first layer. Over a batch, the commoner sign has a share of {agreement(cell)} on average."
    )
    if share >= SAME_SIGN and name in NEVER_NEGATIVE:
        return f"Signs with {name}", f"{figure} The inputs of these layers are never negative."
    return f"Signs with {name}", figure


def _same_signs(cells: dict[str, Cell]) -> Finding | None:
    """That ReLU shows the same signs as sigmoid, where it does; they are often called a fault of sigmoid alone."""
    shares = [one_sign(cells[name]) for name in NEVER_NEGATIVE if name in cells]
    if len(shares) < 2 or any(share is None or share < SAME_SIGN for share in shares):
        return None
    sentence = "Sigmoid and ReLU show the same pattern of signs, so it cannot be why only sigmoid is hard to train."
    return "What the signs explain", sentence


def _two_digits(value: float) -> str:
    return significant(value, 2)


def _line_styles(answer: Answer) -> list[tuple[str, dict[str, Any]]]:
    """Each activation with the style of its line."""
    return list(zip(answer.axis("activation"), LINES, strict=False))


def _norms_plot(answer: Answer, deep: list[Cell]) -> Image:
    figure, axes = style.panel()
    for (name, line_style), cell in zip(_line_styles(answer), deep, strict=True):
        norms = observation(cell).norms
        axes.plot(range(1, len(norms) + 1), norms, label=name, **line_style)
    style.log_scale(axes)
    axes.set(xlabel="layer", ylabel="norm of the weight gradient")
    style.legend(axes)
    ranges = "; ".join(
        f"{c.settings['activation']} {_two_digits(observation(c).norms[0])} to {_two_digits(observation(c).norms[-1])}"
        for c in deep
    )
    caption = f"Gradient norm of each layer of the deepest networks before training. First and last layer: {ranges}."
    return Image("gradient-norms", style.png(figure), caption.removesuffix("."), caption)


def _ratios_plot(answer: Answer) -> Image:
    figure, axes = style.panel()
    for name, line_style in _line_styles(answer):
        cells = sorted(answer.cells_with(activation=name), key=depth)
        axes.plot([depth(cell) for cell in cells], [ratio(cell) for cell in cells], label=name, **line_style)
    style.log_scale(axes)
    axes.set(xlabel="hidden layers", ylabel="first layer's norm / last layer's")
    style.legend(axes)
    caption = "The first layer's gradient norm as a share of the last layer's, against depth, before training."
    return Image("gradient-ratios", style.png(figure), caption.removesuffix("."), caption)


def _accuracy_plot(answer: Answer) -> Image:
    figure, axes = style.panel()
    for name, line_style in _line_styles(answer):
        cells = sorted(answer.cells_with(activation=name), key=depth)
        axes.plot([depth(cell) for cell in cells], [100 * accuracy(cell) for cell in cells], label=name, **line_style)
    axes.axhline(100 * answer.data.baseline, label="always the same answer", **style.DIAGONAL)
    axes.set(xlabel="hidden layers", ylabel="validation accuracy (%)", ylim=(0, 102))
    style.legend(axes, columns=2)
    caption = "Validation accuracy after the last epoch, against depth."
    return Image("accuracy-depth", style.png(figure), caption.removesuffix("."), caption)


def _losses_plot(deep: list[Cell]) -> Image:
    figure, axes = style.panel()
    for cell, line_style in zip(deep, LINES, strict=False):
        losses = observation(cell).train_loss
        label = f"{cell.settings['activation']}, {depth(cell)}"
        axes.plot(range(1, len(losses) + 1), losses, label=label, **(line_style | {"markersize": 2.5}))
    style.log_scale(axes)
    axes.set(xlabel="epoch", ylabel="training loss")
    style.legend(axes)
    caption = "Training loss of the deepest network of each activation, against epoch."
    return Image("loss-deepest", style.png(figure), caption.removesuffix("."), caption)


def _signs_plot(deep: list[Cell]) -> Image:
    figure, axes = style.panel()
    for cell, line_style in zip(deep, LINES, strict=False):
        shares = [math.nan if share is None else 100 * share for share in observation(cell).one_sign]
        axes.plot(range(1, len(shares) + 1), shares, label=cell.settings["activation"], clip_on=False, **line_style)
    axes.set(xlabel="layer", ylabel="units with one sign (%)", ylim=(-3, 103))
    style.legend(axes)
    caption = "Units whose weight gradients all have one sign, for a single sample, in the deepest networks."
    return Image("signs", style.png(figure), caption.removesuffix("."), caption)


def _table(answer: Answer) -> Table:
    head = (
        *("activation", "depth", "first norm", "last norm", "ratio"),
        *("after training", "one sign", "in a batch", "accuracy"),
    )
    caption = (
        "Gradient norms of the first and the last layer before training, their ratio, and the norm of the first layer "
        "after training. Of the layers after the first, the share of units with one sign, and the share of the "
        "commoner sign over a batch. At the right, the validation accuracy."
    )
    return Table(caption, head, tuple(map(_row, answer.cells)), "lrrrrrrrr")


def _row(cell: Cell) -> tuple[str, ...]:
    gradients, signs = observation(cell), (percent(one_sign(cell)), agreement(cell))
    norms = gradients.norms[0], gradients.norms[-1], ratio(cell), gradients.norms_after[0]
    return cell.settings["activation"], str(depth(cell)), *map(_two_digits, norms), *signs, percent(accuracy(cell))
