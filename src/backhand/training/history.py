"""history.jsonl: what a training records of each epoch, a line each, appended as it goes on.

The state of a training holds the same lines, so that the file can always be brought back to where the state stands:
after a kill it may hold epochs that the state does not know, or end within a line.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from backhand.files import jsontext
from backhand.files.atomic import append, sync, write_atomic
from backhand.files.names import HISTORY


def line(record: dict[str, Any]) -> str:
    """One record as a line; a number that is not finite is null."""
    return f"{jsontext.dumps(record)}\n"


def records(text: str) -> list[dict[str, Any]]:
    """The records of lines. Raises ValueError where one is not JSON."""
    return [jsontext.loads(each) for each in text.splitlines()]


class History:
    """The file in a folder, and the lines that it should hold."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / HISTORY
        self.lines = bytearray()

    def restore(self, history: Sequence[dict[str, Any]]) -> None:
        """Let the file hold these records and nothing else; one that does is left as it is."""
        self.lines = bytearray("".join(map(line, history)).encode())
        if not self.lines:
            self.path.unlink(missing_ok=True)
        elif not self.path.exists() or self.path.read_bytes() != self.lines:
            write_atomic(self.path, bytes(self.lines))

    def append(self, record: dict[str, Any]) -> None:
        """Another line, which the system has, but the disk perhaps not yet. Raises BackhandError as `append` does."""
        added = line(record).encode()
        append(self.path, added)
        self.lines += added

    def sync(self) -> None:
        """Bring all lines to the disk."""
        if self.lines:
            sync(self.path)
