"""The mutants as the files of `tables/` list them.

[NUMBER] PATTERN                 begins a section; what follows holds for all of its mutants
causes: NAME | NAME              the names that count as right
also: SEVERITY | SEVERITY        what counts as found beside the two wrong ones

FILE : LAYER : FUNCTION          a mutant; LAYER is * where the file as a whole must be told of it
causes: ...  also: ...           further ones, and
lines: TEXT | TEXT               pieces of other lines that count as right
- what is replaced; the first of several such lines may be a part of a line
+ what takes its place; without such a line the whole lines are removed
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.check.mutants.mutant import Mutant

FOLDER = Path(__file__).parent / "tables"
WRONG = ("wrong", "wrong elsewhere")
KEYS = ("causes", "also", "lines", "reviewed")


@dataclass
class Entry:
    """A section or a mutant while its lines are read."""

    heading: str
    values: dict[str, tuple[str, ...]] = field(default_factory=dict)
    hunks: list[tuple[list[str], list[str]]] = field(default_factory=list)

    def get(self, key: str) -> tuple[str, ...]:
        """The values of a key, none where there is no such line."""
        return self.values.get(key, ())


def _entries(text: str) -> Iterator[Entry]:
    entry: Entry | None = None
    for line in text.splitlines():
        key, colon, rest = line.partition(": ")
        if not line:
            continue
        if line[0] in "-+":
            assert entry is not None
            if line[0] == "-" and (not entry.hunks or entry.hunks[-1][1]):
                entry.hunks.append(([], []))
            entry.hunks[-1]["-+".index(line[0])].append(line[2:])
        elif colon and key in KEYS:
            assert entry is not None
            entry.values[key] = tuple(rest.split(" | "))
        else:
            if entry is not None:
                yield entry
            entry = Entry(line)
    if entry is not None:
        yield entry


def _mutant(entry: Entry, section: Entry, pattern: int) -> Mutant:
    base, unit, at = entry.heading.split(" : ")
    joined = [("\n".join(before) + ("" if after else "\n"), "\n".join(after)) for before, after in entry.hunks]
    return Mutant(
        pattern,
        base,
        "" if unit == "*" else unit,
        at,
        tuple(joined),
        (*section.get("causes"), *entry.get("causes")),
        (*WRONG, *section.get("also"), *entry.get("also")),
        entry.get("lines"),
        *entry.get("reviewed"),
    )


def read_table(path: Path) -> Iterator[tuple[int, str, Mutant]]:
    """The mutants of a file, each with the number and the words of its section."""
    section, number = Entry(""), 0
    for entry in _entries(path.read_text("utf-8")):
        if entry.heading.startswith("["):
            section = entry
            number = int(entry.heading[1:].partition("]")[0])
        else:
            yield number, section.heading.partition("] ")[2], _mutant(entry, section, number)


_ALL = [each for path in sorted(FOLDER.glob("*.txt")) for each in read_table(path)]
PATTERNS = dict(sorted({number: words for number, words, _ in _ALL}.items()))
MUTANTS = sorted((mutant for _, _, mutant in _ALL), key=lambda mutant: mutant.pattern)
RIGHT_BY_CHANCE = [mutant for _, _, mutant in read_table(FOLDER.with_name("chance.txt"))]
