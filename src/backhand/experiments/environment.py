"""environment.json: where and with what an experiment ran, and the options that it is given again when resumed."""

import platform
import sys
import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import numpy as np
from pydantic import ConfigDict

import backhand
from backhand import backend, data, plugins
from backhand.errors import BackhandWarning, CheckpointError
from backhand.experiments.records import FileRecord, NewerVersionError, Record, read_record, write_record
from backhand.files import locations
from backhand.files.names import ENVIRONMENT
from backhand.files.paths import PathLike, as_path, command, without_password
from backhand.machine import blas, cores, cpu

DECISIVE = (
    "backhand",
    "numpy",
    "cpu",
    "backend",
    "plugins",
)  # a change in one of these may change the last digits of results


class Options(Record):
    """The options of an experiment beside its study: the folder of data sets, the backend, the threads of the kernels.

    None stands for the default of the machine.
    """

    data_dir: Path | None = None
    backend: str | None = None
    threads: int | None = None

    @classmethod
    def of(cls, folder: Path) -> Self:
        """The options that the experiment in this folder was last given, as far as its environment.json tells."""
        known = _known(folder)
        given = cls() if known is None else cls(**dict(known.options))
        return given if given.backend in backend.BACKENDS else given.model_copy(update={"backend": None})


class Environment(FileRecord):
    """All of environment.json: versions, machine, seed, time and command of the process that began the experiment.

    plugins: the packages whose layers, data sets or studies it names, with versions; absent where there are none.
    options: those of the last process that worked on it.   resumed: a line for each time that it went on.
    workers: a line for each process of a cluster that did units.   What a file of an earlier version holds besides
    stays in it.
    """

    model_config = ConfigDict(extra="allow")

    backhand: str = ""
    python: str = ""
    numpy: str = ""
    platform: str = ""
    cpu: str = ""
    cores: int | None = None
    backend: str = ""
    blas: str = ""
    plugins: str = ""
    seed: int | None = None
    started: str = ""
    command: str = ""
    options: Options = Options()
    resumed: tuple[str, ...] = ()
    workers: tuple[str, ...] = ()

    @property
    def facts(self) -> dict[str, Any]:
        """Everything that the file holds, by name, for a report to show; no workers where there were none."""
        hidden = {"version"} if self.workers else {"version", "workers"}
        return self.model_dump(mode="json", exclude_unset=True, exclude=hidden)


def data_dir(folder: Path, given: PathLike | None, *, resume: bool) -> Path | None:
    """The folder of data sets for an experiment: the one that is given, or when resumed, the one that it had before.

    None stands for the default of the machine. It is returned, with a BackhandWarning, where the folder of before no
    longer exists, too.
    """
    if given is not None:
        return as_path(given)
    previous = Options.of(folder).data_dir if resume else None
    if previous is not None and not previous.is_dir():
        warnings.warn(
            f"{previous}, where data sets lay for {folder}, is gone; data sets are looked for in the default folder; "
            f"name another folder with --data-dir",
            BackhandWarning,
            stacklevel=2,
        )
        return None
    return previous


def data_dir_with(name: str, folder: Path, given: PathLike | None) -> Path | None:
    """A folder that has this data set: `given`, or else the folder of data sets of the run in `folder`."""
    folders = (as_path(given), Options.of(folder).data_dir)
    return next((path for path in folders if path is not None and data.is_available(name, path)), as_path(given))


def read(folder: Path) -> Environment:
    """What environment.json holds. Raises CheckpointError where it is missing, damaged or of a later version."""
    return read_record(Environment, folder / ENVIRONMENT)


def lacking(folder: Path) -> str:
    """Which plugins the experiment in the folder was made with that are not installed now: a sentence, or ""."""
    known = _known(folder)
    missing = "" if known is None else plugins.absent(known.plugins)
    return missing and f"{folder} was made with {missing}"


def note(folder: Path, seed: int, data_dir: Path | None, *, anew: bool = False) -> None:
    """Write environment.json, or, where there is one and not `anew`, add to it that the experiment goes on.

    The options are then those of now, for the next time; where no folder of data sets is named now, that of before.
    A BackhandWarning tells when it goes on with what may give other bits than an experiment that was never stopped.
    """
    now, then = describe(seed, data_dir), None if anew else _known(folder)
    if then is None:
        if not anew and (folder / ENVIRONMENT).exists():
            damaged = f"{folder / ENVIRONMENT} cannot be read and is written anew: when and where the experiment began"
            warnings.warn(f"{damaged} is lost", BackhandWarning, stacklevel=2)
        write_record(folder / ENVIRONMENT, now)
        return
    before = {key: value for key in DECISIVE if (value := getattr(then, key))}
    changes = [f"{getattr(now, key)} (before: {old})" for key, old in before.items() if getattr(now, key) != old]
    line = f"{now.started}: {now.command}" + (f"; with {', '.join(changes)}" if changes else "")
    options = now.options
    if options.data_dir is None:
        options = options.model_copy(update={"data_dir": then.options.data_dir})
    going_on = {"options": options, "resumed": (*then.resumed, line)}
    write_record(folder / ENVIRONMENT, then.model_copy(update=going_on))
    if changes:
        warnings.warn(
            f"{folder} goes on with {', '.join(changes)}: its last digits may differ from those of an experiment that "
            f"was never stopped",
            BackhandWarning,
            stacklevel=2,
        )


def note_worker(folder: Path, worker: str) -> None:
    """Add a process of a cluster that does units, in words, to environment.json, where that can be read."""
    known = _known(folder)
    if known is not None and worker not in known.workers:
        write_record(folder / ENVIRONMENT, known.model_copy(update={"workers": (*known.workers, worker)}))


def describe(seed: int, data_dir: Path | None = None) -> Environment:
    """Versions, processor, BLAS, threads, seed, time, command and options of this process."""
    return Environment(
        backhand=backhand.__version__,
        python=platform.python_version(),
        numpy=np.__version__,
        platform=platform.platform(),
        cpu=cpu(),
        cores=cores(),
        backend=backend.describe(),
        blas=blas(),
        seed=seed,
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        command=command([program(), *map(without_password, sys.argv[1:])]),
        options=_options(data_dir),
        **({"plugins": added} if (added := plugins.used()) else {}),
    )


def program() -> str:
    """The name by which this process was started."""
    path = Path(sys.argv[0])
    started_as_module = path.name == "__main__.py" and path.parent.name == "backhand"
    return "backhand" if started_as_module else path.name.removesuffix(".exe")


def _options(data_dir: Path | None) -> Options:
    """The options of now; the folder is absolute, since a resumed experiment may be started elsewhere."""
    folder = data_dir or locations.data_dir_of_environment()
    absolute = folder.absolute() if folder and _storable(folder) else None
    return Options(data_dir=absolute, backend=backend.chosen(), threads=backend.threads())


def _storable(path: Path) -> bool:
    """Whether the path can stand in a JSON file, which holds no bytes that are not UTF-8."""
    try:
        str(path.absolute()).encode()
    except UnicodeEncodeError:
        return False
    return True


def _known(folder: Path) -> Environment | None:
    """What environment.json holds; None where it is missing or damaged, which stops no training.

    Raises NewerVersionError for a file of a later version.
    """
    try:
        return read(folder)
    except NewerVersionError:
        raise
    except CheckpointError:
        return None
