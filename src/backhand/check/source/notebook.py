"""The code cells of a Jupyter notebook, read as JSON, without the lines that are not Python."""

import json
import re
from pathlib import Path
from typing import Any

from backhand.errors import BackhandError

# %magic, !shell, ?help; also `files = !ls` and `x = %magic`. A line that goes on with a % is an operator, so a magic
# must be a word right after its sign.
NOT_PYTHON = re.compile(r"^\s*(%{1,2}[A-Za-z_]|!|\?|[\w.]+\?{1,2}\s*$|[\w, ]+=\s*(!|%[A-Za-z_]))")
# Cells of which the first line says that the rest is not Python.
OTHER_LANGUAGE = re.compile(r"^\s*%%(?!time\b|timeit\b|capture\b|prun\b)[A-Za-z_]\w*")
CONTINUED = re.compile(r"[\\(\[{,%=+*/-]\s*$")


def notebook_cells(text: str, path: Path) -> list[str]:
    """The text of every code cell in order, lines that are not Python left blank so that the line numbers stay.

    Raises BackhandError where the file is no notebook.
    """
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise BackhandError(
            f"{path} is no notebook, since line {error.lineno} is not JSON; download it again, or save it in Jupyter"
        ) from error
    cells = [_source(cell) for cell in _cells(content) if cell.get("cell_type") == "code"]
    if not cells:
        raise BackhandError(f"{path} has no code cells; save it in Jupyter as a notebook with code")
    return [_only_python(cell) for cell in cells]


def _cells(content: Any) -> list[dict[str, Any]]:
    """The cells of a notebook of format 4, or of the work sheets of format 3."""
    if not isinstance(content, dict):
        return []
    sheets = [content, *(sheet for sheet in _list(content.get("worksheets")) if isinstance(sheet, dict))]
    return [cell for sheet in sheets for cell in _list(sheet.get("cells")) if isinstance(cell, dict)]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _source(cell: dict[str, Any]) -> str:
    """The text of a cell: under "source", in format 3 under "input", as one string or a list of lines."""
    source = cell.get("source", cell.get("input", ""))
    text = "".join(map(str, source)) if isinstance(source, list) else str(source)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _only_python(cell: str) -> str:
    lines = cell.split("\n")
    first = next((line for line in lines if line.strip()), "")
    if OTHER_LANGUAGE.match(first):
        return "\n" * (len(lines) - 1)
    kept: list[str] = []
    before = ""
    for line in lines:
        python = CONTINUED.search(before) or not NOT_PYTHON.match(line)
        kept.append(line if python else "")
        before = line
    return "\n".join(kept)
