"""The plots of a comparison: the error of every learner in every fold, and the intervals of the differences."""

from typing import TYPE_CHECKING, Any

import numpy as np

from backhand.experiments.comparison.record import Comparison
from backhand.experiments.comparison.report.findings import better
from backhand.page import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROW_HEIGHT = 0.42  # inches, for a learner or a pair


def errors(comparison: Comparison) -> bytes:
    """A plot with a row per learner: a circle for the error in each fold, and a bar at the mean. Returns a PNG."""
    names = [learner.name for learner in comparison.learners]
    figure, axes = style.panel(style.WIDTH, 1.0 + ROW_HEIGHT * len(names))
    for row, name in enumerate(names):
        values = comparison.measure.scale * np.array(comparison.errors(name))
        heights = row + np.linspace(-0.22, 0.22, len(values))  # so that circles of equal errors do not hide each other
        circles: dict[str, Any] = {"facecolors": "none", "edgecolors": style.BLUE, "linewidths": 1.1}
        axes.scatter(values, heights, 22, label="one fold" if row == 0 else None, **circles)
        axes.plot(2 * [values.mean()], [row - 0.36, row + 0.36], color=style.INK, label="" if row else "mean")
    _rows(axes, names)
    axes.set(xlabel=comparison.measure.axis)
    axes.set_xlim(left=min(0.0, axes.get_xlim()[0]))
    style.legend(axes)
    return style.png(figure)


def differences(comparison: Comparison) -> bytes:
    """A plot with a row per pair: the difference, as a circle if it is significant, and its interval. Returns a PNG."""
    figure, axes = style.panel(style.WIDTH, 1.0 + ROW_HEIGHT * len(comparison.pairs))
    axes.axvline(0, color=style.INK, linestyle="--", linewidth=1.2)
    scale = comparison.measure.scale
    labels: set[str] = set()  # those that are in the legend already
    for row, pair in enumerate(comparison.pairs):
        significant = bool(better(pair))
        label = "significant" if significant else "not significant"
        if pair.interval is not None:
            axes.plot([scale * end for end in pair.interval], [row, row], color=style.BLUE, linewidth=2.0)
        axes.plot(
            scale * pair.difference,
            row,
            "o" if significant else "s",
            color=style.BLUE,
            markerfacecolor=style.BLUE if significant else "white",
            markersize=7,
            linestyle="",
            label=None if label in labels else label,
        )
        labels.add(label)
    _rows(axes, [f"{pair.first} − {pair.second}" for pair in comparison.pairs])
    axes.set(xlabel=comparison.measure.change_axis)
    style.legend(axes)
    return style.png(figure)


def _rows(axes: "Axes", names: list[str]) -> None:
    """Label the rows with these names, the first one on top."""
    axes.set_yticks(range(len(names)), [style.shorten(name, 28) for name in names])
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.grid(axis="y", visible=False)
