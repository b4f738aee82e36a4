"""Why is sigmoid hard to train deep: the page."""

import math
from typing import Any

from backhand.experiments.questions.observations import Gradients
from backhand.experiments.questions.record import Answer, Cell
from backhand.experiments.questions.report.lines import LINES
from backhand.experiments.run.report.classes import Finding
from backhand.page import style
from backhand.page.blocks import Image, Images, Points, Section, Table, Text
from backhand.page.numbers import NONE, listed, percent, significant

SHARED = 0.99  # of the units with one sign: all but a few
NEVER_NEGATIVE = ("sigmoid", "relu")


def chapters(answer: Answer) -> tuple[Section, ...]:
    """What was found, the plots, every cell."""
    deep = deepest(answer)
    gradients = (_norms(answer, deep), _ratios(answer))
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
        Section("training", "What the training reached", (Images((_accuracy(answer), _losses(deep))),)),
        Section("signs", "Signs of a unit's weight gradients", (Text(signs), Images((_signs(deep),)))),
        Section("cells", "Every cell", (_table(answer),)),
    )


def seen(cell: Cell) -> Gradients:
    """What was found in the cell."""
    assert isinstance(cell.found, Gradients)
    return cell.found


def depth(cell: Cell) -> int:
    """The number of hidden layers."""
    return len(cell.short["hidden"])


def deepest(answer: Answer) -> list[Cell]:
    """The deepest network of each activation."""
    return [max(answer.where(activation=name), key=depth) for name in answer.axis("activation")]


def ratio(cell: Cell) -> float:
    """The first layer's gradient norm as a share of the last one's."""
    norms = seen(cell).norms
    return norms[0] / norms[-1] if norms[-1] else math.nan


def accuracy(cell: Cell) -> float:
    """The validation accuracy after the last epoch."""
    return float(seen(cell).validation_accuracy[-1])


def one_sign(cell: Cell) -> float | None:
    """The share of units with one sign, the mean over the layers behind the first, whose inputs are activations."""
    shares = [share for share in seen(cell).one_sign[1:] if share is not None]
    return sum(shares) / len(shares) if shares else None


def agreement(cell: Cell) -> str:
    """The commoner sign's share over a batch, the mean over those layers."""
    shares = [share for share in seen(cell).agreement[1:] if share is not None]
    return percent(sum(shares) / len(shares)) if shares else NONE


def findings(answer: Answer) -> tuple[Finding, ...]:
    """What the cells show of sigmoid, and of the others beside it."""
    cells = {cell.short["activation"]: cell for cell in deepest(answer)}
    found = [_vanishing(cells), _step(cells), *(_training(answer, name) for name in cells), *map(_sign, cells.values())]
    found.append(_same_signs(cells))
    return tuple(finding for finding in found if finding)


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


def _step(cells: dict[str, Cell]) -> Finding | None:
    """What one more layer does to the norm, on the average over the hidden layers."""
    if "sigmoid" not in cells or depth(cells["sigmoid"]) < 2:
        return None
    norms = seen(cells["sigmoid"]).norms[:-1]
    if not norms[-1]:
        return None
    factor = (norms[0] / norms[-1]) ** (1 / (len(norms) - 1))
    return (
        "Layer by layer",
        f"From each hidden layer of sigmoid to the one before it, the norm shrinks to {factor:.2f} times its value "
        f"(geometric mean over {len(norms)} layers). The slope of sigmoid is at most 0.25.",
    )


def _training(answer: Answer, name: str) -> Finding:
    cells = sorted(answer.where(activation=name), key=depth)
    chance = answer.data.baseline
    failed = [depth(cell) for cell in cells if not answer.better_than_chance(accuracy(cell))]
    low, high = min(map(accuracy, cells)), max(map(accuracy, cells))
    depths = f"{depth(cells[0])} to {depth(cells[-1])} hidden layers"
    reached = f"With {depths}, the validation accuracy is between {percent(low)} and {percent(high)}."
    always = f"answering the same every time ({percent(chance)})"
    if failed:
        which = listed(list(map(str, failed)))
        nothing = f"the network learned nothing: it is no better than {always}, within two standard errors."
        return f"Training with {name}", f"{reached} With {which} hidden layers {nothing}"
    return f"Training with {name}", f"{reached} Every network learned more than {always}."


def _sign(cell: Cell) -> Finding | None:
    share, name = one_sign(cell), cell.short["activation"]
    if share is None:
        return None
    figure = (
        f"For a single sample, all weight gradients of a unit have the same sign in {percent(share)} of the units "
        f"after the first layer. Over a batch, the commoner sign has a share of {agreement(cell)} on average."
    )
    if share >= SHARED and name in NEVER_NEGATIVE:
        return f"Signs with {name}", f"{figure} The inputs of these layers are never negative."
    return f"Signs with {name}", figure


def _same_signs(cells: dict[str, Cell]) -> Finding | None:
    """A sentence on the signs of the gradients, often said to be a fault of sigmoid alone: ReLU has them, too."""
    shares = [one_sign(cells[name]) for name in NEVER_NEGATIVE if name in cells]
    if len(shares) < 2 or any(share is None or share < SHARED for share in shares):
        return None
    sentence = "Sigmoid and ReLU show the same pattern of signs, so it cannot be why only sigmoid is hard to train."
    return "What the signs explain", sentence


def _two_digits(value: float) -> str:
    return significant(value, 2)


def _lines(answer: Answer) -> list[tuple[str, dict[str, Any]]]:
    return list(zip(answer.axis("activation"), LINES, strict=False))


def _norms(answer: Answer, deep: list[Cell]) -> Image:
    figure, axes = style.panel()
    for (name, look), cell in zip(_lines(answer), deep, strict=True):
        norms = seen(cell).norms
        axes.plot(range(1, len(norms) + 1), norms, label=name, **look)
    style.log_scale(axes)
    axes.set(xlabel="layer", ylabel="norm of the weight gradient")
    style.legend(axes)
    ranges = "; ".join(
        f"{c.short['activation']} {_two_digits(seen(c).norms[0])} to {_two_digits(seen(c).norms[-1])}" for c in deep
    )
    caption = f"Gradient norm of each layer of the deepest networks before training. First and last layer: {ranges}."
    return Image("gradient-norms", style.png(figure), caption.removesuffix("."), caption)


def _ratios(answer: Answer) -> Image:
    figure, axes = style.panel()
    for name, look in _lines(answer):
        cells = sorted(answer.where(activation=name), key=depth)
        axes.plot([depth(cell) for cell in cells], [ratio(cell) for cell in cells], label=name, **look)
    style.log_scale(axes)
    axes.set(xlabel="hidden layers", ylabel="first layer's norm / last layer's")
    style.legend(axes)
    caption = "The first layer's gradient norm as a share of the last layer's, against depth, before training."
    return Image("gradient-ratios", style.png(figure), caption.removesuffix("."), caption)


def _accuracy(answer: Answer) -> Image:
    figure, axes = style.panel()
    for name, look in _lines(answer):
        cells = sorted(answer.where(activation=name), key=depth)
        axes.plot([depth(cell) for cell in cells], [100 * accuracy(cell) for cell in cells], label=name, **look)
    axes.axhline(100 * answer.data.baseline, label="always the same answer", **style.DIAGONAL)
    axes.set(xlabel="hidden layers", ylabel="validation accuracy (%)", ylim=(0, 102))
    style.legend(axes, columns=2)
    caption = "Validation accuracy after the last epoch, against depth."
    return Image("accuracy-depth", style.png(figure), caption.removesuffix("."), caption)


def _losses(deep: list[Cell]) -> Image:
    figure, axes = style.panel()
    for cell, look in zip(deep, LINES, strict=False):
        losses = seen(cell).train_loss
        label = f"{cell.short['activation']}, {depth(cell)}"
        axes.plot(range(1, len(losses) + 1), losses, label=label, **(look | {"markersize": 2.5}))
    style.log_scale(axes)
    axes.set(xlabel="epoch", ylabel="training loss")
    style.legend(axes)
    caption = "Training loss of the deepest network of each activation, against epoch."
    return Image("loss-deepest", style.png(figure), caption.removesuffix("."), caption)


def _signs(deep: list[Cell]) -> Image:
    figure, axes = style.panel()
    for cell, look in zip(deep, LINES, strict=False):
        shares = [math.nan if share is None else 100 * share for share in seen(cell).one_sign]
        axes.plot(range(1, len(shares) + 1), shares, label=cell.short["activation"], clip_on=False, **look)
    axes.set(xlabel="layer", ylabel="units with one sign (%)", ylim=(-3, 103))
    style.legend(axes)
    caption = "Units whose weight gradients all have one sign, for a single sample, in the deepest networks."
    return Image("signs", style.png(figure), caption.removesuffix("."), caption)


def _table(answer: Answer) -> Table:
    head = (
        *("activation", "depth", "first norm", "last norm", "ratio"),
        *("after training", "one sign", "in a batch", "accuracy"),
    )
    rows = tuple(
        (
            cell.short["activation"],
            str(depth(cell)),
            *map(_two_digits, (seen(cell).norms[0], seen(cell).norms[-1], ratio(cell), seen(cell).norms_after[0])),
            percent(one_sign(cell)),
            agreement(cell),
            percent(accuracy(cell)),
        )
        for cell in answer.cells
    )
    caption = (
        "Gradient norms of the first and the last layer before training, their ratio, and the norm of the first layer "
        "after training. Of the layers after the first, the share of units with one sign, and the share of the "
        "commoner sign over a batch. At the right, the validation accuracy."
    )
    return Table(caption, head, rows, "lrrrrrrrr")
