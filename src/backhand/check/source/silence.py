"""A person's code kept from the terminal: what it prints, reads and warns of."""

import contextlib
import io
import sys
import warnings
from collections.abc import Iterator
from typing import Any

MOST_OUTPUT = 100_000  # bytes of printed output that are kept


class BoundedOutput(io.BytesIO):
    """A stream that keeps the beginning of what is written to it and drops the rest."""

    def write(self, data: Any, /) -> int:
        """Take all of the bytes and keep those that there is room for."""
        content = bytes(data)
        super().write(content[: MOST_OUTPUT - self.tell()])
        return len(content)


@contextlib.contextmanager
def quiet() -> Iterator[BoundedOutput]:
    """Keep what the code prints from the terminal, give it an empty standard input, and ignore its warnings."""
    output = BoundedOutput()
    stream = io.TextIOWrapper(output, encoding="utf-8", errors="replace", write_through=True)
    before = sys.stdin
    sys.stdin = io.StringIO()
    try:
        with (
            contextlib.redirect_stdout(stream),
            contextlib.redirect_stderr(stream),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")
            yield output
    finally:
        sys.stdin = before
