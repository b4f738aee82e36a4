"""The logs of a run, as the table `log` of its study names them."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backhand.experiments import settings
from backhand.files.names import LOG
from backhand.study import Study
from backhand.training.callback import Callback
from backhand.training.evaluate import Evaluation
from backhand.training.history import Record
from backhand.training.solver import Solver

if TYPE_CHECKING:
    from backhand.loggers import Logger


EVENTS = "tensorboard"  # the folder of the event files
MLFLOW_RUN, WANDB_RUN = "mlflow-run.txt", "wandb-run.txt"  # the ids of runs that have not ended yet


def make_loggers(study: Study, folder: Path) -> "list[Logger]":
    """The loggers of a run in this folder. Raises MissingExtraError where the package of one is not installed."""
    table = study.log
    if table is None:
        return []
    from backhand.loggers import CsvLogger, MLflowLogger, TensorBoardLogger, WandbLogger

    shared: dict[str, Any] = {"every_steps": table.every_steps, "settings": settings.settings(study), "keep_open": True}
    loggers: list[Logger] = []
    if table.csv:
        loggers.append(CsvLogger(folder / LOG, **shared))
    if table.tensorboard:
        loggers.append(TensorBoardLogger(folder / EVENTS, **shared))
    if table.mlflow is not None:
        name = table.mlflow.name or study.name
        run_file = folder / MLFLOW_RUN
        loggers.append(MLflowLogger(table.mlflow.experiment, name, table.mlflow.uri, run_file=run_file, **shared))
    if table.wandb is not None:
        name, wandb = table.wandb.name or study.name, table.wandb
        kept: dict[str, Any] = {"folder": folder, "run_file": folder / WANDB_RUN}
        loggers.append(WandbLogger(wandb.project, name, offline=wandb.offline, **kept, **shared))
    return loggers


def refuse_missing_loggers(study: Study) -> None:
    """Raise MissingExtraError for a log of the study whose package is not installed, before anything is trained."""
    make_loggers(study, Path())


def final_figures(epoch: int, validated: Evaluation | None, tested: Evaluation) -> Record:
    """The figures of the chosen weights on validation and test samples, and the epoch from which they are."""
    splits = {"validation": validated, "test": tested}
    figures = {f"{split}_{name}": value for split, e in splits.items() if e for name, value in e.figures().items()}
    return {"chosen_epoch": epoch} | figures


class Beginning(Callback):
    """Writes the first files of a run as soon as all its logs, which stand before it, have begun."""

    def __init__(self, write: Callable[[], None]) -> None:
        self._write = write
        self.done = False

    def on_fit_begin(self, solver: Solver) -> None:
        """Write the first files: the logs before this callback have begun."""
        self._write()
        self.done = True


@contextmanager
def closing(loggers: "Sequence[Logger]", folder: Path, beginning: Beginning) -> Iterator[None]:
    """End the logs with the `with` block, as those of a run that failed where an exception ends it.

    Of a run that has not begun, as where one of the logs cannot, nothing that the logs have written stays.
    """
    before = set(folder.iterdir())
    try:
        yield
    except BaseException:
        for logger in loggers:
            logger.close(failed=True)
        if not beginning.done:
            for path in set(folder.iterdir()) - before:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        raise
    for logger in loggers:
        logger.close()
