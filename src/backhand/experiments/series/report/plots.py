"""Plots of a part: curves, accuracy against the cases of an axis, heat maps. Lines also differ in dash and mark."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from backhand.experiments.series.record import Cell
from backhand.page import style
from backhand.training.metrics import find_metric

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = style.BLUE, style.ORANGE, style.SKY, style.INK, style.FAINT
DASHES = "-", (0, (5, 1.6)), ":", (0, (3, 1.2, 1, 1.2))
LINE_STYLES: dict[str, dict[str, Any]] = {
    "train": style.TRAIN,
    "validation": style.VALIDATION,
    "test": {"color": style.INK, "linestyle": ":", "marker": "^", "markersize": 3.5},
}
MARKS = "o", "s", "^", "D", "v", "P", "X", "*"


def curves(cells: tuple[Cell, ...], key: str, label: str, *, over_time: bool) -> bytes:
    """Draw a figure of the history of each cell's first run, over its epochs or over the seconds of training."""
    figure, axes = style.panel(style.WIDTH * 1.1, style.HEIGHT * 1.1)
    for i, cell in enumerate(cells):
        history = [epoch for epoch in cell.runs[0].history if key in epoch]
        x = [epoch["elapsed" if over_time else "epoch"] for epoch in history]
        metric = find_metric(key)
        scale = metric.factor if metric else 1
        y = [scale * epoch[key] for epoch in history]
        axes.plot(x, y, label=style.shorten(cell.name, 28), **_line_style(i))
    axes.set(xlabel="training time (s)" if over_time else "epoch", ylabel=label)
    if len(cells) > 1:
        _legend(axes, len(cells))
    return style.png(figure)


def panels(cells: tuple[Cell, ...]) -> bytes:
    """Draw a small plot for each cell, all on one scale: the accuracies of its first run against epochs."""
    columns = min(4, len(cells))
    rows = -(-len(cells) // columns)
    figure = style.figure(2.4 * columns, 1.75 * rows)
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    for axes, cell in zip(grid.flat, cells, strict=False):
        for split in ("train", "validation"):
            history = [epoch for epoch in cell.runs[0].history if f"{split}_accuracy" in epoch]
            values = [100 * epoch[f"{split}_accuracy"] for epoch in history]
            line_style = LINE_STYLES[split] | {"label": "training" if split == "train" else split, "markersize": 2}
            axes.plot([epoch["epoch"] for epoch in history], values, **line_style)
        axes.set_title(style.shorten(cell.name, 30), fontsize=7.5)
    for axes in grid.flat[len(cells) :]:
        axes.set_visible(False)
    figure.legend(*grid[0, 0].get_legend_handles_labels(), loc="outside upper left", ncols=2, fontsize=8)
    figure.supxlabel("epoch", fontsize=8)
    figure.supylabel("accuracy (%)", fontsize=8)
    return style.png(figure)


def strengths(cells: tuple[Cell, ...], axis: str) -> bytes:
    """Draw accuracies against the cases of an axis: the mean over the seeds, and the range."""
    figure, axes = style.panel()
    for split, line_style in LINE_STYLES.items():
        groups = {x: [100 * value for value in cell.values(f"{split}_accuracy")] for x, cell in enumerate(cells)}
        groups = {x: group for x, group in groups.items() if group}  # cells without an accuracy are left out
        if groups:
            means = np.array([np.mean(group) for group in groups.values()])
            ranges = np.abs(np.array([[min(group), max(group)] for group in groups.values()]) - means[:, None]).T
            axes.errorbar(list(groups), means, ranges, label=split, capsize=3, **line_style)
    axes.set_xticks(range(len(cells)), [style.shorten(cell.labels[axis], 14) for cell in cells])
    axes.set(xlabel=axis, ylabel="accuracy (%)")
    style.legend(axes)
    return style.png(figure)


def heat_map(cells: tuple[Cell, ...], down: list[str], across: list[str], key: str, label: str) -> bytes:
    """Draw a figure of every cell: rows by the cases of the axes `down`, columns by those of the axes `across`."""
    rows = list(dict.fromkeys(_case(cell, down) for cell in cells))
    columns = list(dict.fromkeys(_case(cell, across) for cell in cells))
    values = np.full((len(rows), len(columns)), np.nan)
    for cell in cells:
        value = cell.mean(key)
        if value is not None:
            values[rows.index(_case(cell, down)), columns.index(_case(cell, across))] = 100 * value
    figure, axes = style.panel(min(11.0, 2.4 + 0.62 * len(columns)), min(9.0, 1.6 + 0.32 * len(rows)))
    finite = values[np.isfinite(values)]
    low, high = (finite.min(), finite.max()) if finite.size else (0.0, 100.0)
    image = axes.imshow(values, cmap="Blues", aspect="auto", vmin=low, vmax=high)
    bar = figure.colorbar(image, ax=axes, pad=0.02)
    bar.set_label(label)
    bar.outline.set_visible(False)
    axes.grid(visible=False)
    axes.set_xticks(
        range(len(columns)), [style.shorten(c, 18) for c in columns], rotation=90 if len(columns) > 4 else 0
    )
    axes.set_yticks(range(len(rows)), [style.shorten(r, 24) for r in rows])
    axes.set(xlabel=", ".join(across), ylabel=", ".join(down))
    axes.tick_params(length=0)
    _write(axes, values, low + 0.5 * (high - low))
    return style.png(figure)


def _write(axes: "Axes", values: NDArray[np.float64], middle: float) -> None:
    """Write each figure into its cell, white above the middle, where cells are dark; a cross where a run diverged."""
    for (row, column), value in np.ndenumerate(values):
        is_dark = np.isfinite(value) and value > middle
        text = f"{value:.1f}" if np.isfinite(value) else "×"
        axes.text(column, row, text, ha="center", va="center", fontsize=7.5, color="white" if is_dark else style.INK)


def _case(cell: Cell, axes: list[str]) -> str:
    return ", ".join(cell.labels[axis] for axis in axes)


def _line_style(i: int) -> dict[str, Any]:
    return {
        "color": COLOURS[i % len(COLOURS)],
        "linestyle": DASHES[i % len(DASHES)],
        "marker": MARKS[i % len(MARKS)],
        "markersize": 3.5,
        "linewidth": 1.4,
    }


def _legend(axes: "Axes", count: int) -> None:
    style.legend(axes, columns=2 if count <= 6 else 3, fontsize=7.5)
