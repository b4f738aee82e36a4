"""The report on the question of what dropout does at inference."""

import math

from backhand.experiments.questions.observations import InferenceResult, Masks
from backhand.experiments.questions.record import Answer, Cell
from backhand.experiments.questions.report.lines import LINES
from backhand.experiments.run.report.classes import Finding
from backhand.page import style
from backhand.page.blocks import Image, Images, Points, Section, Table, Text
from backhand.page.chance import differ
from backhand.page.numbers import counted, decimal, percent

# The name of each use: (mode in training, mode at inference).
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
    """The findings, the expected output, the cost of the wrong scaling, and the table of all cells."""
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
    costs = [image for hidden in networks for image in (_loss_plot(answer, hidden), _accuracy_plot(answer, hidden))]
    return (
        Section("summary", "Findings", (Points(findings(answer)),)),
        Section(
            "expected",
            "The expected output",
            (Text(expected), Images(tuple(_gaps_plot(answer, hidden) for hidden in networks))),
        ),
        Section("mismatch", "What the wrong scaling costs", (Images(tuple(costs)),)),
        Section("cells", "Every cell", (_table(answer),)),
    )


def observation(cell: Cell) -> Masks:
    """The results with each mode of dropout that were measured in the cell."""
    assert isinstance(cell.found, Masks)
    return cell.found


def result(cell: Cell, use: Use) -> InferenceResult:
    """Loss, accuracy and gaps of a network by its use: the mode of dropout in training, and the mode at inference."""
    in_training, at_inference = use
    results = observation(cell).inverted if in_training == "inverted" else observation(cell).classic
    return results.inverted if at_inference == "inverted" else results.classic


def network(hidden: list[int]) -> str:
    """The name of a network by its hidden layers: [256, 256] gives 256-256."""
    return "-".join(map(str, hidden))


def middle_cell(answer: Answer, hidden: list[int]) -> Cell:
    """The cell of this network whose p is nearest to a half."""
    return min(answer.cells_with(hidden=hidden), key=lambda cell: abs(cell.settings["dropout"] - 0.5))


def findings(answer: Answer) -> tuple[Finding, ...]:
    """For each network: whether the mean over masks equals the output at inference, and what a wrong scaling does."""
    sentences: list[Finding] = []
    for hidden in answer.axis("hidden"):
        cell = middle_cell(answer, hidden)
        sentences += [_expected(cell), *(_offset(cell, use) for use in WRONG), _cost(answer, hidden)]
        sentences += _unlearned(answer, hidden)
    return tuple(sentences)


def _unlearned(answer: Answer, hidden: list[int]) -> list[Finding]:
    """A sentence on the values of p with which the network learned nothing, where there are any."""
    accuracies = {
        cell.settings["dropout"]: min(result(cell, use).accuracy for use in RIGHT)
        for cell in answer.cells_with(hidden=hidden)
    }
    unlearned = [f"{p:g}" for p, accuracy in accuracies.items() if not answer.better_than_chance(accuracy)]
    if not unlearned:
        return []
    values, baseline = ", ".join(unlearned), percent(answer.data.baseline)
    sentence = (
        f"With {network(hidden)} hidden units and p = {values}, the network is no better than answering the same every "
        f"time ({baseline}, within two standard errors), even where it is used as it was trained."
    )
    return [("Learned nothing", sentence)]


def _expected(cell: Cell) -> Finding:
    first, last = observation(cell).masks[0], observation(cell).masks[-1]
    noise_factor = math.sqrt(last / first)
    gaps = {use[0]: result(cell, use).gap for use in RIGHT}
    factors = {mode: gap[0] / gap[-1] if gap[-1] else math.inf for mode, gap in gaps.items()}
    shrinkages = (f"{factors[mode]:.1f} times for {mode} dropout (to {percent(gap[-1])})" for mode, gap in gaps.items())
    sentence = (
        f"With {_where(cell)}, the gap between inference and the mean over masks shrinks {' and '.join(shrinkages)} "
        f"from {counted(first, 'mask')} to {counted(last, 'mask')}. Noise alone would shrink {noise_factor:.0f} times."
    )
    if all(factor > noise_factor / 1.5 for factor in factors.values()):
        return "Same expected output", f"{sentence} Within a factor of 1.5, only noise is left."
    return "Nearly the same expected output", f"{sentence} More than noise is left."


def _offset(cell: Cell, use: Use) -> Finding:
    """How far a wrong scaling moves the scores from the mean over masks; for one dropout layer, p predicts it."""
    p, gap = cell.settings["dropout"], result(cell, use).gap[-1]
    expected = p if use == ("classic", "inverted") else p / (1 - p)
    right_gap = result(cell, (use[0], use[0])).gap[-1]
    sentence = f"With {_where(cell)}, the scores at inference differ from the mean over masks by {percent(gap)}"
    if gap <= 2 * right_gap:
        return _title(use), f"{sentence}, no more than twice as much as with the right scaling ({percent(right_gap)})."
    prediction = f", as p{'' if use[0] == 'classic' else ' / (1 − p)'} = {percent(expected)} predicts"
    agreement = prediction if abs(gap - expected) < 0.05 * expected else ""
    return _title(use), f"{sentence}{agreement}; with the right scaling, by {percent(right_gap)}."


def _cost(answer: Answer, hidden: list[int]) -> Finding:
    """How often forgetting the scaling of classic dropout raises the loss, and where it costs the most accuracy."""
    cells, right_use, wrong_use = answer.cells_with(hidden=hidden), ("classic", "classic"), ("classic", "inverted")
    worse = [cell for cell in cells if result(cell, wrong_use).loss > result(cell, right_use).loss]
    cell = max(cells, key=lambda cell: result(cell, right_use).accuracy - result(cell, wrong_use).accuracy)
    before, after = result(cell, right_use), result(cell, wrong_use)
    units = f"With {network(hidden)} hidden units, forgetting the scaling"
    rises = f"{units} raises the loss at {len(worse) or 'none'} of {counted(len(cells), 'value')} of p"
    if before.accuracy > after.accuracy:
        samples = answer.data.counts["validation"]
        significant = differ(before.accuracy, samples, after.accuracy, samples)
        doubt = "" if significant else f", a difference that chance can make on {counted(samples, 'validation sample')}"
        return (
            "What forgetting costs",
            f"{rises}. The accuracy suffers most at p = {cell.settings['dropout']:g}, where it falls from "
            f"{percent(before.accuracy)} to {percent(after.accuracy)} (and the loss changes from "
            f"{decimal(before.loss)} to {decimal(after.loss)}){doubt}.",
        )
    return "What forgetting costs", f"{rises}, and lowers the accuracy at none."


def _title(use: Use) -> str:
    return USES[use][0].upper() + USES[use][1:]


def _where(cell: Cell) -> str:
    return f"{network(cell.settings['hidden'])} hidden units and p = {cell.settings['dropout']:g}"


def _gaps_plot(answer: Answer, hidden: list[int]) -> Image:
    cell = middle_cell(answer, hidden)
    figure, axes = style.panel(height=3.5)
    for (use, name), line_style in zip(USES.items(), LINES, strict=False):
        axes.plot(observation(cell).masks, [100 * gap for gap in result(cell, use).gap], label=name, **line_style)
    axes.set(xscale="log", xlabel="masks averaged", ylabel="gap (%)")
    style.log_scale(axes)
    style.legend(axes, columns=2)
    last_gaps = "; ".join(f"{name} {percent(result(cell, use).gap[-1])}" for use, name in USES.items())
    caption = (
        f"Gap against the number of masks with {_where(cell)}. With {observation(cell).masks[-1]:,} masks: {last_gaps}."
    )
    return Image(f"gap-{network(hidden)}", style.png(figure), caption.removesuffix("."), caption)


def _loss_plot(answer: Answer, hidden: list[int]) -> Image:
    return _against_p(answer, hidden, "loss", "validation loss", 1)


def _accuracy_plot(answer: Answer, hidden: list[int]) -> Image:
    return _against_p(answer, hidden, "accuracy", "validation accuracy (%)", 100)


def _against_p(answer: Answer, hidden: list[int], key: str, label: str, factor: float) -> Image:
    cells = sorted(answer.cells_with(hidden=hidden), key=lambda cell: cell.settings["dropout"])
    figure, axes = style.panel(height=3.5)
    for (use, name), line_style in zip(USES.items(), LINES, strict=False):
        values = [factor * getattr(result(cell, use), key) for cell in cells]
        axes.plot([cell.settings["dropout"] for cell in cells], values, label=name, **line_style)
    axes.set(xlabel="p, the probability of dropping", ylabel=label)
    if key == "loss":
        style.log_scale(axes)
    style.legend(axes, columns=2)
    caption = f"{label.removesuffix(' (%)').capitalize()} against p with {network(hidden)} hidden units."
    return Image(f"{key}-{network(hidden)}", style.png(figure), caption.removesuffix("."), caption)


def _table(answer: Answer) -> Table:
    rows = tuple(
        (
            network(cell.settings["hidden"]),
            f"{cell.settings['dropout']:g}",
            name,
            decimal(result(cell, use).loss),
            percent(result(cell, use).accuracy),
            percent(result(cell, use).gap[-1]),
        )
        for cell in answer.cells
        for use, name in USES.items()
    )
    masks = observation(answer.cells[0]).masks[-1]
    caption = f"Validation loss and accuracy with each scaling, and the gap to the mean over {masks:,} masks."
    return Table(caption, ("hidden units", "p", "scaling", "loss", "accuracy", "gap"), rows, "lrlrrr")
