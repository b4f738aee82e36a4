"""How the lines of a question's plots look."""

from typing import Any

from backhand.page import style

# Colour, line and marker together: lines are told apart in grey, and by those who see no colours.
LINES: tuple[dict[str, Any], ...] = (
    {"color": style.BLUE, "linestyle": "-", "marker": "o", "markersize": 4},
    {"color": style.ORANGE, "linestyle": (0, (5, 1.6)), "marker": "s", "markersize": 4},
    {"color": style.INK, "linestyle": ":", "marker": "^", "markersize": 4.5},
    {"color": style.SKY, "linestyle": "-.", "marker": "D", "markersize": 4},
    {"color": style.FAINT, "linestyle": (0, (1, 1)), "marker": "v", "markersize": 4.5},
)
