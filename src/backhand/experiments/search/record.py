"""The folder of a search: search.json, written anew after every trial, and the study beside it.

`docs/formats.md` describes the files. The trials themselves are in Optuna's storage: `storage.py`.
"""

from dataclasses import dataclass
from math import isfinite, nan
from pathlib import Path
from statistics import fmean
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from backhand.experiments import environment
from backhand.experiments.environment import Environment
from backhand.experiments.kind import Row
from backhand.experiments.records import FileRecord, Record, read_record, write_record
from backhand.experiments.search import FILE
from backhand.experiments.settings import read_study
from backhand.files import jsontext
from backhand.page.numbers import counted, metric_text
from backhand.study import Study
from backhand.study.search import Choice, Entry, Range, SearchTable
from backhand.training.metrics import Metric, metric, words


class Trial(Record):
    """A trial that has ended.

    number: counted from 1, whereas Optuna counts from 0.   state: "complete", "pruned" or "failed".   value: the
    monitored figure, at `epoch`.   curve: columns of the training's history.
    """

    number: int
    state: Literal["complete", "pruned", "failed"]
    assignment: dict[str, Any]
    value: float | None
    epoch: int
    seconds: float
    parameters: int
    reason: str = ""
    curve: dict[str, tuple[float | None, ...]] = Field(default_factory=dict)

    @property
    def value_or_nan(self) -> float:
        """The value of the trial, or NaN where it has none."""
        return nan if self.value is None else self.value


class TestedRun(Record):
    """A run of the best values with one seed: its folder, and its figure on two splits, or how it diverged.

    figure: which one, "accuracy", or "rmse" of a regression.
    """

    folder: str
    seed: int
    seconds: float = 0.0
    figure: str = "accuracy"
    validation: float | None = None
    test: float | None = None
    validation_count: int = 0
    failure: str = ""
    diverged: str = ""


class SearchRecord(FileRecord):
    """Everything that search.json holds.

    best: the number of the chosen trial.   elsewhere: whether the trials are kept in a storage that a URL names; None
    in files of earlier versions.
    """

    search: SearchTable
    trials: tuple[Trial, ...] = ()
    best: int | None = None
    runs: tuple[TestedRun, ...] = ()
    elsewhere: bool | None = None

    @model_validator(mode="after")
    def _trials_are_of_the_space(self) -> Self:
        for trial in self.trials:
            for key, value in trial.assignment.items():
                if key not in self.search.space or not _contains(self.search.space[key], value):
                    raise ValueError(f"trial {trial.number} has {key} = {value!r}, which is not in the space")
        return self

    @classmethod
    def of(cls, search: SearchTable, *, elsewhere: bool) -> Self:
        """Return the record of a search before its first trial."""
        return cls(search=search, elsewhere=elsewhere)

    def with_trials(self, trials: list[Trial], search: SearchTable, runs: tuple[TestedRun, ...] = ()) -> Self:
        """Return the record with these trials, the best of them, and the runs of the best settings."""
        best = best_trial(trials, search)
        number = best.number if best else None
        return self.model_copy(update={"search": search, "trials": tuple(trials), "best": number, "runs": runs})

    @property
    def monitor(self) -> str:
        """The name of the figure by which trials are compared."""
        return self.search.monitor

    @property
    def metric(self) -> Metric:
        """The metric of the monitored figure, which says whether higher or lower is better."""
        return metric(self.monitor)

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys that the search varies."""
        return tuple(self.search.space)

    @property
    def finite_trials(self) -> list[Trial]:
        """The trials that have a finite value."""
        return [trial for trial in self.trials if isfinite(trial.value_or_nan)]

    @property
    def ranked_trials(self) -> list[Trial]:
        """The trials that have a finite value, the best first."""
        return sorted(self.finite_trials, key=lambda trial: (self.metric.cost(trial.value), trial.number))

    @property
    def complete_trials(self) -> list[Trial]:
        """The trials that were neither pruned nor failed, the best first. The best trial is one of them."""
        return [trial for trial in self.ranked_trials if trial.state == "complete"]

    @property
    def figure(self) -> str:
        """The figure of the tested runs: "accuracy", or "rmse" of a regression."""
        return next((run.figure for run in self.runs if run.test is not None), "accuracy")

    @property
    def tested_runs(self) -> list[TestedRun]:
        """The runs of the best values that did not diverge."""
        return [run for run in self.runs if run.test is not None and run.validation is not None]


@dataclass(frozen=True)
class SavedSearch:
    """Everything that the report of a search is written from."""

    study: Study
    record: SearchRecord
    environment: Environment


def _contains(entry: Entry, value: Any) -> bool:
    """Whether an entry of the space admits a value: a number for a range, one of the choices, or else a list."""
    if isinstance(entry, Range):
        return isinstance(value, int | float) and not isinstance(value, bool)
    if isinstance(entry, Choice):
        return jsontext.finite(value) in jsontext.finite(entry.choices)
    return isinstance(value, list | tuple)


def best_trial(trials: list[Trial], search: SearchTable) -> Trial | None:
    """Return the complete trial of the best value, the first of equal ones; None where no trial is complete."""
    complete = [trial for trial in trials if trial.state == "complete" and trial.value is not None]
    cost = metric(search.monitor).cost
    return min(complete, key=lambda trial: (cost(trial.value), trial.number), default=None)


def read(folder: Path) -> SavedSearch:
    """Read the folder. Raises CheckpointError, naming the file, for a piece that is missing or damaged."""
    return SavedSearch(read_study(folder), read_search(folder), environment.read(folder))


def read_search(folder: Path) -> SearchRecord:
    """Read search.json. Raises CheckpointError where it is missing or damaged."""
    return read_record(SearchRecord, folder / FILE)


def update_record(
    folder: Path, trials: list[Trial], search: SearchTable, runs: tuple[TestedRun, ...] = ()
) -> SearchRecord:
    """Write these trials and the runs of the best settings into search.json; returns the whole record."""
    return write(folder, read_search(folder).with_trials(trials, search, runs))


def write(folder: Path, record: SearchRecord) -> SearchRecord:
    """Write search.json, whole or not at all; returns the record."""
    write_record(folder / FILE, record)
    return record


def has_result(folder: Path) -> bool:
    """Whether the folder holds a trial that has ended."""
    return (folder / FILE).exists() and bool(read_search(folder).trials)


def row(folder: Path) -> Row:
    """Return the row of the search: its study, its data, how many trials have ended, and the best result."""
    search = read(folder)
    record, best = search.record, next(iter(search.record.complete_trials), None)
    status = "finished" if record.runs else "searching"
    result = "" if best is None else f", best {words(record.monitor)} {metric_text(best.value, record.monitor)}"
    if tests := [run.test for run in record.tested_runs if run.test is not None]:
        mean = metric_text(fmean(tests), record.figure)
        result = f", test {words(record.figure)} {mean} (mean of {counted(len(tests), 'seed')})"
    return Row(search.study.name, search.study.data.name, status, f"{counted(len(record.trials), 'trial')}{result}")
