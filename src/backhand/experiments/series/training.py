"""The trainings of a series, one by one or several in step. A part saves their figures alone, or whole runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from statistics import mean
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from backhand.console.terminal import make_console
from backhand.errors import DivergenceError
from backhand.experiments import settings
from backhand.experiments.course import course_of
from backhand.experiments.run import record as run_record
from backhand.experiments.run import work as single
from backhand.experiments.run.metrics import Metrics
from backhand.experiments.search import work as search
from backhand.experiments.series.forms import Result
from backhand.experiments.trainer import Trainer, data_of, train
from backhand.files.paths import PathLike
from backhand.study import Study
from backhand.study.series import Part
from backhand.training.callbacks import Callback
from backhand.training.solver import Solver


@dataclass(frozen=True)
class Training:
    """A training of a series: its part, its case on each axis, its study, and the file of its result."""

    part: Part
    labels: dict[str, str]
    study: Study
    file: Path

    def __str__(self) -> str:
        """Return the name by which progress shows the training: its part, its cases and its seed."""
        cell = ", ".join([*self.labels.values(), *[f"seed {self.study.seed}"] * (self.part.seeds > 1)])
        return f"{self.part.name}: {cell}" if cell else self.part.name


def train_whole(trainings: list[Training], *, data_dir: PathLike | None, folder: Path, quiet: bool) -> list[Result]:
    """Do one unit of work: a whole run or search in a folder of its own. Raises BackhandError as these do."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    train_one = _run_whole if trainings[0].study.search is None else _search_whole
    return [train_one(trainings[0], folder, data_dir, quiet=quiet)]


def train_group(trainings: list[Training], *, data_dir: PathLike | None, quiet: bool) -> list[Result]:
    """Do one unit of work: one training, or several in step. Raises BackhandError as these do."""
    first = trainings[0]
    name = str(first) if len(trainings) == 1 else f"{first}, and {len(trainings) - 1} more in step"
    with _ProgressBar(name, make_console(quiet=quiet)) as bar:
        studies = [training.study for training in trainings]
        trainers = train(studies, data_of(first.study, data_dir), [bar] * len(trainings))
    return [result_of(trainer, training.labels) for trainer, training in zip(trainers, trainings, strict=True)]


def result_of(trainer: Trainer, labels: dict[str, str]) -> Result:
    """Test a training of which only the figures are saved, and return its result; a diverged one is not tested."""
    solver, feeds = trainer.solver, trainer.feeds
    figures: dict[str, float] = {"parameters": solver.model.parameters.values.size}
    figures |= {f"{split}_count": len(feed) for split, feed in feeds.by_split.items()}
    message, failure = str(trainer.error or ""), ""
    if trainer.error is None:
        test = trainer.test()
        figures |= solver.history[trainer.chosen_epoch - 1]
        figures |= {f"test_{key}": value for key, value in test.figures().items()}
        message = test.remark("test")
        failure = course_of(trainer, test).sentence()
    figures |= {"epochs": len(solver.history), "seconds": trainer.seconds}
    return _result(
        labels,
        trainer.study,
        status="finished" if trainer.error is None else "diverged",
        message=message,
        figures=figures,
        history=tuple(map(_numbers, solver.history)),
        data=feeds.splits.title,
        failure=failure,
    )


def _run_whole(training: Training, folder: Path, data_dir: PathLike | None, *, quiet: bool) -> Result:
    """Do a run in a folder of its own; a run that was interrupted goes on."""
    try:
        metrics = single.run(training.study, folder, data_dir=data_dir, resume=None, quiet=quiet)
    except DivergenceError:
        metrics = run_record.read_metrics(folder)
    history = tuple(epoch.figures for epoch in run_record.read_history(folder, metrics))
    return _result(
        training.labels,
        training.study,
        status=metrics.status,
        message=metrics.message or (metrics.test.remark if metrics.test else ""),
        figures=_figures(metrics, history),
        history=history,
        data=metrics.data.title,
        failure=metrics.training.failure,
    )


def _figures(metrics: Metrics, history: tuple[dict[str, float], ...]) -> dict[str, float]:
    training = metrics.training
    figures: dict[str, float] = {"parameters": metrics.model.trained or 0}
    if metrics.test is not None and training.chosen_epoch is not None:
        figures |= history[training.chosen_epoch - 1]
        for split, score in {"validation": metrics.validation, "test": metrics.test}.items():
            numbers = _numbers(score.model_dump()) if score is not None else {}
            figures |= {f"{split}_{key}": value for key, value in numbers.items()}
        figures |= _exactness(metrics)
    figures |= {f"{split}_count": sum(counts) for split, counts in metrics.data.splits.items()}
    return figures | {"epochs": len(history), "seconds": training.seconds}


def _exactness(metrics: Metrics) -> dict[str, float]:
    """Return the largest relative error of a gradient, and the rounding of scores and loss in float64."""
    errors = [row.worst for row in metrics.gradient_check if row.worst is not None]
    rounding = metrics.rounding.model_dump() if metrics.rounding else {}
    rounding_figures = {f"{key}_rounding": value for key, value in rounding.items()}
    return ({"gradient_difference": max(errors)} if errors else {}) | rounding_figures


def _search_whole(training: Training, folder: Path, data_dir: PathLike | None, *, quiet: bool) -> Result:
    """Do a search in a folder of its own. The figures are means over the runs of its best values."""
    record = search.run(training.study, folder, data_dir=data_dir, resume=None, quiet=quiet)
    best, runs = record.complete_trials[0], record.tested_runs
    figures: dict[str, float] = {"trials": len(record.trials), "parameters": best.parameters}
    if runs:
        figures["validation_accuracy"] = mean(run.validation or 0.0 for run in runs)
        figures["test_accuracy"] = mean(run.test or 0.0 for run in runs)
    figures["seconds"] = sum(trial.seconds for trial in record.trials) + sum(run.seconds for run in runs)
    columns = zip(*best.curve.values(), strict=True)
    history = (dict(zip(best.curve, values, strict=True)) for values in columns)
    metrics = run_record.finished_metrics(folder / runs[0].folder) if runs else None
    return _result(
        training.labels,
        training.study,
        figures=figures,
        history=tuple({"epoch": epoch} | _numbers(values) for epoch, values in enumerate(history, start=1)),
        data=metrics.data.title if metrics else "",
        failure=next((run.failure for run in runs if run.failure), ""),
    )


def _result(labels: dict[str, str], study: Study, **fields: Any) -> Result:
    """Return a result with these fields, and with the cell, the seed and the settings of its study."""
    return Result(labels=labels, seed=study.seed, settings=settings.settings(study), **fields)


def _numbers(record: Mapping[str, Any]) -> dict[str, float]:
    return {key: value for key, value in record.items() if isinstance(value, int | float) and isfinite(value)}


class _ProgressBar(Callback):
    """A progress bar over the epochs of a run, in a terminal."""

    def __init__(self, name: str, console: Console) -> None:
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("epoch {task.completed}/{task.total}"),
        )
        self.bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self.task = self.bar.add_task(name, total=None)

    def __enter__(self) -> "_ProgressBar":
        self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()

    def on_epoch_end(self, solver: Solver) -> None:
        """Move the bar to this epoch."""
        self.bar.update(self.task, completed=solver.epoch, total=solver.epochs)
