"""A unit on its way to a worker, and the worker's answer. Whatever executor carries them, both are pickled."""

import pickle
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Generic, TypeVar

from backhand import backend
from backhand.errors import BackhandError
from backhand.experiments.cluster.archive import Archive
from backhand.experiments.cluster.cluster import Share
from backhand.experiments.cluster.places import unpacked
from backhand.experiments.cluster.work import Work
from backhand.experiments.cluster.worker import Worker, prepare

Result = TypeVar("Result")
ONE_UNIT = threading.Lock()  # a process does one unit at a time, on all its threads, however many it is given at once


@dataclass(frozen=True)
class Answer(Generic[Result]):
    """What a worker sends back: itself, the result, the fingerprint of the data it read, and the folder of its unit."""

    worker: Worker
    result: Result
    data: str = ""
    archive: Archive | None = None


@dataclass(frozen=True)
class Remote(Generic[Result]):
    """A unit with all that a worker needs to do it as the head would; called on the worker.

    unit: the pickled unit, which is read only once the worker is known to have the head's version of Backhand.
    data: the fingerprint of its data on the head, "" for a unit that does not say what it reads.
    reads: what it reads besides, by its path on the head.   archive: what the folder of a whole run holds so far.
    """

    unit: bytes
    head: Worker
    backend: str
    threads: Share | None
    data: str = ""
    reads: Mapping[Path, Archive] = field(default_factory=dict)
    archive: Archive | None = None

    @classmethod
    def of(cls, unit: Callable[[], Result], threads: Share | None) -> "Remote[Result]":
        """The unit as it travels from this process. threads: as in `prepare`. Raises what reading its data raises."""
        remote = cls(pickle.dumps(unit), Worker.here(), backend.chosen(), threads)
        if not isinstance(unit, Work):
            return remote
        reads = {path: archive for path in unit.reads if (archive := Archive.of(path)) is not None}
        archive = None if unit.folder is None else Archive.of(unit.folder)
        return replace(remote, data=unit.fingerprint(unit.data_dir), reads=reads, archive=archive)

    def __call__(self) -> Answer[Result]:
        """Do the unit in this process.

        Raises BackhandError, which names the worker, for another version of Backhand and for other data than the head
        has, and whatever the unit raises.
        """
        with ONE_UNIT:
            worker = prepare(self.head, self.backend, self.threads)
            unit = pickle.loads(self.unit)
            if not isinstance(unit, Work):
                return Answer(worker, unit())
            with TemporaryDirectory(prefix="backhand-") as temporary, unpacked(self.reads, Path(temporary, "reads")):
                return self._do(unit, worker, Path(temporary))

    def _do(self, work: Work[Result], worker: Worker, temporary: Path) -> Answer[Result]:
        work = replace(work, data_dir=self._checked_data(work, worker))
        if work.folder is None:
            return Answer(worker, work(), self.data)
        folder = temporary / work.folder.name
        if self.archive is not None:
            self.archive.unpack(folder)
        result = replace(work, folder=folder)()
        return Answer(worker, result, self.data, Archive.of(folder))

    def _checked_data(self, work: Work[Any], worker: Worker) -> Path | None:
        """The folder of data sets on this machine: the head's if there is one of that name, else the worker's own."""
        data_dir = work.data_dir if work.data_dir is not None and work.data_dir.is_dir() else None
        try:
            found = work.fingerprint(data_dir)
        except BackhandError as error:
            raise BackhandError(f"worker {worker.name} cannot read the data of its unit: {error}") from None
        if found != self.data:
            raise BackhandError(
                f"worker {worker.name} has other data than this machine: their fingerprints are {found[:12]} and "
                f"{self.data[:12]}; give the worker the same files, in the folder that its BACKHAND_DATA names"
            )
        return data_dir
