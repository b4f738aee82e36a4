"""One style for every plot: colours that the colour-blind can tell apart, and lines that survive grey print."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from math import isfinite
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from backhand.extras import REPORT

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DPI = 200
WIDTH, HEIGHT = 4.6, 3.1  # inches of one panel: two fit side by side on a page, one fills a phone

# Okabe and Ito, "Color Universal Design" (2008).
BLUE, ORANGE, SKY, YELLOW = "#0072B2", "#D55E00", "#56B4E9", "#F0E442"
OTHER_SCRIPTS = ("Noto Sans CJK SC", "Noto Sans CJK JP", "Microsoft YaHei", "PingFang SC", "Hiragino Sans", "Noto Sans")
INK, FAINT = "#333333", "#8a8a8a"

DIAGONAL: dict[str, Any] = {"color": INK, "linestyle": "--", "linewidth": 1.2}
TRAIN = {"color": BLUE, "linestyle": "-", "marker": "o", "markersize": 3.5}
VALIDATION = {"color": ORANGE, "linestyle": (0, (5, 1.6)), "marker": "s", "markersize": 3.5}
SINGLE = {"color": INK, "linestyle": "-", "marker": "o", "markersize": 3.5}

_SETTINGS = {
    "axes.axisbelow": True,
    "axes.edgecolor": FAINT,
    "axes.grid": True,
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.constrained_layout.use": True,
    "figure.facecolor": "white",
    "font.size": 9.5,
    "grid.color": "#e4e4e4",
    "grid.linewidth": 0.7,
    "hatch.linewidth": 0.6,
    "legend.borderaxespad": 0.2,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "lines.linewidth": 1.7,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
}


@contextmanager
def plot_style() -> Iterator[None]:
    """A context in which plots have the style of reports, whatever the user's own settings of Matplotlib are.

    Raises MissingExtraError without Matplotlib.
    """
    REPORT.require("a plot")
    import matplotlib.style
    from matplotlib.font_manager import fontManager

    installed = set(fontManager.get_font_names())
    fonts = ["DejaVu Sans", *(font for font in OTHER_SCRIPTS if font in installed)]
    with matplotlib.style.context(_SETTINGS | {"font.family": fonts}, after_reset=True), warnings.catch_warnings():
        # A letter that no font here has is drawn as a box; tables and captions hold the name itself.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield


def figure(width: float, height: float) -> "Figure":
    """A new figure of this size in inches, made without the global state of pyplot; a notebook shows it."""
    from backhand.notebook.plot import Plot

    return Plot(figsize=(width, height))


def panel(width: float = WIDTH, height: float = HEIGHT) -> "tuple[Figure, Axes]":
    """A new figure of this size in inches, with its axes."""
    drawing = figure(width, height)
    return drawing, drawing.subplots()


def sheet(page: NDArray[Any]) -> "tuple[Figure, Axes]":
    """A figure that is a picture (H, W, 3): one pixel of it is one of the figure, and nothing is resampled."""
    drawing = figure(page.shape[1] / DPI, page.shape[0] / DPI)
    drawing.set_layout_engine("none")
    axes = drawing.add_axes((0, 0, 1, 1))
    axes.imshow(page, interpolation="nearest", aspect="auto")
    axes.set_axis_off()
    return drawing, axes


def legend(axes: "Axes", columns: int = 3, **options: Any) -> None:
    """Put the legend above the axes, where it hides no data."""
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1.01), ncols=columns, handlelength=2.4, **options)


def log_scale(axes: "Axes") -> None:
    """Make the y axis logarithmic, unless no value on it is above 0, as with the gradients of a dead network."""
    if isfinite(axes.dataLim.minposy):
        axes.set_yscale("log")


def bar(colour: str, hatch: str, outline: float) -> dict[str, Any]:
    """The style of a bar: filled, hatched in ink, with an outline of this width in points."""
    return {"facecolor": colour, "hatch": hatch, "edgecolor": INK, "linewidth": outline}


def png(figure: "Figure") -> bytes:
    """The figure as PNG, with the same bytes whenever the same figure is drawn."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI, metadata={"Software": None})
    return buffer.getvalue()


def shorten(name: str, length: int = 14) -> str:
    """A class name that fits beside an axis, with its dollar signs escaped so that they start no formula."""
    short = name if len(name) <= length else name[: length - 1].rstrip() + "…"
    return short.replace("$", r"\$")
