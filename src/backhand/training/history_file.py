"""history.jsonl: one line per epoch with its record, appended during the training.

The state of a training holds the same lines, so that the file can always be brought back to that state: after the
process was killed, the file may hold later epochs, or end within a line.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from backhand.files import jsontext
from backhand.files.append import append, sync
from backhand.files.atomic import write_atomic
from backhand.files.names import HISTORY


def line(record: dict[str, Any]) -> str:
    """One record as a line of JSON; numbers that are not finite are null."""
    return f"{jsontext.dumps(record)}\n"


def records(text: str) -> list[dict[str, Any]]:
    """The records in these lines. Raises ValueError where a line is not JSON."""
    return [jsontext.loads(text_line) for text_line in text.splitlines()]


class HistoryFile:
    """The file history.jsonl in a folder, with the lines that it should hold, as bytes."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / HISTORY
        self.lines = bytearray()

    def restore(self, history: Sequence[dict[str, Any]]) -> None:
        """Rewrite the file with these records, unless it holds just them."""
        self.lines = bytearray("".join(map(line, history)).encode())
        if not self.lines:
            self.path.unlink(missing_ok=True)
        elif not self.path.exists() or self.path.read_bytes() != self.lines:
            write_atomic(self.path, bytes(self.lines))

    def append(self, record: dict[str, Any]) -> None:
        """Append a record to the file, which `sync` brings to the disk. Raises BackhandError as `append` does."""
        added = line(record).encode()
        append(self.path, added)
        self.lines += added

    def sync(self) -> None:
        """Wait until all lines are on the disk."""
        if self.lines:
            sync(self.path)
