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
from backhand.page.numbers import counted, percent, shown
from backhand.study import Study
from backhand.study.search import Choice, Entry, Range, SearchTable
from backhand.training.metrics import Metric, metric, words


class Trial(Record):
    """A trial that has ended.

    number: from 1, where Optuna counts from 0.   state: "complete", "pruned" or "failed".   value: of the monitored
    figure, at `epoch`.   curve: columns of its history.
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
    def reached(self) -> float:
        """The value of the trial; NaN where it has none."""
        return nan if self.value is None else self.value


class TestedRun(Record):
    """A run of the best values with one seed: its folder, and what it reached, or how it diverged."""

    folder: str
    seed: int
    seconds: float = 0.0
    validation: float | None = None
    test: float | None = None
    validation_count: int = 0
    failure: str = ""
    diverged: str = ""


class SearchRecord(FileRecord):
    """All of search.json.

    best: the number of the trial that was chosen.   elsewhere: whether the trials are kept in a storage that a URL
    names; None in files of earlier versions.
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
                if key not in self.search.space or not _holds(self.search.space[key], value):
                    raise ValueError(f"trial {trial.number} has {key} = {value!r}, which is not in the space")
        return self

    @classmethod
    def of(cls, search: SearchTable, *, elsewhere: bool) -> Self:
        """The record of a search, before its first trial."""
        return cls(search=search, elsewhere=elsewhere)

    def having(self, trials: list[Trial], search: SearchTable, runs: tuple[TestedRun, ...] = ()) -> Self:
        """The record with what the trials, and the runs of the best settings, have shown so far."""
        chosen = best(trials, search)
        number = chosen.number if chosen else None
        return self.model_copy(update={"search": search, "trials": tuple(trials), "best": number, "runs": runs})

    @property
    def monitor(self) -> str:
        """The figure by which trials are judged."""
        return self.search.monitor

    @property
    def metric(self) -> Metric:
        """The metric of that figure, which says whether higher or lower is better."""
        return metric(self.monitor)

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys that the search varies."""
        return tuple(self.search.space)

    @property
    def valued(self) -> list[Trial]:
        """The trials that reached a finite value."""
        return [trial for trial in self.trials if isfinite(trial.reached)]

    @property
    def ranked(self) -> list[Trial]:
        """The trials that reached a finite value, the best first."""
        return sorted(self.valued, key=lambda trial: (self.metric.cost(trial.value), trial.number))

    @property
    def complete(self) -> list[Trial]:
        """Those that came to their end, of which one is chosen; the best first."""
        return [trial for trial in self.ranked if trial.state == "complete"]

    @property
    def tested(self) -> list[TestedRun]:
        """The runs of the best values that came to their end."""
        return [run for run in self.runs if run.test is not None and run.validation is not None]


@dataclass(frozen=True)
class SavedSearch:
    """A search as its report takes it."""

    study: Study
    found: SearchRecord
    environment: Environment


def _holds(entry: Entry, value: Any) -> bool:
    """Whether a value may be of this entry of the space: a number of a range, one of the choices, or a list."""
    if isinstance(entry, Range):
        return isinstance(value, int | float) and not isinstance(value, bool)
    if isinstance(entry, Choice):
        return jsontext.finite(value) in jsontext.finite(entry.choices)
    return isinstance(value, list | tuple)


def best(trials: list[Trial], search: SearchTable) -> Trial | None:
    """The complete trial of the best value; of equal ones the first."""
    complete = [trial for trial in trials if trial.state == "complete" and trial.value is not None]
    cost = metric(search.monitor).cost
    return min(complete, key=lambda trial: (cost(trial.value), trial.number), default=None)


def read(folder: Path) -> SavedSearch:
    """Read the folder. Raises CheckpointError, naming the file, for a piece that is missing or damaged."""
    return SavedSearch(read_study(folder), read_search(folder), environment.read(folder))


def read_search(folder: Path) -> SearchRecord:
    """search.json. Raises CheckpointError where it is missing or damaged."""
    return read_record(SearchRecord, folder / FILE)


def note(folder: Path, trials: list[Trial], search: SearchTable, runs: tuple[TestedRun, ...] = ()) -> SearchRecord:
    """Write what the trials, and the runs of the best, have shown so far; returns all of it."""
    return write(folder, read_search(folder).having(trials, search, runs))


def write(folder: Path, found: SearchRecord) -> SearchRecord:
    """Write search.json, whole or not at all; returns the record."""
    write_record(folder / FILE, found)
    return found


def has_result(folder: Path) -> bool:
    """Whether a trial has ended."""
    return (folder / FILE).exists() and bool(read_search(folder).trials)


def row(folder: Path) -> Row:
    """The study, its data, how many trials have ended, and what the best settings reach."""
    saved = read(folder)
    found, leader = saved.found, next(iter(saved.found.complete), None)
    status = "finished" if found.runs else "searching"
    reached = "" if leader is None else f", best {words(found.monitor)} {shown(leader.value, found.monitor)}"
    if tests := [run.test for run in found.tested if run.test is not None and run.validation is not None]:
        reached = f", test accuracy {percent(fmean(tests))} (mean of {counted(len(tests), 'seed')})"
    return Row(saved.study.name, saved.study.data.name, status, f"{counted(len(found.trials), 'trial')}{reached}")
