"""The folder of an experiment of any kind. One process has it to itself, and a refusal leaves it as it was.

A folder is accepted that is empty or not there yet; files that systems and editors keep, and hidden ones, do not count.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Self

from rich.console import Console

from backhand.console.terminal import make_console
from backhand.errors import BackhandError, CheckpointError
from backhand.experiments import environment
from backhand.experiments.cluster.progress import Progress
from backhand.experiments.folders import OccupiedError, make, refuse_others, remove_empty, visible
from backhand.experiments.kind import Kind
from backhand.experiments.kinds import kind_of
from backhand.experiments.settings import study_name
from backhand.files.atomic import write_atomic
from backhand.files.locks import locked
from backhand.files.names import ENVIRONMENT
from backhand.files.paths import PathLike, as_path
from backhand.files.refusals import refuse_inside_data
from backhand.files.temporary import sweep

LOCK = ".backhand.lock"


@dataclass(frozen=True)
class Workspace:
    """An experiment's folder while it is worked on.

    resumed: whether the experiment goes on.   data_dir: where its data sets lie; None: where they do by default.
    """

    folder: Path
    kind: Kind
    resumed: bool
    console: Console
    data_dir: Path | None

    @classmethod
    @contextmanager
    def open(
        cls,
        path: PathLike,
        kind: Kind,
        *,
        resume: bool | None = False,
        data_dir: PathLike | None = None,
        quiet: bool = False,
        data: Iterable[Path | None] = (),
    ) -> Iterator[Self]:
        """Make the folder if needed, lock it for the `with` block, and sweep up what killed processes have left.

        A folder that was made, and into which nothing was put, is removed again.

        resume: True to go on with the experiment in it, False to begin, None for whichever the folder allows.
        data: the files and folders that the experiment reads.

        Raises OccupiedError where it holds something else or another process has it, CheckpointError where there is
        nothing to resume, BackhandError where it cannot be created or lies inside the data.
        """
        folder = as_path(path)
        _refuse(folder, kind, resume)
        if kind_of(folder) is None:
            refuse_inside_data(folder, data)
        created = make(folder)
        try:
            with _alone(folder) as held:
                _refuse(folder, kind, resume)  # it may have changed before it was locked
                if held:
                    sweep(folder, kind.files)
                resumed = resume or (resume is None and kind_of(folder) is kind)
                data_sets = environment.data_dir(folder, data_dir, resume=resumed)
                yield cls(folder, kind, resumed, make_console(quiet=quiet), data_sets)
        finally:
            remove_empty(created)

    def progress(self) -> Progress:
        """Who does the units of the experiment: printed, and workers of an executor noted in environment.json."""
        return Progress(self.console, partial(environment.note_worker, self.folder))

    def begin(self, seed: int, files: Mapping[str, str]) -> None:
        """Write environment.json, then these files, whole, by their names: from then on there is something to resume.

        An experiment that goes on notes that it does, and its files stay as they are but for those that have changed.
        """
        environment.note(self.folder, seed, self.data_dir, anew=not self.resumed)
        for name, text in files.items():
            path = self.folder / name
            if not (self.resumed and path.is_file() and path.read_text("utf-8") == text):
                write_atomic(path, text)


def _refuse(folder: Path, kind: Kind, resume: bool | None) -> None:
    """Raises what `Workspace.open` raises, for what can be seen before the folder is made."""
    present = kind_of(folder)
    if resume:
        _refuse_to_resume(folder, kind, present)
    elif not _unused(folder, kind):
        if present is None:
            refuse_others(folder, set())
        elif present is not kind or resume is False:
            holds = f"{folder} already holds {present.name}{_of_study(folder)}"
            raise OccupiedError(f"{holds}; {present.onward(folder)}, or choose another --out")


def _refuse_to_resume(folder: Path, kind: Kind, present: Kind | None) -> None:
    if present is not kind:
        what = f"holds {present.name}: {present.onward(folder)}" if present else f"has no {kind.mark}"
        raise CheckpointError(f"{folder} is not the folder of {kind.name}: it {what}")


def _of_study(folder: Path) -> str:
    """The name of the study in the folder, for a message, where it can be read."""
    name = study_name(folder)
    return f" of the study {name}" if name else ""


def _unused(folder: Path, kind: Kind) -> bool:
    """Whether the folder holds nothing, or only what an experiment that was killed before any result put there."""
    names = visible(folder)
    only_first_files = ENVIRONMENT in names and names <= {ENVIRONMENT, *kind.first}
    return not names or (only_first_files and not kind.has_result(folder))


@contextmanager
def _alone(folder: Path) -> Iterator[bool]:
    """Lock the folder. Yields False where the system or the disk has no locks."""
    with ExitStack() as stack:
        try:
            held = stack.enter_context(locked(folder / LOCK))
        except BlockingIOError as error:
            raise OccupiedError(f"{folder} is being trained by another process; wait until it ends") from error
        except OSError as error:
            raise BackhandError(f"cannot write into the folder {folder}: {error.strerror}; choose another") from error
        yield held
