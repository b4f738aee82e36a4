"""FER2013 as a table, with one face per row, whose 2304 grey values are in one column."""

import csv
import re
import string
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import NoReturn

import numpy as np

from backhand.data.cache import Arrays
from backhand.data.formats.image_tree import SPLITS
from backhand.errors import DataError

SIDE, CLASSES = 48, 7
USAGES = {"Training": "train", "PublicTest": "validation", "PrivateTest": "test"}
SPLIT_BY_USAGE = {usage.lower(): split for usage, split in USAGES.items()}
COLUMNS = ("emotion", "pixels", "Usage")
DELIMITERS = ",;\t"
BLANK = DELIMITERS + string.whitespace
EMOTION = re.compile(r"([0-9])(?:\.0*)?")  # some programs write whole numbers with a point


def read_face_table(lines: Iterable[str], where: str) -> Arrays:
    """The faces x (N, 48, 48, 1) uint8, the labels y (N,) int64 and the sizes (3,) of the splits, ordered by split.

    Columns are found by their names, in any order and in letters of either case; other columns and blank lines are
    ignored. Raises DataError, with the line, for a column that is missing or occurs twice; for pixels that are too few,
    too many, not numbers or outside 0 .. 255; and for an unknown emotion or usage.
    """
    pixels: dict[str, list[bytes]] = {name: [] for name in SPLITS}
    labels: dict[str, list[int]] = {name: [] for name in SPLITS}
    try:
        for emotion, values, usage, row in _rows(lines, where):
            where_in_file = f"{where}, line {row}"
            split = SPLIT_BY_USAGE.get(usage.lower())
            if split is None:
                raise DataError(
                    f"{where_in_file}: Usage is {usage[:20]!r}, not {', '.join(USAGES)}; correct or remove the row"
                )
            pixels[split].append(_face(values, where_in_file))
            labels[split].append(_label(emotion, where_in_file))
    except csv.Error as error:
        raise DataError(f"{where} is not a table of text ({error}); fetch it again") from error
    faces = b"".join(face for name in SPLITS for face in pixels[name])
    return {
        "x": np.frombuffer(faces, np.uint8).reshape(-1, SIDE, SIDE, 1),
        "y": np.array([label for name in SPLITS for label in labels[name]], np.int64),
        "sizes": np.array([len(labels[name]) for name in SPLITS]),
    }


def _rows(lines: Iterable[str], where: str) -> Iterator[tuple[str, str, str, int]]:
    """Emotion, pixels, usage and line number of each row that is not blank."""
    lines = iter(lines)
    blank, first = next((pair for pair in enumerate(lines) if pair[1].strip(BLANK)), (0, ""))
    delimiter = max(DELIMITERS, key=first.count)
    reader = csv.reader(chain(["\n"] * blank, [first], lines), delimiter=delimiter, skipinitialspace=True)
    rows = (row for row in reader if any(map(str.strip, row)))
    names = [name.strip().lower() for name in next(rows, [])]
    columns = [_column(name, names, where) for name in COLUMNS]
    for row in rows:
        if len(row) != len(names):
            raise DataError(
                f"{where}, line {reader.line_num}: {len(row)} columns where the first line names {len(names)}"
            )
        emotion, values, usage = (row[i].strip() for i in columns)
        yield emotion, values, usage, reader.line_num


def _column(name: str, names: list[str], where: str) -> int:
    """The index of the column of this name in the first line."""
    if (count := names.count(name.lower())) != 1:
        problem = f"has {count} columns {name}" if count else f"lacks the column {name}"
        raise DataError(f"{where} {problem}; the first line must name {', '.join(COLUMNS)}, each once")
    return names.index(name.lower())


def _face(values: str, where: str) -> bytes:
    try:
        face = bytes(map(int, values.split()))  # int() refuses what is not a number, bytes() what is outside 0 .. 255
    except ValueError:
        _refuse(values.split(), where)
    if len(face) != SIDE * SIDE:
        raise DataError(f"{where}: {len(face)} pixels, not {SIDE} x {SIDE} = {SIDE * SIDE}; correct or remove the row")
    return face


def _refuse(values: list[str], where: str) -> NoReturn:
    for i, value in enumerate(values):
        if not value.isdecimal() or len(value) > 3 or int(value) > 255:
            raise DataError(
                f"{where}: pixel {i} is {value[:20]!r}, not a number from 0 to 255; correct or remove the row"
            )
    raise DataError(f"{where}: the pixels are not numbers from 0 to 255; correct or remove the row")


def _label(emotion: str, where: str) -> int:
    number = EMOTION.fullmatch(emotion)
    if number is None or int(number[1]) >= CLASSES:
        raise DataError(f"{where}: emotion is {emotion[:20]!r}, not 0 to {CLASSES - 1}; correct or remove the row")
    return int(number[1])
