"""Figures that a notebook shows by themselves. The module is imported late, since it needs Matplotlib."""

import io
import warnings
from collections.abc import Sequence
from math import ceil
from typing import Any

from matplotlib.figure import Figure
from numpy.typing import NDArray

DPI, INCH = 200, 100  # pixels of the picture and of the page per inch
CELL = 1.15  # inches from one picture of a gallery to the next


class Plot(Figure):
    """A figure of Matplotlib that is shown where it is the value of a cell, without `pyplot` and its global state."""

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        """The figure as PNG, with its width on the page."""
        buffer = io.BytesIO()
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Glyph .* missing from font")
            self.savefig(buffer, format="png", dpi=DPI)
        return buffer.getvalue(), {"width": round(self.get_figwidth() * INCH)}

    def png(self) -> bytes:
        """The bytes of a PNG file of the figure, with the resolution of a notebook."""
        return self._repr_png_()[0]


def gallery(images: Sequence[NDArray[Any]], texts: Sequence[Sequence[str]], columns: int, title: str = "") -> Plot:
    """Pictures (H, W, 3) of one size in rows, each with its lines of text underneath; a title above all of them.

    A dollar sign in a text starts no formula.
    """
    columns, lines = min(columns, len(texts)), max(map(len, texts))
    height = images[0].shape[0] / images[0].shape[1]  # this and the following in widths of a picture
    row, above = height + 0.12 + 0.13 * lines, 0.3 if title else 0.04
    rows = ceil(len(texts) / columns)
    drawing = Plot(figsize=(CELL * columns, CELL * (row * rows + above)))
    drawing.set_layout_engine("none")  # the axes are the whole figure
    axes = drawing.add_axes((0, 0, 1, 1))
    for i, (words, image) in enumerate(zip(texts, images, strict=True)):
        left, top = i % columns + 0.04, i // columns * row
        foot = top + 0.92 * height
        axes.imshow(image, extent=(left, left + 0.92, foot, top), interpolation="nearest")
        text = "\n".join(map(shorten, words))
        axes.text(left + 0.46, foot + 0.04, text, ha="center", va="top", fontsize=7, linespacing=1.25)
    axes.text(0.04, -0.12, title.replace("$", r"\$"), ha="left", va="bottom", fontsize=8)
    axes.set(xlim=(0, columns), ylim=(rows * row, -above), aspect="equal")
    axes.set_axis_off()
    return drawing


def shorten(line: str, length: int = 19) -> str:
    """A line that fits under a picture, with its dollar signs escaped."""
    short = line if len(line) <= length else line[: length - 1].rstrip() + "…"
    return short.replace("$", r"\$")
