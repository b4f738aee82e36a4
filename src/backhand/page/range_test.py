"""The plot of a learning-rate range test."""

from backhand.files.atomic import write_output
from backhand.files.paths import PathLike, as_path
from backhand.page import style
from backhand.training.range_test import RangeTest


def draw(test: RangeTest, title: str, out: PathLike) -> None:
    """Draw the plot into the file `out`. Raises BackhandError if it cannot be written."""
    with style.plot_style():
        image = plot(test, title)
    write_output(as_path(out), image)


def plot(test: RangeTest, title: str = "", chosen: float | None = None) -> bytes:
    """Loss against learning rate as a PNG. A line marks the suggested rate, or the rate `chosen` where one is given."""
    figure, axes = style.panel(width=6.4, height=3.8)
    axes.plot(test.lr, test.loss, color=style.SKY, linewidth=0.8, label="each batch")
    axes.plot(test.lr, test.smoothed, color=style.BLUE, label="smoothed")
    rate = test.suggestion if chosen is None else chosen
    label = f"{'suggested' if chosen is None else 'chosen'}: {rate:.2g}"
    axes.axvline(rate, color=style.ORANGE, linestyle=(0, (5, 1.6)), label=label)
    axes.axvline(test.lowest, color=style.FAINT, linestyle=":", label=f"lowest loss: {test.lowest:.2g}")
    axes.set(xscale="log", xlabel="learning rate", ylabel="training loss")
    axes.set_ylim(0, 1.15 * max(test.smoothed.max(), test.loss[0]))
    style.legend(axes, columns=2)
    figure.suptitle(title, fontsize=10)
    return style.png(figure)
