"""A wrong gradient beside the true one, as rows and columns that a page or a terminal can draw."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import isfinite, prod

from backhand.check.review.records import Picture

TOLERANCE = 1e-6  # relative to the largest entry: below it two gradients count as equal
MOST_PANELS = 6

Grid = list[list[float]]


@dataclass(frozen=True)
class Panel:
    """Two axes of the array: what backward gave and what is true. index: of the other axes, such as "[0, :, :, 1]"."""

    index: str
    given: Grid
    true: Grid

    @property
    def rows(self) -> int:
        """The number of rows."""
        return len(self.given)

    @property
    def columns(self) -> int:
        """The number of columns."""
        return len(self.given[0])


def panels(picture: Picture) -> list[Panel]:
    """The picture as panels of two axes each, at most so many; of images those of the height and the width."""
    shape, down, across = _axes(picture)
    if not prod(shape):
        return []
    steps = [prod(shape[axis + 1 :]) for axis in range(len(shape))]
    others = [range(1) if axis in (down, across) else range(size) for axis, size in enumerate(shape)]
    found = []
    for index in list(product(*others))[:MOST_PANELS]:
        start = sum(i * step for i, step in zip(index, steps, strict=True))
        places = [
            [start + row * steps[down] + column * steps[across] for column in range(shape[across])]
            for row in range(shape[down])
        ]
        shown = [":" if axis in (down, across) else str(i) for axis, i in enumerate(index)]
        name = f"[{', '.join(shown)}]" if len(picture.shape) > 2 else ""
        found.append(Panel(name, _taken(picture.given, places), _taken(picture.true, places)))
    return found


def panel_count(picture: Picture) -> int:
    """The number of panels that the whole array has."""
    shape, down, across = _axes(picture)
    return prod(size for axis, size in enumerate(shape) if axis not in (down, across))


def _axes(picture: Picture) -> tuple[tuple[int, ...], int, int]:
    """The shape with at least two axes, and which of them go down and across: of images the height and the width."""
    shape = (1,) * (2 - len(picture.shape)) + picture.shape
    channels_last = len(shape) == 4 and shape[3] < shape[1]
    return (shape, 1, 2) if channels_last else (shape, len(shape) - 2, len(shape) - 1)


def _taken(values: list[float], places: list[list[int]]) -> Grid:
    return [[values[place] for place in row] for row in places]


def is_wrong(given: float, true: float, scale: float) -> bool | None:
    """Whether an entry is wrong; None where one of the two is not known. scale: the largest entry of the array."""
    if not (isfinite(given) and isfinite(true)):
        return None
    return abs(given - true) > TOLERANCE * scale


def scale(picture: Picture) -> float:
    """The largest entry of either gradient in size; 1 where both are 0."""
    return max((abs(value) for value in (*picture.given, *picture.true) if isfinite(value)), default=0.0) or 1.0


def letters(picture: Picture) -> Iterator[tuple[str, list[str]]]:
    """For each panel its index, and its rows with x for a wrong entry, . for a right one, ? for an unknown one."""
    largest = scale(picture)
    for panel in panels(picture):
        rows = [
            " ".join({True: "x", False: ".", None: "?"}[is_wrong(*pair, largest)] for pair in zip(*lines, strict=True))
            for lines in zip(panel.given, panel.true, strict=True)
        ]
        yield panel.index, rows


def wrong_entries(picture: Picture) -> int:
    """The number of wrong entries of the whole array."""
    largest = scale(picture)
    return sum(bool(is_wrong(given, true, largest)) for given, true in zip(picture.given, picture.true, strict=True))
