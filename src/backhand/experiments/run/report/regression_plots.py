"""Plots of the test result of a regression: predicted against true values, residuals, and their distribution."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from backhand.page import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DENSE = 3000  # beyond this many samples a plot shows how many lie in each cell rather than a point for each
BINS = 30
Floats = NDArray[np.float64]


def predicted_against_true(predictions: Floats, targets: Floats, name: str) -> "Figure":
    """Each sample's prediction against its true value, with the diagonal on which a perfect network lies."""
    figure, axes = style.panel(style.WIDTH, style.WIDTH)
    _samples(axes, targets, predictions)
    low, high = min(targets.min(), predictions.min()), max(targets.max(), predictions.max())
    margin = 0.04 * (high - low or 1.0)
    limits = (low - margin, high + margin)
    axes.plot(limits, limits, label="prediction = true value", **style.DIAGONAL)
    axes.set(xlabel=f"true {style.shorten(name, 28)}", ylabel="prediction", xlim=limits, ylim=limits)
    axes.set_aspect("equal")
    style.legend(axes)
    return figure


def residuals(predictions: Floats, targets: Floats, name: str) -> "Figure":
    """Each sample's error against its prediction, with the mean error in bins of as many samples each."""
    figure, axes = style.panel(style.WIDTH, style.WIDTH * 0.8)
    errors = predictions - targets
    _samples(axes, predictions, errors)
    axes.axhline(0, **style.DIAGONAL)
    order = np.argsort(predictions, kind="stable")
    bins = [part for part in np.array_split(order, min(10, max(len(order) // 10, 1))) if len(part)]
    if len(bins) > 1:
        means: dict[str, Any] = {"color": style.ORANGE, "marker": "s", "markersize": 4, "linewidth": 1.6}
        middles = [predictions[part].mean() for part in bins]
        axes.plot(middles, [errors[part].mean() for part in bins], label="mean error", **means)
        style.legend(axes)
    axes.set(xlabel=f"predicted {style.shorten(name, 28)}", ylabel="prediction − true value")
    return figure


def error_histogram(predictions: Floats, targets: Floats, name: str) -> "Figure":
    """How often errors of each size occur."""
    figure, axes = style.panel()
    errors = predictions - targets
    axes.hist(errors, bins=min(BINS, max(len(errors) // 5, 5)), **style.bar(style.SKY, "", 0.3))
    axes.axvline(0, **style.DIAGONAL)
    axes.set(xlabel=f"prediction − true {style.shorten(name, 28)}", ylabel="samples")
    return figure


def target_histogram(values: Floats, name: str) -> "Figure":
    """How often each true value occurs in the test split."""
    figure, axes = style.panel()
    axes.hist(values, bins=min(BINS, max(len(values) // 5, 5)), **style.bar(style.BLUE, "", 0.3))
    axes.set(xlabel=style.shorten(name, 28), ylabel="test samples")
    return figure


def _samples(axes: "Axes", x: Floats, y: Floats) -> None:
    """A point for each sample, or where there are too many a cell of a colour for their number."""
    if len(x) > DENSE:
        cells = axes.hexbin(x, y, gridsize=40, bins="log", cmap="Blues", mincnt=1, linewidths=0.1)
        axes.figure.colorbar(cells, ax=axes, label="samples", shrink=0.8)
        return
    axes.scatter(x, y, s=14, color=style.BLUE, alpha=0.55, linewidths=0)
