"""Tables from CSV files, as spreadsheets and databases write them."""

import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from backhand.data.frames.frame import Column, Frame
from backhand.errors import DataError
from backhand.files.encodings import refuse_not_utf8

DELIMITERS = ",;\t|"


def read_csv(path: Path) -> Frame:
    """Read a CSV file in UTF-8, plain or gzip, whose first line names the columns.

    The delimiter is the one of comma, semicolon, tab and | that occurs most in the first line; where it is no comma,
    a comma may be the decimal point. Empty lines are left out.
    Raises DataError, naming the line, for a file that cannot be read, a line with more or fewer values than there are
    columns, a first line that names no columns, and a file without rows.
    """
    text = _text(path)
    delimiter = _delimiter(text)
    header, *rows = list(_rows(text, delimiter, path)) or [(1, [])]
    names = _names(header[1], path)
    for line, values in rows:
        if len(values) != len(names):
            raise DataError(
                f"line {line} of {path} has {len(values)} value{'s' * (len(values) != 1)}, and the first line names "
                f"{len(names)} columns; correct the line"
            )
    if not rows:
        raise DataError(f"{path} has no rows below the line that names the columns")
    by_name = zip(names, zip(*(values for _, values in rows), strict=True), strict=True)
    columns = {name: Column.of_texts(texts, decimal_comma=delimiter != ",") for name, texts in by_name}
    return Frame(columns, str(path), np.array([line for line, _ in rows]))


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
        content = gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content
    except IsADirectoryError as error:
        raise DataError(f"{path} is a folder; name a .csv file in it") from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{path} is a damaged gzip file ({error}); copy it again") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
    refuse_not_utf8(content, str(path), DataError)
    return content.decode("utf-8-sig")


def _lines(text: str) -> io.StringIO:
    """The lines, which end where a file's do, and not at a form feed or U+2028 as those of `str.splitlines`."""
    return io.StringIO(text, newline="")


def _delimiter(text: str) -> str:
    first = next((line for line in _lines(text) if line.strip()), "")
    outside = "".join(first.split('"')[::2])  # what stands between quotes is a name
    return max(DELIMITERS, key=outside.count)


def _rows(text: str, delimiter: str, path: Path) -> Iterator[tuple[int, list[str]]]:
    """The number of each line that is not empty, with its values."""
    reader = csv.reader(_lines(text), delimiter=delimiter, skipinitialspace=True)
    try:
        for values in reader:
            if any(value.strip() for value in values):
                yield reader.line_num, values
    except csv.Error as error:
        raise DataError(f"line {reader.line_num} of {path} is no CSV ({error}); correct the line") from error


def _names(header: list[str], path: Path) -> list[str]:
    names = [name.strip() for name in header]
    if not names or (len(names) > 1 and Column.of_texts(names).kind == "number"):
        raise DataError(f"the first line of {path} names no columns; write their names there, such as age,height,label")
    for k, name in enumerate(names):
        if not name:
            raise DataError(f"column {k + 1} of {path} has no name in the first line; give it one")
        if name in names[:k]:
            raise DataError(f'two columns of {path} are named "{name}"; give each its own name')
    return names
