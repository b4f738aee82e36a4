"""Figures that a notebook shows by themselves. The module is imported late, since it needs Matplotlib."""

import io
import warnings

from matplotlib.figure import Figure

DPI, INCH = 200, 100  # pixels of the picture and of the page per inch


class Plot(Figure):
    """A figure of Matplotlib that is shown where it is the value of a cell, without `pyplot` and its global state."""

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        """The figure as PNG, with its width on the page."""
        buffer = io.BytesIO()
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Glyph .* missing from font")
            self.savefig(buffer, format="png", dpi=DPI)
        return buffer.getvalue(), {"width": round(self.get_figwidth() * INCH)}
