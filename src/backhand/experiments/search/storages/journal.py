"""Storages in a journal: a file to which every process appends what it does, on a disk that all of them have.

The lock is a file that is created exclusively (`O_EXCL`), which NFS does atomically since its version 3, whereas its
locks by `fcntl` often fail. A process that was killed leaves its lock behind; the others remove it after 30 s.
A record that was cut short, by a kill amid a write, is removed before the next one is written.
"""

import json
import os
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

from backhand.errors import BackhandError
from backhand.experiments.search.storages.address import Address
from backhand.experiments.search.storages.errors import no_answer, unusable

if TYPE_CHECKING:
    import optuna

BEGINNING = b'{"op_code":'  # of every record
BLOCK = 1 << 16
FOR_GOOD = PermissionError, IsADirectoryError, NotADirectoryError
Result = TypeVar("Result")


class DamagedError(BackhandError):
    """A journal with a record that cannot be read."""


class JournalFile(JournalFileBackend):
    """A journal whose last record may be cut short. It never creates a file that was there and is gone."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lock = JournalFileOpenLock(str(path))
        super().__init__(str(path), self.lock)

    def read_logs(self, log_number_from: int) -> Generator[dict[str, Any], None, None]:
        """Yield the records from this number on. Raises DamagedError for one that cannot be read."""
        try:
            yield from super().read_logs(log_number_from)
        except ValueError as error:
            raise damaged(self.path) from error

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Append records, and flush them to the disk."""
        text = "".join(f"{json.dumps(log, separators=(',', ':'))}\n" for log in logs)
        with self._locked(), self.path.open("r+b") as file:
            file.seek(_end_of_records(file, self.path))
            file.truncate()
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.lock.acquire()
        try:
            yield
        finally:
            with suppress(RuntimeError):  # another process has removed the lock of one that stood still
                self.lock.release()


def _end_of_records(file: Any, path: Path) -> int:
    """Return the position after the last whole record. Raises DamagedError where what follows is no record at all."""
    size = end = file.seek(0, os.SEEK_END)
    tail = b""
    while end > 0 and b"\n" not in tail:
        start = max(0, end - BLOCK)
        file.seek(start)
        tail, end = file.read(end - start) + tail, start
    cut_short = tail.rpartition(b"\n")[2]
    if cut_short[: len(BEGINNING)] != BEGINNING[: len(cut_short)]:
        raise damaged(path)
    return int(size - len(cut_short))


def damaged(path: Path, line: int | None = None) -> DamagedError:
    """The error of a journal with a record that cannot be read."""
    where = "a record" if line is None else f"its line {line}"
    return DamagedError(
        f"the journal {path} is damaged: {where} cannot be read; restore it from a copy, or begin a new search with "
        f"another file"
    )


def refuse_damaged(path: Path) -> None:
    """Raises DamagedError, naming the line, where a record of the journal is none. The last one may be cut short."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.endswith(b"\n"):
                if line[: len(BEGINNING)] != BEGINNING[: len(line)]:
                    raise damaged(path, number)
                return
            try:
                record = json.loads(line)
            except ValueError as error:
                raise damaged(path, number) from error
            if not isinstance(record, dict) or "op_code" not in record:
                raise damaged(path, number)


@dataclass
class Journal:
    """A journal at an address."""

    address: Address
    is_open: bool = False

    @property
    def path(self) -> Path:
        """The path of the file that holds the records."""
        assert self.address.path is not None, "the address is that of a journal"
        return self.address.path

    def make(self, *, may_create: bool) -> "optuna.storages.BaseStorage":
        """Open the journal; where there is none, create it, if `may_create`.

        Raises BackhandError for a file that is damaged or cannot be used.
        """
        from optuna.storages import JournalStorage

        if not self.path.parent.is_dir():
            raise unusable(self.address.shown, "there is no such folder", "create it, or name another")
        if self.path.exists():
            refuse_damaged(self.path)
        elif not may_create:
            raise unusable(self.address.shown, "there is no such file", "name another")
        try:
            return JournalStorage(JournalFile(self.path))
        except (KeyError, TypeError, AssertionError, AttributeError) as error:  # records that do not fit together
            raise damaged(self.path) from error

    def close(self) -> None:
        """Do nothing: a journal opens its file for each call."""

    def translated(self, call: Callable[[], Result]) -> Result:
        """Make a call. Raises NoAnswerError where the disk does not answer, BackhandError where it is unusable."""
        try:
            return call()
        except FOR_GOOD as error:
            raise unusable(self.address.shown, error.strerror or str(error)) from error
        except OSError as error:
            raise no_answer(self.address.shown, error.strerror or str(error)) from error
