"""A log for Weights & Biases: a run of a project, on their server or, offline, in a folder."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from backhand.extras import WANDB
from backhand.files.paths import PathLike, as_path
from backhand.loggers.settings import plain
from backhand.loggers.tracker import TrackerLogger
from backhand.training.history import Record
from backhand.training.solver import Solver


@dataclass(eq=False)
class WandbLogger(TrackerLogger):
    """Logs to a run of a project of Weights & Biases; a training that goes on goes on with the same run.

    The figures are named as in the history, those of steps step/NAME; the final ones are in the run's summary. What a
    resumed training repeats is not logged again. Raises MissingExtraError without the package wandb.

    project: its name.   name: of the run; None lets W&B choose one.
    offline: write to the folder alone, without any account; `wandb sync` uploads it later, if that is wanted.
    folder: where W&B keeps its files, in a folder wandb; None: the current one.
    """

    project: str = "backhand"
    name: str | None = None
    offline: bool = False
    folder: PathLike | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        WANDB.require("a log for Weights & Biases")
        self._folder = as_path(self.folder)
        self._logged = 0  # the latest step that the run has

    @property
    def failures(self) -> tuple[type[Exception], ...]:
        """Those of W&B besides those of all logs; pydantic refuses bad settings, as of its environment variables."""
        import wandb
        from pydantic import ValidationError

        return (*super().failures, wandb.Error, ValidationError)

    def reset(self) -> None:
        """Begin a new run, because a new training begins; or go on with the run that the file names."""
        super().reset()
        self._logged = 0

    def begin(self, solver: Solver, settings: Mapping[str, Any]) -> None:
        """Create the run with its settings, or go on with the one that there is."""
        import wandb

        if self._folder is not None:
            self._folder.mkdir(parents=True, exist_ok=True)
        self._log = wandb.init(
            project=self.project,
            name=self.name,
            id=self.run,
            resume=None if self.run is None else "allow",
            mode="offline" if self.offline else "online",
            dir=None if self._folder is None else str(self._folder),
            config=plain(settings),
            settings=wandb.Settings(silent=True, console="off"),
        )
        self._logged = max(solver.step if self.run else 0, self._log.starting_step - 1)
        self.keep(self._log.id)

    def log_step(self, step: int, figures: Record) -> None:
        """Log the figures of a step, unless an interrupted training has logged them."""
        self._log_figures(step, {f"step/{name}": value for name, value in figures.items()})

    def log_epoch(self, record: Record) -> None:
        """Log the record of an epoch at its last step, unless an interrupted training has logged it."""
        self._log_figures(int(record["step"]), {key: value for key, value in record.items() if key != "step"})

    def log_final(self, step: int, figures: Record) -> None:
        """Put final figures into the summary of the run."""
        self._log.summary.update({f"final/{name}": value for name, value in figures.items()})

    def end(self, *, failed: bool) -> None:
        """End the run, which a resumed training opens again."""
        self._log.finish(exit_code=int(failed))
        super().end(failed=failed)

    def _log_figures(self, step: int, figures: Record) -> None:
        if step > self._logged:
            self._log.log(figures, step=step)
