"""Markdown of a model card: text, tables and code."""

import re
from collections.abc import Iterable, Sequence


def escape(text: str) -> str:
    """The text on one line, with a backslash before every character that has a meaning in Markdown."""
    return re.sub(r"([\\`*_{}\[\]<>#|$~&])", r"\\\1", " ".join(text.split()))


def table(head: Sequence[str], rows: Iterable[Sequence[str]], align: str) -> str:
    """A table of texts. align: a letter per column, l for left and r for right."""
    rule = [":---" if letter == "l" else "---:" for letter in align]
    lines = [[*map(escape, head)], rule, *([*map(escape, row)] for row in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def code(text: str, language: str = "python") -> str:
    """A fenced block."""
    return f"```{language}\n{text.strip()}\n```"


def points(sentences: Iterable[str]) -> str:
    """A list of sentences."""
    return "\n".join(f"- {escape(sentence)}" for sentence in sentences)
