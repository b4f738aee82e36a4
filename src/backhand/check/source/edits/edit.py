"""A single change of a function's source, which can be tried out."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FunctionType

from backhand.check.source.edits.text import FunctionText


@dataclass(frozen=True)
class Edit:
    """A change in one place of a function's body.

    `line` is where it begins in the file; `before` and `after` are the whole lines there, without their indentation,
    as the person wrote them and as they would be. `operator` says what kind of change it is; `names` are the names that
    occur in the changed expression and in the target of its statement; `tier` is 0 for what mends the most usual
    mistakes, and larger for rarer ones. `changed` is the whole definition after the change.
    """

    function: FunctionType
    line: int
    before: str
    after: str
    operator: str
    names: frozenset[str]
    tier: int
    changed: bytes = field(repr=False)
    text: FunctionText = field(repr=False, compare=False)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Let the function run the changed code, under every name that it has, until the block is left."""
        original = self.function.__code__
        self.function.__code__ = self.text.compile(self.changed)
        try:
            yield
        finally:
            self.function.__code__ = original
