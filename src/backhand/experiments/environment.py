"""Where and with what an experiment was made, in environment.json; and what it is given again when it is resumed."""

import platform
import sys
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import numpy as np

import backhand
from backhand import backend, data
from backhand.errors import BackhandWarning
from backhand.experiments.records import write_json
from backhand.files import jsontext, locations
from backhand.files.names import ENVIRONMENT
from backhand.files.paths import PathLike, as_path, command, without_password
from backhand.machine import blas, cores, cpu

DECISIVE = ("backhand", "numpy", "cpu", "backend")  # other ones of these may give other last digits


@dataclass(frozen=True)
class Options:
    """What an experiment is given beside its study: where data sets lie, the backend, and the threads of its kernels.

    None: the default of the machine.
    """

    data_dir: Path | None = None
    backend: str | None = None
    threads: int | None = None

    @classmethod
    def of(cls, folder: Path) -> Self:
        """Those that the experiment in this folder was last given, as far as its environment.json tells."""
        options = _read(folder).get("options")
        if not isinstance(options, dict):
            return cls()
        data_dir, name, threads = (options.get(key) for key in ("data_dir", "backend", "threads"))
        return cls(
            data_dir=Path(data_dir) if isinstance(data_dir, str) else None,
            backend=name if name in backend.BACKENDS else None,
            threads=threads if isinstance(threads, int) else None,
        )


def data_dir(folder: Path, given: PathLike | None, *, resume: bool) -> Path | None:
    """Where data sets lie for an experiment in this folder: as given, else, when resumed, where they lay before.

    None where neither is known: then it is the default of the machine; so where the folder of then is gone, which a
    BackhandWarning tells.
    """
    if given is not None:
        return as_path(given)
    kept = Options.of(folder).data_dir if resume else None
    if kept is not None and not kept.is_dir():
        warnings.warn(
            f"{kept}, where data sets lay for {folder}, is gone; data sets are looked for where they are by default; "
            f"name another folder with --data-dir",
            BackhandWarning,
            stacklevel=2,
        )
        return None
    return kept


def having(name: str, folder: Path, given: PathLike | None) -> Path | None:
    """The folder of data sets that has this one: the one given, else where data sets lay for the run in `folder`."""
    folders = (as_path(given), Options.of(folder).data_dir)
    return next((each for each in folders if each is not None and data.is_in(name, each)), as_path(given))


def note(folder: Path, seed: int, data_dir: Path | None, *, anew: bool = False) -> None:
    """Write environment.json, or, where there is one and not `anew`, add to it that the experiment goes on.

    The options are then those of now, for the next time; where no folder of data sets is named now, that of before.
    A BackhandWarning tells when it goes on with what may give other bits than an experiment that was never stopped.
    """
    now, then = describe(seed, data_dir), {} if anew else _read(folder)
    if not then:
        write_json(folder / ENVIRONMENT, now)
        return
    changes = [f"{now[key]} (before: {then[key]})" for key in DECISIVE if key in then and then[key] != now[key]]
    line = f"{now['started']}: {now['command']}" + (f"; with {', '.join(changes)}" if changes else "")
    options = now["options"]
    if options["data_dir"] is None and isinstance(then.get("options"), dict):
        options |= {"data_dir": then["options"].get("data_dir")}
    write_json(folder / ENVIRONMENT, then | {"options": options, "resumed": [*then.get("resumed", ()), line]})
    if changes:
        warnings.warn(
            f"{folder} goes on with {', '.join(changes)}: its last digits may differ from those of an experiment that "
            f"was never stopped",
            BackhandWarning,
            stacklevel=2,
        )


def describe(seed: int, data_dir: Path | None = None) -> dict[str, Any]:
    """Versions, processor, BLAS, threads, seed, time, command and options of this process."""
    return {
        "backhand": backhand.__version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "platform": platform.platform(),
        "cpu": cpu(),
        "cores": cores(),
        "backend": backend.describe(),
        "blas": blas(),
        "seed": seed,
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": command([program(), *map(without_password, sys.argv[1:])]),
        "options": _options(data_dir),
    }


def program() -> str:
    """The name that this process was started by."""
    path = Path(sys.argv[0])
    started_as_module = path.name == "__main__.py" and path.parent.name == "backhand"
    return "backhand" if started_as_module else path.name.removesuffix(".exe")


def _options(data_dir: Path | None) -> dict[str, Any]:
    """As JSON; the folder is absolute, since a resumed experiment may be started elsewhere."""
    place = data_dir or locations.chosen()
    kept = place and _storable(place.absolute())
    return {"data_dir": kept, "backend": backend.chosen(), "threads": backend.threads()}


def _storable(path: Path) -> str | None:
    """The path as text; None for a name with bytes that are not UTF-8, which no JSON file can hold."""
    try:
        return str(path).encode().decode()
    except UnicodeEncodeError:
        return None


def _read(folder: Path) -> dict[str, Any]:
    """What environment.json holds; nothing where it is missing or damaged, which stops no training."""
    try:
        values = jsontext.loads((folder / ENVIRONMENT).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}
