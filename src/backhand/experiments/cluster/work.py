"""A unit of work that can be done elsewhere: it says what it reads, and which folder it writes."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

Result = TypeVar("Result")


@dataclass(frozen=True)
class Work(Generic[Result]):
    """A unit that reads data, and that may be a whole run in a folder of its own. It is called without arguments.

    call: does it, with the keyword `data_dir`, and, where the unit has a folder, `folder`; a function of a module or a
    `partial` of one, which can be pickled, as can its result.
    fingerprint: of the data that it reads, from the folder of data sets: other data on a worker are refused by it.
    data_dir: the folder of data sets here; a worker that has no such folder looks in its own.
    reads: runs and files of weights that it reads, besides the data; they travel to a worker, see `places`.
    folder: of a whole run: a worker begins with what is in it, and what the worker has made of it replaces it.
    """

    call: Callable[..., Result]
    fingerprint: Callable[[Path | None], str]
    data_dir: Path | None = None
    reads: tuple[Path, ...] = ()
    folder: Path | None = None

    def __call__(self) -> Result:
        """Do the work in this process, in its own folder."""
        more: dict[str, Any] = {} if self.folder is None else {"folder": self.folder}
        return self.call(data_dir=self.data_dir, **more)
