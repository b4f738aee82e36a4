"""The layers of a model as a table: of text for the terminal, and as HTML for a notebook."""

from collections.abc import Iterable, Sequence
from typing import Any

from backhand.notebook.html import heading, table, view

Row = dict[str, Any]  # of `Sequential.rows`


def plain(rows: Sequence[Row]) -> str:
    """The table as text, with rules below its head and above the totals."""
    head, *body = _lines(rows)
    width = [max(map(len, column)) for column in zip(head, *body, strict=True)]
    texts = ["  ".join(_pad(cell, width[c], c > 2) for c, cell in enumerate(line)).rstrip() for line in (head, *body)]
    rule = "-" * (sum(width) + 2 * len(width) - 2)
    return "\n".join([texts[0], rule, *texts[1:-1], rule, texts[-1]])


def html(rows: Sequence[Row], facts: str) -> str:
    """The table as a notebook shows it, below a line of facts. Of a model that is not built, rows hold no figures."""
    if not all("output" in row for row in rows):
        return view(heading("Sequential", facts), table(("", "layer"), [(r["name"], r["layer"]) for r in rows], "ll"))
    head, *body = _lines(rows)
    return view(heading("Sequential", facts), table(head, body, "lll" + "r" * (len(head) - 3), totals=1))


def shape(lengths: Iterable[int]) -> str:
    """The lengths of axes as text: (8, 8, 1) -> 8 x 8 x 1."""
    return " x ".join(map(str, lengths))


def _lines(rows: Sequence[Row]) -> list[list[str]]:
    """The head, a line per layer, and the totals; with the trained parameters where layers are frozen."""
    some_frozen = any(row["trained"] < row["parameters"] for row in rows)
    keys = ["parameters", *["trained"] * some_frozen, "multiply_adds"]
    lines = [["", "layer", "output", *(key.replace("_", "-") for key in keys)]]
    lines += [[row["name"], row["layer"], shape(row["output"]), *(f"{row[key]:,}" for key in keys)] for row in rows]
    return [*lines, ["", "total", "", *(f"{sum(row[key] for row in rows):,}" for key in keys)]]


def _pad(cell: str, width: int, align_right: bool) -> str:
    return cell.rjust(width) if align_right else cell.ljust(width)
