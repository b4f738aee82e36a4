"""Sizes that `/` has turned into floats, which Python 2 took and Python 3 refuses."""

from collections.abc import Collection, Sequence
from types import FunctionType

from backhand.check.kinds.kind import Kind
from backhand.check.reading.choice import read
from backhand.check.reading.reader import Reading, Unread
from backhand.check.review.records import Finding
from backhand.check.source.definitions import plain
from backhand.check.source.edits.text import FunctionText
from backhand.check.source.program import Program
from backhand.check.source.rewriting import REWRITINGS
from backhand.check.verdicts.places import float_size_place

SIGNS = ("cannot be interpreted as an integer", "slice indices must be integers", "only integers, slices", "same_kind")


def read_with_whole_sizes(
    unread: Unread, program: Program, kinds: Sequence[Kind], spoken: Collection[Kind]
) -> tuple[Reading, Finding] | None:
    """The unit, read with divisions that give whole numbers, and the finding that they do not; None if that is no help.

    The functions of its file keep these divisions, so that the rest of the file can be checked, too.
    """
    error = unread.error
    where = program.raised_at(error) if isinstance(error, TypeError | IndexError) else None
    if error is None or where is None or not any(sign in str(error) for sign in SIGNS):
        return None
    place = float_size_place(program, error)
    _floor_divisions(program)
    reading = read(unread.unit, kinds, spoken)
    if isinstance(reading, Unread):
        return None
    finding = Finding(
        "wrong",
        "float sizes",
        "forward",
        f"forward ends with {type(error).__name__}, since `/` gives a float, which is no size and no index",
        evidence=str(error),
        explanation="In Python 3, `/` always gives a float: write `//` for sizes. The rest was checked as if it did.",
        formula="H_out = (H + 2 * pad - HH) // stride + 1",
        function=unread.unit.name,
        place=place,
    )
    return reading, finding


def _floor_divisions(program: Program) -> None:
    """Let the functions of the program divide whole numbers as Python 2 does."""
    for definition in [*program.functions(), *program.helpers(), *program.classes()]:
        members = vars(definition.value).values() if isinstance(definition.value, type) else [definition.value]
        for function in map(plain, members):
            if isinstance(function, FunctionType) and function.__code__.co_filename in REWRITINGS:
                _floor(function)


def _floor(function: FunctionType) -> None:
    rewriting = REWRITINGS[function.__code__.co_filename]
    rewriting.floor = True
    try:
        text = FunctionText(function)
        function.__code__ = text.compile(text.data)
    except (OSError, SyntaxError, LookupError, ValueError):  # its source is not to be had: it stays as it is
        return
