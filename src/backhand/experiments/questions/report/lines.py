"""The styles of the lines in a question's plots."""

from typing import Any

from backhand.page import style

# Lines differ in colour, dashes and marker, so that they can be told apart in grey print and by the colour-blind.
LINES: tuple[dict[str, Any], ...] = (
    {"color": style.BLUE, "linestyle": "-", "marker": "o", "markersize": 4},
    {"color": style.ORANGE, "linestyle": (0, (5, 1.6)), "marker": "s", "markersize": 4},
    {"color": style.INK, "linestyle": ":", "marker": "^", "markersize": 4.5},
    {"color": style.SKY, "linestyle": "-.", "marker": "D", "markersize": 4},
    {"color": style.FAINT, "linestyle": (0, (1, 1)), "marker": "v", "markersize": 4.5},
)
