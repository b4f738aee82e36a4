"""A wrong gradient, the true one and their difference as pictures, drawn as SVG within the page."""

from dataclasses import dataclass
from math import isfinite

from markupsafe import Markup

from backhand.check.review.forms import maps
from backhand.check.review.forms.maps import Grid
from backhand.check.review.records import Picture

CELL, SMALL_CELL = 22, 10  # pixels of an entry, in arrays that are narrow and in wide ones
NARROW = 16  # columns
NOTHING = Markup("")


@dataclass(frozen=True)
class Map:
    """A picture of an array: its title, and the SVG."""

    title: str
    svg: Markup


@dataclass(frozen=True)
class Row:
    """The pictures of two axes of an array, side by side."""

    caption: str
    maps: tuple[Map, ...]


def rows(picture: Picture) -> list[Row]:
    """What backward gave, what is true, and the difference, for each pair of axes that the page shows."""
    largest = maps.scale(picture)
    panels = maps.panels(picture)
    drawn = []
    for panel in panels:
        error = [[g - t for g, t in zip(*pair, strict=True)] for pair in zip(panel.given, panel.true, strict=True)]
        wrong = [
            [maps.is_wrong(g, t, largest) is True for g, t in zip(*pair, strict=True)]
            for pair in zip(panel.given, panel.true, strict=True)
        ]
        pictures = (
            Map("backward gives", _svg(panel.given, largest)),
            Map("differences give", _svg(panel.true, largest)),
            Map("the error; wrong entries have a frame", _svg(error, largest, wrong)),
        )
        drawn.append(Row(f"{panel.index}", pictures))
    return (
        [Row(f"{_caption(picture, len(panels))} {drawn[0].caption}".strip(), drawn[0].maps), *drawn[1:]]
        if drawn
        else []
    )


def _caption(picture: Picture, shown: int) -> str:
    """What the pictures show."""
    more = maps.panel_count(picture) - shown
    rest = f"; {more} more parts are not shown" if more else ""
    return f"The gradient of {picture.array}, with {picture.configuration}{rest}: orange is positive, blue negative."


def _svg(grid: Grid, largest: float, framed: list[list[bool]] | None = None) -> Markup:
    """The array as squares whose opacity is the size of an entry relative to the largest one."""
    side = CELL if len(grid[0]) <= NARROW else SMALL_CELL
    width, height = side * len(grid[0]), side * len(grid)
    cells = [
        _cell(value, largest, column * side, row * side, side)
        for row, values in enumerate(grid)
        for column, value in enumerate(values)
    ]
    frames = [
        Markup('<rect class="bad" x="{}" y="{}" width="{}" height="{}"/>').format(
            column * side + 1, row * side + 1, side - 2, side - 2
        )
        for row, flags in enumerate(framed or ())
        for column, flag in enumerate(flags)
        if flag
    ]
    return Markup('<svg width="{w}" height="{h}" viewBox="0 0 {w} {h}" role="img">{cells}</svg>').format(
        w=width, h=height, cells=NOTHING.join([*cells, *frames])
    )


def _cell(value: float, largest: float, x: int, y: int, side: int) -> Markup:
    if not isfinite(value):
        shape = Markup('<rect class="unknown" x="{}" y="{}" width="{}" height="{}">').format(
            x + 1, y + 1, side - 2, side - 2
        )
        return shape + Markup("<title>not known</title></rect>")
    opacity = min(abs(value) / largest, 1.0)
    return Markup(
        '<rect class="{}" x="{}" y="{}" width="{}" height="{}" fill-opacity="{:.3f}"><title>{:.6g}</title></rect>'
    ).format("plus" if value > 0 else "minus", x, y, side, side, opacity, value)
