"""The loss falls, then diverges: the page."""

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from backhand.experiments.questions.record import Answer, Cell
from backhand.experiments.questions.report.fates import (
    accuracy,
    advised,
    came_to_nothing,
    diverged,
    exhibit,
    fallen,
    fell,
    learned,
    limits,
    seen,
)
from backhand.experiments.questions.report.lines import LINES
from backhand.experiments.run.report.classes import Finding
from backhand.experiments.run.report.network import dying
from backhand.page import style
from backhand.page.blocks import Code, Image, Images, Points, Section, Table, Text
from backhand.page.numbers import NONE, counted, decimal, percent


def chapters(answer: Answer) -> tuple[Section, ...]:
    """The map, the course of a divergence with what the solver says, every cell that diverged."""
    about = (
        "Each cell is a training that starts from the same initial weights. The divergence guard stops a training when "
        f"its loss is not finite or exceeds a thousand times the first loss.{_about_lost(answer)}"
    )
    case = exhibit(answer)
    course = Section("course", "The course of a divergence", _course(answer, case) if case else ())
    table = Section("diverged", "Every divergence", (_table(answer),) if diverged(answer) else ())
    sections = (
        Section("summary", "Findings", (Points(findings(answer)),)),
        Section("map", "Learning rate and batch size", (Text(about), Images((_map(answer),)))),
        course,
        table,
    )
    return tuple(section for section in sections if section.blocks)


def _about_lost(answer: Answer) -> str:
    """How others came to nothing, if they did, by the activation that the network has."""
    if not came_to_nothing(answer):
        return ""
    why = dying(answer.record.activation)
    return f" Others do not diverge and yet learn nothing{f': {why}' if why else ''}."


def findings(answer: Answer) -> tuple[Finding, ...]:
    """What the map shows, and whether the advice helps."""
    gone = diverged(answer)
    if not gone:
        return _best(answer), ("No divergence", f"None of {counted(len(answer.cells), 'training')} diverged.")
    after = [cell for cell in gone if fell(cell)]
    lost = came_to_nothing(answer)
    found = [
        _best(answer),
        (
            "Diverged",
            f"{len(gone)} of {counted(len(answer.cells), 'training')} diverged, {len(after)} of them after the loss "
            "had fallen by a tenth or more. The lowest learning rate at which one diverged is "
            f"{min(cell.short['lr'] for cell in gone):g}.",
        ),
        *([_lost(answer, lost)] if lost else []),
        *(_advice(answer, gone, what) for what in advised(answer, gone[0])),
        _edge(answer),
    ]
    return tuple(finding for finding in found if finding)


def _best(answer: Answer) -> Finding:
    ended = [cell for cell in answer.cells if not seen(cell).message]
    if not ended:
        return "Best", "No training came to its end."
    best = max(ended, key=accuracy)
    return (
        "Best",
        f"The highest validation accuracy, {percent(accuracy(best))}, was reached with a learning rate of "
        f"{best.short['lr']:g} and batches of {best.short['batch_size']}.",
    )


def _lost(answer: Answer, lost: list[Cell]) -> Finding:
    once = sum(map(fell, lost))
    which = "Its loss" if len(lost) == 1 else f"In {once} of them the loss"
    in_between = f" {which} had once fallen by a tenth or more." if once else ""
    return (
        "Learned nothing",
        f"{counted(len(lost), 'more training')} ended without diverging, but classified no better than answering the "
        f"same every time ({percent(answer.data.baseline)}, within two standard errors).{in_between}",
    )


def _advice(answer: Answer, gone: list[Cell], what: str) -> Finding | None:
    """Of the divergences whose advised cell is on the map, how many learn there."""
    cells = [found for cell in gone if (found := advised(answer, cell)[what])]
    if not cells:
        return None
    ended = sum(not seen(cell).message for cell in cells)
    good = sum(learned(answer, cell) for cell in cells)
    return (
        f"Advice: {what}",
        f"The map has a training with {what} for {counted(len(cells), 'divergence')}. Of these trainings, {ended} did "
        f"not diverge and {good} learned.",
    )


def _edge(answer: Answer) -> Finding | None:
    found = limits(answer)
    if len(found) < max(2, len(answer.axis("batch_size"))):
        return None
    (small, low), *_, (large, high) = found.items()
    rates = list(found.values())
    figures = (
        f"The highest learning rate that learns is {low:g} with batches of {small} and {high:g} with batches of {large}"
    )
    if high > low and rates == sorted(rates):
        return "Larger batches allow larger steps", f"{figures}; in between it never falls."
    return "The highest rate that learns", f"{figures}; it does not rise steadily with the batch size."


def _map(answer: Answer) -> Image:
    rates, sizes = sorted(answer.axis("lr")), sorted(answer.axis("batch_size"))
    grid = np.full((len(sizes), len(rates)), np.nan)
    for cell in answer.cells:
        grid[sizes.index(cell.short["batch_size"]), rates.index(cell.short["lr"])] = 100 * accuracy(cell)
    figure, axes = style.panel(1.6 + 0.72 * len(rates), 1.2 + 0.5 * len(sizes))
    image = axes.imshow(grid, cmap="Blues", vmin=0, vmax=100, aspect="auto", origin="lower")
    bar = figure.colorbar(image, ax=axes, pad=0.02)
    bar.set_label("validation accuracy (%)")
    bar.outline.set_visible(False)
    for (row, column), value in np.ndenumerate(grid):
        if np.isnan(value):
            corner = column - 0.5, row - 0.5
            axes.add_patch(Rectangle(corner, 1, 1, facecolor="white", edgecolor=style.FAINT, hatch="////", linewidth=0))
        (cell,) = answer.where(batch_size=sizes[row], lr=rates[column])
        _label(axes, cell, column, row)
    axes.set_xticks(range(len(rates)), [f"{rate:g}" for rate in rates])
    axes.set_yticks(range(len(sizes)), list(map(str, sizes)))
    axes.set(xlabel="learning rate", ylabel="batch size")
    axes.grid(visible=False)
    caption = (
        f"Validation accuracy after the last epoch (%). Hatched cells diverged at the step after the ×: "
        f"{len(diverged(answer))} of {counted(len(answer.cells), 'training')}."
    )
    return Image("map", style.png(figure), caption.removesuffix("."), caption)


def _label(axes: Axes, cell: Cell, x: int, y: int) -> None:
    box = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
    if seen(cell).message:
        axes.text(x, y, f"× {seen(cell).steps + 1}", ha="center", va="center", fontsize=9, bbox=box)
    else:
        ink = "white" if accuracy(cell) > 0.6 else style.INK
        axes.text(x, y, f"{100 * accuracy(cell):.1f}", ha="center", va="center", color=ink, fontsize=9)


def _course(answer: Answer, case: Cell) -> tuple[Text | Code | Images, ...]:
    shown = [case, *(cell for cell in advised(answer, case).values() if cell)]
    figure, axes = style.panel(6.4, 3.6)
    for cell, look in zip(shown, LINES, strict=False):
        steps, losses = zip(*seen(cell).curve, strict=True)
        fate = "diverged" if seen(cell).message else "ended"
        label = f"rate {cell.short['lr']:g}, batch {cell.short['batch_size']}: {fate}"
        axes.plot(steps, losses, label=label, **(look | {"markersize": 3}))
    style.log_scale(axes)
    axes.set(xscale="log", xlabel="step", ylabel="loss of the batch")
    style.legend(axes, columns=1)
    first, lowest = (math.nan if loss is None else loss for loss in fallen(case))
    course = f"fell from {decimal(first)} to {decimal(lowest)}" if fell(case) else f"began at {decimal(first)}"
    where = f"a learning rate of {case.short['lr']:g} and batches of {case.short['batch_size']}"
    caption = (
        f"With {where} the loss {course} and then diverged at step {seen(case).steps + 1}. The other curves are the "
        "trainings that the solver's advice leads to."
    )
    image = Image("course", style.png(figure), caption.removesuffix("."), caption)
    return Text(f"With {where} the solver stopped with this message:"), Code(seen(case).message), Images((image,))


def _table(answer: Answer) -> Table:
    rows = tuple(
        (
            f"{cell.short['lr']:g}",
            str(cell.short["batch_size"]),
            str(seen(cell).steps + 1),
            decimal(seen(cell).first) if seen(cell).first is not None else NONE,
            decimal(seen(cell).lowest) if seen(cell).lowest is not None else NONE,
            seen(cell).message,
        )
        for cell in diverged(answer)
    )
    head = ("learning rate", "batch size", "step", "first loss", "lowest loss", "message of the solver")
    return Table("Every training that diverged: the step, and the message of the solver.", head, rows, "rrrrrl")
