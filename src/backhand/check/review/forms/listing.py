"""The lines of a person's file around a finding."""

from dataclasses import dataclass
from pathlib import Path

from backhand.check.source.remarks import Place
from backhand.check.source.texts import SourceText, read_source
from backhand.errors import BackhandError

AROUND = 3  # lines before and after


@dataclass(frozen=True)
class Line:
    """A line of a file as the person numbers it; `marked` is the one that the finding is about."""

    number: int
    text: str
    marked: bool


def lines_around(place: Place, target: str, around: int = AROUND) -> list[Line]:
    """The lines around a place, without blank ones at the ends; none where the file cannot be read any more.

    target: what the person named, from which the place's file is seen.
    """
    source = _source(_file(place, target))
    if source is None:
        return []
    lines = source.text.split("\n")
    first, last = 0, len(lines)
    if place.cell is not None and source.starts:
        starts = [start - 1 for start in source.starts]
        first = starts[place.cell - 1]
        last = starts[place.cell] if place.cell < len(starts) else len(lines)
    middle = first + place.line - 1
    chosen = range(max(first, middle - around), min(last, middle + around + 1))
    found = [Line(i - first + 1, lines[i].expandtabs(4).rstrip(), i == middle) for i in chosen]
    while found and not found[0].text and not found[0].marked:
        found.pop(0)
    while found and not found[-1].text and not found[-1].marked:
        found.pop()
    return found


def _file(place: Place, target: str) -> Path:
    path = Path(target).expanduser()
    folder = path if path.is_dir() else path.parent
    return folder / place.file


def _source(path: Path) -> SourceText | None:
    try:
        return read_source(path)
    except BackhandError:
        return None
