"""A mistake planted in a right file: the text that is replaced, and what the check has to say of it."""

import re
import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import backhand

SOLUTIONS = Path(backhand.__file__).parent / "exercises" / "conventions"
BASES = Path(__file__).parent / "bases"
WHOLE_FOLDERS = ("holberton",)  # conventions whose files say nothing alone
ANY = "any"  # whatever name the cause is given, as long as it has one


@dataclass(frozen=True)
class Mutant:
    """A mistake planted in a right file.

    pattern: its number in the tables.   base: the file, below the folder of the solutions or that of the bases.
    unit: the name of the layer in which it must be found; "" for the file as a whole.   at: the function or the class,
    or both as Class.method, after whose first line the texts are looked for.   hunks: each text and its replacement,
    in order.   causes: the names that count as right; none where it is no mistake.   severities: those that count as
    found; with "unread" it is enough that the layer is not read and the reason contains a cause.   lines: pieces of
    text; their lines count as right beside those that were changed.   reviewed: the file to review; "" for the base.
    """

    pattern: int
    base: str
    unit: str
    at: str
    hunks: tuple[tuple[str, str], ...]
    causes: tuple[str, ...]
    severities: tuple[str, ...]
    lines: tuple[str, ...] = ()
    reviewed: str = ""

    @property
    def name(self) -> str:
        """What tells this mutant from all others."""
        changes = "; ".join(f"{before!r} -> {after!r}" for before, after in self.hunks)
        return f"{self.pattern:02} {self.base} {self.at or self.unit}: {changes}"

    @property
    def is_silent(self) -> bool:
        """Whether it is no mistake, and nothing may be said of it."""
        return not self.causes

    @property
    def _is_solution(self) -> bool:
        return not (BASES / self.base).exists()

    @cached_property
    def base_text(self) -> str:
        """The text of the right file."""
        return ((SOLUTIONS if self._is_solution else BASES) / self.base).read_text("utf-8")

    @cached_property
    def _changed(self) -> tuple[str, frozenset[int]]:
        """The text with the mistake, and the lines in which it is; where lines were removed, those around them."""
        text, position = self.base_text, 0
        for name in filter(None, self.at.split(".")):
            found = re.compile(rf"^\s*(?:class|def) {re.escape(name)}\b", re.MULTILINE).search(text, position)
            assert found, f"{self.base} has no {self.at}"
            position = found.start()
        changed: set[int] = set()
        for before, after in self.hunks:
            assert before in text[position:], f"not in {self.base}: {before!r}"
            position = text.index(before, position)
            text = text[:position] + after + text[position + len(before) :]
            first = text[:position].count("\n") + 1
            changed |= set(range(first, first + after.rstrip("\n").count("\n") + 1))
            changed |= set() if after.strip() else {first - 1, first + 1}
            position += len(after)
        return text, frozenset(changed)

    @property
    def text(self) -> str:
        """The text of the file with the mistake."""
        return self._changed[0]

    @property
    def right_lines(self) -> set[int]:
        """The lines of the mistake, and those that show it."""
        numbered = list(enumerate(self.text.splitlines(), 1))
        return {*self._changed[1], *(n for n, line in numbered for piece in self.lines if piece in line)}

    def write(self, folder: Path, text: str) -> Path:
        """Write the file with this text, and copies of what lies beside it. Returns what is to be reviewed."""
        if not self._is_solution:
            (folder / self.base).write_text(text, "utf-8")
            return folder / self.base
        root = self.base.partition("/")[0]
        shutil.copytree(SOLUTIONS / root, folder / root, ignore=shutil.ignore_patterns("__pycache__"))
        (folder / self.base).write_text(text, "utf-8")
        return folder / root if root in WHOLE_FOLDERS else folder / (self.reviewed or self.base)
