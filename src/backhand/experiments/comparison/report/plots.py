"""A comparison, drawn: the error of every learner in every fold, and the intervals of the differences."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from backhand.experiments.comparison.record import Comparison
from backhand.experiments.comparison.report.findings import better
from backhand.page import style

ROW = 0.42  # inches of height for each learner or pair


def errors(found: Comparison) -> bytes:
    """A circle for each fold, a bar at the mean, a row for each learner."""
    names = [each.name for each in found.learners]
    figure, axes = style.panel(style.WIDTH, 1.0 + ROW * len(names))
    for row, name in enumerate(names):
        values = 100 * np.array(found.errors(name))
        places = row + np.linspace(-0.22, 0.22, len(values))  # side by side, where folds have the same error
        look: dict[str, Any] = {"facecolors": "none", "edgecolors": style.BLUE, "linewidths": 1.1}
        axes.scatter(values, places, 22, label="one fold" if row == 0 else None, **look)
        axes.plot(2 * [values.mean()], [row - 0.36, row + 0.36], color=style.INK, label="" if row else "mean")
    _rows(axes, names)
    axes.set(xlabel="wrong test samples (%)")
    axes.set_xlim(left=min(0.0, axes.get_xlim()[0]))
    style.legend(axes)
    return style.png(figure)


def differences(found: Comparison) -> bytes:
    """The interval of each difference, with a filled mark where the corrected test shows one."""
    figure, axes = style.panel(style.WIDTH, 1.0 + ROW * len(found.pairs))
    axes.axvline(0, color=style.INK, linestyle="--", linewidth=1.2)
    told: set[str] = set()
    for row, pair in enumerate(found.pairs):
        shown = bool(better(pair))
        label = "significant" if shown else "not significant"
        if pair.interval is not None:
            axes.plot([100 * end for end in pair.interval], [row, row], color=style.BLUE, linewidth=2.0)
        axes.plot(
            100 * pair.difference,
            row,
            "o" if shown else "s",
            color=style.BLUE,
            markerfacecolor=style.BLUE if shown else "white",
            markersize=7,
            linestyle="",
            label=None if label in told else label,
        )
        told.add(label)
    _rows(axes, [f"{pair.first} − {pair.second}" for pair in found.pairs])
    axes.set(xlabel="difference of error (percentage points)")
    style.legend(axes)
    return style.png(figure)


def _rows(axes: Axes, names: list[str]) -> None:
    """Named rows, the first one on top."""
    axes.set_yticks(range(len(names)), [style.shorten(name, 28) for name in names])
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.grid(axis="y", visible=False)
