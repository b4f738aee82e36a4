"""Plots of the data and of the test result: counts, confusion, errors by class, reliability, ROC."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from backhand.experiments.run.report.classes import ClassErrors
from backhand.experiments.run.report.scores import Calibration, Roc
from backhand.page import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NAMED = 20  # beyond this many classes an axis is numbered instead of named
SMALL = 12  # up to this many classes a confusion matrix stands beside a table
LARGE = 7.0  # inches across a confusion matrix that has a row of the page to itself
NUMBERED = 25  # beyond this many classes a confusion matrix shows no counts
SPLITS = {"train": (style.BLUE, ""), "validation": (style.SKY, "////"), "test": (style.YELLOW, "....")}


def class_counts(classes: tuple[str, ...], splits: dict[str, tuple[int, ...]]) -> "Figure":
    """A plot with a bar for every class, divided into the splits."""
    figure, axes = style.panel(style.WIDTH, min(5.4, 1.1 + 0.24 * len(classes)))
    positions, start = np.arange(len(classes)), np.zeros(len(classes))
    has_names = len(classes) <= NAMED
    height, outline = (0.74, 0.3) if has_names else (1.0, 0.0)  # the bars of many classes touch and have no outline
    for split, counts in splits.items():
        colour, hatch = SPLITS.get(split, (style.FAINT, ""))
        bar_style = style.bar(colour, hatch if has_names else "", outline)
        axes.barh(positions, counts, height, start, label=split, **bar_style)
        start += counts
    if has_names:
        axes.set_yticks(positions, [style.shorten(name, 18) for name in classes])
    else:
        axes.set_ylabel("class, counted from 0 in the order of the table")
    axes.set(xlabel="samples", ylim=(len(classes) - 0.4, -0.6))
    axes.grid(axis="y", visible=False)
    style.legend(axes)
    return figure


def large(size: int) -> bool:
    """Whether a confusion matrix needs a row of the page to itself, so that its counts can be read."""
    return SMALL < size <= NUMBERED


def confusion(classes: tuple[str, ...], counts: NDArray[np.int64]) -> "Figure":
    """The confusion matrix; the colour of a cell is its share of the row, that is of the true class."""
    from matplotlib.colors import PowerNorm

    size = len(classes)
    side = LARGE if large(size) else style.WIDTH
    figure, axes = style.panel(side, side * 0.9)
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    # The scale is that of the square root, since single mistakes would be invisible beside a strong diagonal otherwise.
    image = axes.imshow(100 * share, cmap="Blues", norm=PowerNorm(0.5, 0, 100))
    bar = figure.colorbar(image, ax=axes, shrink=0.8, ticks=[0, 1, 5, 10, 25, 50, 100], pad=0.02)
    bar.set_label("share of the true class (%)")
    bar.outline.set_visible(False)
    axes.set(xlabel="predicted class", ylabel="true class")
    axes.grid(visible=False)
    _set_class_ticks(axes, classes)
    if size <= NUMBERED:
        _write_counts(axes, counts, share)
    return figure


def _cell_width(size: int) -> float:
    """The approximate width in points of a cell of the confusion matrix of so many classes."""
    return 50 * (LARGE if large(size) else style.WIDTH) / size


def _set_class_ticks(axes: "Axes", classes: tuple[str, ...]) -> None:
    if len(classes) > NUMBERED:
        from matplotlib.ticker import MaxNLocator

        axes.xaxis.set_major_locator(MaxNLocator(10, integer=True))
        axes.yaxis.set_major_locator(MaxNLocator(10, integer=True))
        return
    names = [style.shorten(name) for name in classes]
    vertical = max(map(len, names)) * 6 > _cell_width(len(names))
    axes.set_xticks(range(len(names)), names, rotation=90 if vertical else 0)
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(length=0)


def _write_counts(axes: "Axes", counts: NDArray[np.int64], share: NDArray[np.float64]) -> None:
    digits = len(str(counts.max()))
    size = min(9.5, 1.3 * _cell_width(len(counts)) / max(digits, 2))
    for (row, column), value in np.ndenumerate(counts):
        if value:
            ink = "white" if share[row, column] > 0.3 else style.INK
            axes.text(column, row, str(value), ha="center", va="center", color=ink, fontsize=size)


def reliability(calibration: Calibration) -> "Figure":
    """The reliability diagram: accuracy against confidence in bins, above a histogram of the confidences."""
    figure = style.figure(style.WIDTH, 4.2)
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    edges = calibration.edges * 100
    middle, width = (edges[1:] + edges[:-1]) / 2, np.diff(edges)
    filled = calibration.counts > 0
    confidence, accuracy = 100 * calibration.confidence[filled], 100 * calibration.accuracy[filled]
    top.bar(
        middle[filled], accuracy, width[filled] * 0.92, label="accuracy in the bin", **style.bar(style.SKY, "", 0.4)
    )
    top.plot([0, 100], [0, 100], label="perfect calibration", **style.DIAGONAL)
    top.plot(confidence, accuracy, "D", color=style.ORANGE, markersize=4, clip_on=False, label="at mean confidence")
    top.set(ylabel="accuracy (%)", ylim=(0, 102), xlim=(0, 100))
    bottom.bar(middle, calibration.counts, width * 0.92, color=style.FAINT)
    bottom.set_yscale("log")  # most samples lie in the last bin
    bottom.set_ylim(bottom=0.7)
    bottom.set(xlabel="confidence in the predicted class (%)", ylabel="samples")
    style.legend(top, columns=2, fontsize=8.5)
    return figure


def roc(curve: Roc) -> "Figure":
    """The plot of the ROC curve of a task with two classes."""
    figure, axes = style.panel(style.WIDTH, 4.2)
    axes.plot(100 * curve.false_positive, 100 * curve.true_positive, color=style.BLUE, label="this network")
    axes.plot([0, 100], [0, 100], label="guessing", **style.DIAGONAL)
    axes.set(xlabel="false positive rate (%)", ylabel="true positive rate (%)", xlim=(-1, 101), ylim=(-1, 101))
    axes.set_aspect("equal")
    style.legend(axes)
    return figure


def errors_by_class(rows: Sequence[ClassErrors]) -> "Figure":
    """The share of each class's samples that were given a wrong class, with its interval; the worst class first."""
    order = sorted(rows, key=lambda row: -row.share)
    figure, axes = style.panel(style.WIDTH, min(7.0, 0.9 + 0.26 * len(order)))
    share = np.array([[100 * row.share, 100 * row.low, 100 * row.high] for row in order]).reshape(-1, 3).T
    whiskers = {"elinewidth": 1.0, "ecolor": style.INK, "capsize": 2}
    around = np.maximum([share[0] - share[1], share[2] - share[0]], 0)
    look = style.bar(style.SKY, "", 0.4)
    axes.barh(range(len(order)), share[0], 0.72, xerr=around, error_kw=whiskers, **look)
    axes.set_yticks(range(len(order)), [style.shorten(row.name, 18) for row in order])
    axes.set(xlabel="wrong answers (%), with 95% intervals", ylim=(len(order) - 0.4, -0.6))
    axes.grid(axis="y", visible=False)
    return figure
