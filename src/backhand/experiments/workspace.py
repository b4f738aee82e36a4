"""The folder of an experiment of any kind: taken before any work, one process's alone, left as it was on a refusal.

A folder is accepted that is empty or not there yet; files that systems and editors keep, and hidden ones, do not count.
"""

import os
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from itertools import count
from pathlib import Path

from backhand.errors import BackhandError, CheckpointError
from backhand.experiments import environment
from backhand.experiments.folder import ENVIRONMENT, SERIES, STUDY, has_ended, read_study, refuse_another_study
from backhand.experiments.kinds import Kind, kind_of
from backhand.files.atomic import refuse_among, sweep, write_atomic
from backhand.files.locks import locked
from backhand.study import Series, Study, to_toml

LOCK, ROOT = ".backhand.lock", Path("runs")
NOT_OURS = {"lost+found", "Thumbs.db", "desktop.ini"}  # what a system puts into folders by itself


class OccupiedError(BackhandError):
    """A folder that another process, or another experiment, has."""


@contextmanager
def taken(folder: Path, kind: Kind, *, resume: bool | None = None, data: Iterable[Path | None] = ()) -> Iterator[None]:
    """The folder, made where it is not there, and ours alone while the context lasts; what died writers left is swept.

    resume: True to go on with what is there, False to begin, None for either.   data: what the experiment reads.
    A folder that was made, and into which nothing was put, is gone afterwards.

    Raises OccupiedError where it holds something else or another process has it, CheckpointError where there is
    nothing to resume, BackhandError where it cannot be created or lies inside the data.
    """
    _refuse(folder, kind, resume)
    if kind_of(folder) is None:
        refuse_among(folder, data)
    created = _make(folder)
    try:
        with _alone(folder) as held:
            _refuse(folder, kind, resume)  # it may have changed before it was ours
            if held:
                sweep(folder, kind.files)
            yield
    finally:
        _remove_empty(created)


@contextmanager
def named(out: Path | None, name: str) -> Iterator[Path]:
    """`out`, or a new folder runs/NAME-TIME, made at once, so that no other process takes it; gone again if unused."""
    if out is not None:
        yield out
        return
    created = _make(ROOT)
    try:
        for path in numbered(f"{name}-{datetime.now():%Y%m%d-%H%M%S}"):
            try:
                path.mkdir()
            except FileExistsError:
                continue
            except OSError as error:
                raise BackhandError(f"cannot make the folder {path}: {error.strerror}; choose an --out") from error
            created.append(path)
            yield path
            return
    finally:
        _remove_empty(created)


def numbered(name: str) -> Iterator[Path]:
    """Default folders of this name: runs/NAME, runs/NAME-2, and so on."""
    return (ROOT / (name if number == 1 else f"{name}-{number}") for number in count(1))


def begin(folder: Path, study: Study | Series, data_dir: Path | None, *, resume: bool = False) -> None:
    """The machine, then the study with every default spelt out.

    data_dir: where data sets lie.   resume: what is there stays, but for what a resumed run may change.
    Raises StudyError where the folder belongs to another study.
    """
    changed = not resume
    if resume and isinstance(study, Study):
        own = read_study(folder)
        refuse_another_study(folder, own, study)
        changed = own != study
    environment.note(folder, study.seed, data_dir, anew=not resume)
    if changed:
        write_atomic(folder / (STUDY if isinstance(study, Study) else SERIES), to_toml(study))


def refuse_others(folder: Path, known: set[str]) -> None:
    """Raises OccupiedError where the folder holds anything but these names."""
    if others := _visible(folder) - known:
        raise OccupiedError(f"{folder} holds other files, such as {min(others)}; choose an empty folder, or a new one")


def _refuse(folder: Path, kind: Kind, resume: bool | None) -> None:
    """Raises what `taken` raises, for what can be seen before the folder is made."""
    own = kind_of(folder)
    if resume:
        _refuse_to_resume(folder, kind, own)
    elif not _unused(folder, kind):
        if own is None:
            refuse_others(folder, set())
        elif own is not kind or resume is False:
            holds = f"{folder} already holds {own.name}{_of_study(folder)}"
            raise OccupiedError(f"{holds}; {own.onward(folder)}, or choose another --out")


def _refuse_to_resume(folder: Path, kind: Kind, own: Kind | None) -> None:
    if own is not kind:
        what = f"holds {own.name}: {own.onward(folder)}" if own else f"has no {kind.mark}"
        raise CheckpointError(f"{folder} is not the folder of {kind.name}: it {what}")


def _of_study(folder: Path) -> str:
    """By which study the folder is known to a person, where that can be read."""
    for file in (SERIES, STUDY):
        with suppress(OSError, ValueError, KeyError):
            return f" of the study {tomllib.loads((folder / file).read_text('utf-8'))['name']}"
    return ""


def _unused(folder: Path, kind: Kind) -> bool:
    """Whether there is nothing in the folder, or only what a run put there that was killed before its first result."""
    names = _visible(folder)
    unfinished = ENVIRONMENT in names and names <= {ENVIRONMENT, *kind.first} and not has_ended(folder)
    return not names or unfinished


def _visible(folder: Path) -> set[str]:
    try:
        names = {path.name for path in folder.iterdir()}
    except FileNotFoundError:
        return set()
    except NotADirectoryError as error:
        raise OccupiedError(f"{folder} is a file, or its path leads through one; choose another --out") from error
    except OSError as error:
        raise BackhandError(f"cannot look into the folder {folder}: {error.strerror}; choose another --out") from error
    return {name for name in names if not name.startswith(".")} - NOT_OURS


def _make(folder: Path) -> list[Path]:
    """Make the folder and those above it; returns those that were not there, the outermost first."""
    target = Path(os.path.realpath(folder))  # of a link to nothing, what it leads to
    missing = [each for each in (target, *target.parents) if not each.exists()][::-1]
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        _remove_empty(missing)
        raise BackhandError(f"cannot make the folder {folder}: {error.strerror}; choose another --out") from error
    return missing


def _remove_empty(created: list[Path]) -> None:
    with suppress(OSError):
        for folder in reversed(created):
            folder.rmdir()


@contextmanager
def _alone(folder: Path) -> Iterator[bool]:
    """Keep other processes out. False where the system or the disk knows no locks."""
    with ExitStack() as stack:
        try:
            held = stack.enter_context(locked(folder / LOCK))
        except BlockingIOError as error:
            raise OccupiedError(f"{folder} is being trained by another process; wait until it ends") from error
        except OSError as error:
            raise BackhandError(f"cannot write into the folder {folder}: {error.strerror}; choose another") from error
        yield held
