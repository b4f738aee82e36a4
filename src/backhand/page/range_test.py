"""The plot of a learning-rate range test."""

from backhand.files.atomic import write_output
from backhand.files.paths import PathLike, as_path
from backhand.page import style
from backhand.training.range_test import RangeTest


def draw(found: RangeTest, title: str, out: PathLike) -> None:
    """The plot in a file of its own. Raises BackhandError if it cannot be written."""
    with style.look():
        image = plot(found, title)
    write_output(as_path(out), image)


def plot(found: RangeTest, title: str = "", chosen: float | None = None) -> bytes:
    """Loss against learning rate as a PNG, with the suggestion marked, or what was chosen instead."""
    figure, axes = style.panel(width=6.4, height=3.8)
    axes.plot(found.lr, found.loss, color=style.SKY, linewidth=0.8, label="each batch")
    axes.plot(found.lr, found.smoothed, color=style.BLUE, label="smoothed")
    rate = found.suggestion if chosen is None else chosen
    suggested = f"{'suggested' if chosen is None else 'chosen'}: {rate:.2g}"
    axes.axvline(rate, color=style.ORANGE, linestyle=(0, (5, 1.6)), label=suggested)
    axes.axvline(found.lowest, color=style.FAINT, linestyle=":", label=f"lowest loss: {found.lowest:.2g}")
    axes.set(xscale="log", xlabel="learning rate", ylabel="training loss")
    axes.set_ylim(0, 1.15 * max(found.smoothed.max(), found.loss[0]))
    style.legend(axes, columns=2)
    figure.suptitle(title, fontsize=10)
    return style.png(figure)
