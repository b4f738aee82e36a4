"""The small plots of a diagnosis: lines over steps or epochs, and bars by layer."""

from typing import TYPE_CHECKING

import numpy as np

from backhand.doctor.records import Plot
from backhand.page import style
from backhand.page.blocks import Image

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = (style.BLUE, style.ORANGE, style.SKY)
HATCHES = ("", "//", "..")
MANY = 8  # bars whose names stand upright


def draw(name: str, plot: Plot) -> Image:
    """The plot as an image of this name."""
    with style.plot_style():
        figure, axes = style.panel()
        if plot.names:
            _draw_bars(axes, plot)
        else:
            _draw_lines(axes, plot)
        if plot.level is not None:
            axes.axhline(plot.level, **style.DIAGONAL)
        axes.set(xlabel=plot.x_label, ylabel=plot.y_label)
        if plot.log:
            style.log_scale(axes)
        if len(plot.series) > 1:
            style.legend(axes)
        png = style.png(figure)
    lines = ", ".join(f"{key}: {_range(values)}" for key, values in plot.series.items())
    return Image(name, png, f"{plot.title}: {lines}", f"{plot.title}.")


def _draw_lines(axes: "Axes", plot: Plot) -> None:
    for (key, values), colour in zip(plot.series.items(), COLOURS, strict=False):
        axes.plot(plot.points or np.arange(1, len(values) + 1), values, color=colour, label=key)
    if plot.points:
        axes.set_xscale("log")


def _draw_bars(axes: "Axes", plot: Plot) -> None:
    width = 0.8 / max(len(plot.series), 1)
    positions = np.arange(len(plot.names))
    for i, (key, values) in enumerate(plot.series.items()):
        look = style.bar(COLOURS[i % len(COLOURS)], HATCHES[i % len(HATCHES)], 0.4)
        axes.bar(positions[: len(values)] + (i - (len(plot.series) - 1) / 2) * width, values, width, label=key, **look)
    axes.set_xticks(positions, [style.shorten(name) for name in plot.names])
    if len(plot.names) > MANY:
        axes.tick_params(axis="x", labelrotation=90)


def _range(values: tuple[float, ...]) -> str:
    finite = [value for value in values if np.isfinite(value)]
    return f"{min(finite):.3g} to {max(finite):.3g}" if finite else "no finite value"
