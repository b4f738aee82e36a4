"""Dropout at inference: the page."""

import math

from backhand.experiments.questions.observations import Masks, Used
from backhand.experiments.questions.record import Answer, Cell
from backhand.experiments.questions.report.lines import LINES
from backhand.experiments.run.report.classes import Finding
from backhand.page import style
from backhand.page.blocks import Image, Images, Points, Section, Table, Text
from backhand.page.chance import differ
from backhand.page.numbers import counted, decimal, percent

# (trained in this mode, used in that one) -> what it is called
USES = {
    ("inverted", "inverted"): "inverted",
    ("classic", "classic"): "classic",
    ("classic", "inverted"): "classic, scaling forgotten",
    ("inverted", "classic"): "inverted, scaled again",
}
RIGHT = [use for use in USES if use[0] == use[1]]
WRONG = [use for use in USES if use[0] != use[1]]
Use = tuple[str, str]


def chapters(answer: Answer) -> tuple[Section, ...]:
    """What was found, the expected output, what the mismatch costs, every cell."""
    expected = (
        "In training a random mask drops values; at inference there is no mask. Inverted dropout divides by 1 − p in "
        "training, and classic dropout multiplies by 1 − p at inference. Both are meant to make the output at "
        "inference the mean output over all masks. The gap is the distance between the scores at inference and the "
        "mean of the scores over a number of masks, divided by the norm of the scores at inference. With one dropout "
        "layer followed by a linear layer the two are equal, and only the noise of the mean is left, which falls with "
        "the square root of the number of masks. After a further nonlinearity, the mean of the outputs is not the "
        "output of the mean."
    )
    networks = answer.axis("hidden")
    costs = [image for hidden in networks for image in (_loss(answer, hidden), _accuracy(answer, hidden))]
    return (
        Section("summary", "Findings", (Points(findings(answer)),)),
        Section(
            "expected", "The expected output", (Text(expected), Images(tuple(_gaps(answer, each) for each in networks)))
        ),
        Section("mismatch", "What the wrong scaling costs", (Images(tuple(costs)),)),
        Section("cells", "Every cell", (_table(answer),)),
    )


def seen(cell: Cell) -> Masks:
    """What was found in the cell."""
    assert isinstance(cell.found, Masks)
    return cell.found


def used(cell: Cell, use: Use) -> Used:
    """Loss, accuracy and gaps of a network by its use: the form of dropout in training, and that at inference."""
    trained, at_inference = use
    uses = seen(cell).inverted if trained == "inverted" else seen(cell).classic
    return uses.inverted if at_inference == "inverted" else uses.classic


def network(hidden: list[int]) -> str:
    """The name of a network by its hidden layers: [256, 256] gives 256-256."""
    return "-".join(map(str, hidden))


def middle(answer: Answer, hidden: list[int]) -> Cell:
    """The cell of this network whose p lies nearest to a half."""
    return min(answer.where(hidden=hidden), key=lambda cell: abs(cell.short["dropout"] - 0.5))


def findings(answer: Answer) -> tuple[Finding, ...]:
    """For each network: whether the means meet, and what a wrong scaling does, at the p nearest to a half."""
    found: list[Finding] = []
    for hidden in answer.axis("hidden"):
        cell = middle(answer, hidden)
        found += [_expected(cell), *(_offset(cell, use) for use in WRONG), _cost(answer, hidden)]
        found += _idle(answer, hidden)
    return tuple(found)


def _idle(answer: Answer, hidden: list[int]) -> list[Finding]:
    """Networks that learned nothing: how they are used changes nothing either."""
    cells = answer.where(hidden=hidden)
    idle = [cell for cell in cells if not all(answer.better_than_chance(used(cell, use).accuracy) for use in RIGHT)]
    if not idle:
        return []
    which, baseline = ", ".join(f"{cell.short['dropout']:g}" for cell in idle), percent(answer.data.baseline)
    sentence = (
        f"With {network(hidden)} hidden units and p = {which}, the network is no better than answering the same every "
        f"time ({baseline}, within two standard errors), even where it is used as it was trained."
    )
    return [("Learned nothing", sentence)]


def _expected(cell: Cell) -> Finding:
    first, last = seen(cell).masks[0], seen(cell).masks[-1]
    law = math.sqrt(last / first)
    gaps = {use[0]: used(cell, use).gap for use in RIGHT}
    falls = {mode: gap[0] / gap[-1] if gap[-1] else math.inf for mode, gap in gaps.items()}
    ends = (f"{falls[mode]:.1f} times for {mode} dropout (to {percent(gap[-1])})" for mode, gap in gaps.items())
    sentence = (
        f"With {_where(cell)}, the gap between inference and the mean over masks shrinks {' and '.join(ends)} from "
        f"{counted(first, 'mask')} to {counted(last, 'mask')}. Noise alone would shrink {law:.0f} times."
    )
    if all(fall > law / 1.5 for fall in falls.values()):
        return "Same expected output", f"{sentence} Within a factor of 1.5, only noise is left."
    return "Nearly the same expected output", f"{sentence} More than noise is left."


def _offset(cell: Cell, use: Use) -> Finding:
    """How far off the scores are whose scaling is wrong; for one layer the ratio of the scores tells it beforehand."""
    p, gap = cell.short["dropout"], used(cell, use).gap[-1]
    expected = p if use == ("classic", "inverted") else p / (1 - p)
    right = used(cell, (use[0], use[0])).gap[-1]
    sentence = f"With {_where(cell)}, the scores at inference differ from the mean over masks by {percent(gap)}"
    if gap <= 2 * right:
        return _title(use), f"{sentence}, no more than twice as much as with the right scaling ({percent(right)})."
    near = f", as p{'' if use[0] == 'classic' else ' / (1 − p)'} = {percent(expected)} predicts"
    agrees = near if abs(gap - expected) < 0.05 * expected else ""
    return _title(use), f"{sentence}{agrees}; with the right scaling, by {percent(right)}."


def _cost(answer: Answer, hidden: list[int]) -> Finding:
    """How often forgetting the scaling of classic dropout raises the loss, and the most accuracy that it takes."""
    cells, right, wrong = answer.where(hidden=hidden), ("classic", "classic"), ("classic", "inverted")
    worse = [cell for cell in cells if used(cell, wrong).loss > used(cell, right).loss]
    cell = max(cells, key=lambda cell: used(cell, right).accuracy - used(cell, wrong).accuracy)
    before, after = used(cell, right), used(cell, wrong)
    units = f"With {network(hidden)} hidden units, forgetting the scaling"
    rises = f"{units} raises the loss at {len(worse) or 'none'} of {counted(len(cells), 'value')} of p"
    if before.accuracy > after.accuracy:
        held = answer.data.counts["validation"]
        shown = differ(before.accuracy, held, after.accuracy, held)
        doubt = "" if shown else f", a difference that chance can make on {counted(held, 'validation sample')}"
        return (
            "What forgetting costs",
            f"{rises}. The accuracy suffers most at p = {cell.short['dropout']:g}, where it falls from "
            f"{percent(before.accuracy)} to {percent(after.accuracy)} (and the loss changes from "
            f"{decimal(before.loss)} to {decimal(after.loss)}){doubt}.",
        )
    return "What forgetting costs", f"{rises}, and lowers the accuracy at none."


def _title(use: Use) -> str:
    return USES[use][0].upper() + USES[use][1:]


def _where(cell: Cell) -> str:
    return f"{network(cell.short['hidden'])} hidden units and p = {cell.short['dropout']:g}"


def _gaps(answer: Answer, hidden: list[int]) -> Image:
    cell = middle(answer, hidden)
    figure, axes = style.panel(height=3.5)
    for (use, name), look in zip(USES.items(), LINES, strict=False):
        axes.plot(seen(cell).masks, [100 * gap for gap in used(cell, use).gap], label=name, **look)
    axes.set(xscale="log", xlabel="masks averaged", ylabel="gap (%)")
    style.log_scale(axes)
    style.legend(axes, columns=2)
    ends = "; ".join(f"{name} {percent(used(cell, use).gap[-1])}" for use, name in USES.items())
    caption = f"Gap against the number of masks with {_where(cell)}. With {seen(cell).masks[-1]:,} masks: {ends}."
    return Image(f"gap-{network(hidden)}", style.png(figure), caption.removesuffix("."), caption)


def _loss(answer: Answer, hidden: list[int]) -> Image:
    return _against_p(answer, hidden, "loss", "validation loss", 1)


def _accuracy(answer: Answer, hidden: list[int]) -> Image:
    return _against_p(answer, hidden, "accuracy", "validation accuracy (%)", 100)


def _against_p(answer: Answer, hidden: list[int], key: str, label: str, factor: float) -> Image:
    cells = sorted(answer.where(hidden=hidden), key=lambda cell: cell.short["dropout"])
    figure, axes = style.panel(height=3.5)
    for (use, name), look in zip(USES.items(), LINES, strict=False):
        values = [factor * getattr(used(cell, use), key) for cell in cells]
        axes.plot([cell.short["dropout"] for cell in cells], values, label=name, **look)
    axes.set(xlabel="p, the probability of dropping", ylabel=label)
    if key == "loss":
        style.log_scale(axes)
    style.legend(axes, columns=2)
    caption = f"{label.removesuffix(' (%)').capitalize()} against p with {network(hidden)} hidden units."
    return Image(f"{key}-{network(hidden)}", style.png(figure), caption.removesuffix("."), caption)


def _table(answer: Answer) -> Table:
    rows = tuple(
        (
            network(cell.short["hidden"]),
            f"{cell.short['dropout']:g}",
            name,
            decimal(used(cell, use).loss),
            percent(used(cell, use).accuracy),
            percent(used(cell, use).gap[-1]),
        )
        for cell in answer.cells
        for use, name in USES.items()
    )
    masks = seen(answer.cells[0]).masks[-1]
    caption = f"Validation loss and accuracy with each scaling, and the gap to the mean over {masks:,} masks."
    return Table(caption, ("hidden units", "p", "scaling", "loss", "accuracy", "gap"), rows, "lrlrrr")
