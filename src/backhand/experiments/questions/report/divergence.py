"""The report on the question of when a loss diverges."""

import math
from typing import TYPE_CHECKING

import numpy as np

from backhand.experiments.questions.record import Answer, Cell
from backhand.experiments.questions.report.divergence_cells import (
    accuracy,
    advised_cells,
    diverged_cells,
    example,
    first_and_lowest,
    learned,
    loss_fell,
    observation,
    rate_limits,
    unlearned_cells,
)
from backhand.experiments.questions.report.lines import LINES
from backhand.experiments.run.report.classes import Finding
from backhand.experiments.run.report.network import dying
from backhand.page import style
from backhand.page.blocks import Code, Image, Images, Points, Section, Table, Text
from backhand.page.numbers import NONE, counted, decimal, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def chapters(answer: Answer) -> tuple[Section, ...]:
    """The findings, the map, the loss of a training that diverged with the solver's message, and every divergence."""
    about = (
        "Each cell is a training that starts from the same initial weights. The divergence guard stops a training when "
        f"its loss is not finite or exceeds a thousand times the first loss.{_about_unlearned(answer)}"
    )
    diverged = example(answer)
    course = Section("course", "The course of a divergence", _course(answer, diverged) if diverged else ())
    table = Section("diverged", "Every divergence", (_table(answer),) if diverged_cells(answer) else ())
    sections = (
        Section("summary", "Findings", (Points(findings(answer)),)),
        Section("map", "Learning rate and batch size", (Text(about), Images((_map(answer),)))),
        course,
        table,
    )
    return tuple(section for section in sections if section.blocks)


def _about_unlearned(answer: Answer) -> str:
    """A sentence on trainings that learned nothing without diverging, and how that comes about with this activation."""
    if not unlearned_cells(answer):
        return ""
    explanation = dying(answer.record.activation)
    return f" Others do not diverge and yet learn nothing{f': {explanation}' if explanation else ''}."


def findings(answer: Answer) -> tuple[Finding, ...]:
    """What the map shows, and whether the solver's advice helps."""
    diverged = diverged_cells(answer)
    if not diverged:
        return _best(answer), ("No divergence", f"None of {counted(len(answer.cells), 'training')} diverged.")
    fallen = [cell for cell in diverged if loss_fell(cell)]
    unlearned = unlearned_cells(answer)
    sentences = [
        _best(answer),
        (
            "Diverged",
            f"{len(diverged)} of {counted(len(answer.cells), 'training')} diverged, {len(fallen)} of them after the "
            "loss had fallen by a tenth or more. The lowest learning rate at which one diverged is "
            f"{min(cell.settings['lr'] for cell in diverged):g}.",
        ),
        *([_unlearned(answer, unlearned)] if unlearned else []),
        *(_advice(answer, diverged, advice) for advice in advised_cells(answer, diverged[0])),
        _highest_rates(answer),
    ]
    return tuple(finding for finding in sentences if finding)


def _best(answer: Answer) -> Finding:
    ended = [cell for cell in answer.cells if not observation(cell).message]
    if not ended:
        return "Best", "No training came to its end."
    best = max(ended, key=accuracy)
    return (
        "Best",
        f"The highest validation accuracy, {percent(accuracy(best))}, was reached with a learning rate of "
        f"{best.settings['lr']:g} and batches of {best.settings['batch_size']}.",
    )


def _unlearned(answer: Answer, cells: list[Cell]) -> Finding:
    fallen = sum(map(loss_fell, cells))
    subject = "Its loss" if len(cells) == 1 else f"In {fallen} of them the loss"
    in_between = f" {subject} had once fallen by a tenth or more." if fallen else ""
    return (
        "Learned nothing",
        f"{counted(len(cells), 'more training')} ended without diverging, but classified no better than answering the "
        f"same every time ({percent(answer.data.baseline)}, within two standard errors).{in_between}",
    )


def _advice(answer: Answer, diverged: list[Cell], advice: str) -> Finding | None:
    """How many of the trainings to which this advice leads do not diverge, and learn."""
    cells = [advised for cell in diverged if (advised := advised_cells(answer, cell)[advice])]
    if not cells:
        return None
    ended = sum(not observation(cell).message for cell in cells)
    good = sum(learned(answer, cell) for cell in cells)
    return (
        f"Advice: {advice}",
        f"The map has a training with {advice} for {counted(len(cells), 'divergence')}. Of these trainings, {ended} "
        f"did not diverge and {good} learned.",
    )


def _highest_rates(answer: Answer) -> Finding | None:
    limits = rate_limits(answer)
    if len(limits) < max(2, len(answer.axis("batch_size"))):
        return None
    (small, low), *_, (large, high) = limits.items()
    rates = list(limits.values())
    figures = (
        f"The highest learning rate that learns is {low:g} with batches of {small} and {high:g} with batches of {large}"
    )
    if high > low and rates == sorted(rates):
        return "Larger batches allow larger steps", f"{figures}; in between it never falls."
    return "The highest rate that learns", f"{figures}; it does not rise steadily with the batch size."


def _map(answer: Answer) -> Image:
    from matplotlib.patches import Rectangle

    rates, sizes = sorted(answer.axis("lr")), sorted(answer.axis("batch_size"))
    grid = np.full((len(sizes), len(rates)), np.nan)
    for cell in answer.cells:
        grid[sizes.index(cell.settings["batch_size"]), rates.index(cell.settings["lr"])] = 100 * accuracy(cell)
    figure, axes = style.panel(1.6 + 0.72 * len(rates), 1.2 + 0.5 * len(sizes))
    image = axes.imshow(grid, cmap="Blues", vmin=0, vmax=100, aspect="auto", origin="lower")
    bar = figure.colorbar(image, ax=axes, pad=0.02)
    bar.set_label("validation accuracy (%)")
    bar.outline.set_visible(False)
    for (row, column), value in np.ndenumerate(grid):
        if np.isnan(value):
            corner = column - 0.5, row - 0.5
            axes.add_patch(Rectangle(corner, 1, 1, facecolor="white", edgecolor=style.FAINT, hatch="////", linewidth=0))
        (cell,) = answer.cells_with(batch_size=sizes[row], lr=rates[column])
        _label(axes, cell, column, row)
    axes.set_xticks(range(len(rates)), [f"{rate:g}" for rate in rates])
    axes.set_yticks(range(len(sizes)), list(map(str, sizes)))
    axes.set(xlabel="learning rate", ylabel="batch size")
    axes.grid(visible=False)
    caption = (
        f"Validation accuracy after the last epoch (%). Hatched cells diverged at the step after the ×: "
        f"{len(diverged_cells(answer))} of {counted(len(answer.cells), 'training')}."
    )
    return Image("map", style.png(figure), caption.removesuffix("."), caption)


def _label(axes: "Axes", cell: Cell, x: int, y: int) -> None:
    box = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
    if observation(cell).message:
        axes.text(x, y, f"× {observation(cell).steps + 1}", ha="center", va="center", fontsize=9, bbox=box)
    else:
        ink = "white" if accuracy(cell) > 0.6 else style.INK
        axes.text(x, y, f"{100 * accuracy(cell):.1f}", ha="center", va="center", color=ink, fontsize=9)


def _course(answer: Answer, diverged: Cell) -> tuple[Text | Code | Images, ...]:
    cells = [diverged, *(cell for cell in advised_cells(answer, diverged).values() if cell)]
    figure, axes = style.panel(6.4, 3.6)
    for cell, line_style in zip(cells, LINES, strict=False):
        steps, losses = zip(*observation(cell).curve, strict=True)
        outcome = "diverged" if observation(cell).message else "ended"
        label = f"rate {cell.settings['lr']:g}, batch {cell.settings['batch_size']}: {outcome}"
        axes.plot(steps, losses, label=label, **(line_style | {"markersize": 3}))
    style.log_scale(axes)
    axes.set(xscale="log", xlabel="step", ylabel="loss of the batch")
    style.legend(axes, columns=1)
    first, lowest = (math.nan if loss is None else loss for loss in first_and_lowest(diverged))
    course = f"fell from {decimal(first)} to {decimal(lowest)}" if loss_fell(diverged) else f"began at {decimal(first)}"
    where = f"a learning rate of {diverged.settings['lr']:g} and batches of {diverged.settings['batch_size']}"
    step, message = observation(diverged).steps + 1, observation(diverged).message
    caption = (
        f"With {where} the loss {course} and then diverged at step {step}. The other curves are the "
        "trainings that the solver's advice leads to."
    )
    image = Image("course", style.png(figure), caption.removesuffix("."), caption)
    return Text(f"With {where} the solver stopped with this message:"), Code(message), Images((image,))


def _table(answer: Answer) -> Table:
    rows = tuple(map(_row, diverged_cells(answer)))
    head = ("learning rate", "batch size", "step", "first loss", "lowest loss", "message of the solver")
    return Table("Every training that diverged: the step, and the message of the solver.", head, rows, "rrrrrl")


def _row(cell: Cell) -> tuple[str, ...]:
    losses = observation(cell)
    first, lowest = (NONE if loss is None else decimal(loss) for loss in (losses.first, losses.lowest))
    lr, batch_size = cell.settings["lr"], cell.settings["batch_size"]
    return f"{lr:g}", str(batch_size), str(losses.steps + 1), first, lowest, losses.message
