"""What loggers to a program that keeps runs under ids share: a training that goes on goes on with the same run."""

from dataclasses import KW_ONLY, dataclass
from typing import Any

from backhand.arrays import Array
from backhand.files.atomic import write_output
from backhand.files.paths import PathLike, as_path
from backhand.loggers.base import Logger


@dataclass(eq=False)
class TrackerLogger(Logger):
    """The base of loggers to a program that keeps runs under ids.

    The id is part of the training's state. run_file: a text file that holds it as well, from the beginning of the run
    until it ends as it should, so that a training that was killed before its first saved state goes on with the run,
    too; None: none.
    """

    _: KW_ONLY
    run_file: PathLike | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self._run_file = as_path(self.run_file)
        self.run: str | None = None  # the id of the run

    def reset(self) -> None:
        """Begin a new run, because a new training begins; or go on with the run that the file names."""
        self.run = None
        if self._run_file is not None and self._run_file.is_file():
            self.run = self._run_file.read_text("utf-8").strip() or None

    def keep(self, run: str) -> None:
        """Keep the id of the run that has begun."""
        self.run = run
        if self._run_file is not None:
            write_output(self._run_file, f"{run}\n")

    def end(self, *, failed: bool) -> None:
        """Forget the file of a run that ended as it should."""
        if self._run_file is not None and not failed:
            self._run_file.unlink(missing_ok=True)

    def state(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """No arrays, and the id of the run."""
        return {}, {"run": self.run}

    def load(self, arrays: dict[str, Array], facts: dict[str, Any]) -> None:
        """Take over the id of the run to go on with."""
        self.run = facts["run"]
