"""The folder of a question: question.json, with what was measured in each cell of its grid, and the study beside it.

`docs/formats.md` describes the file.
"""

from dataclasses import dataclass
from math import prod, sqrt
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import model_validator

from backhand.errors import CheckpointError
from backhand.experiments import environment
from backhand.experiments.environment import Environment
from backhand.experiments.kind import Row
from backhand.experiments.questions import FILE
from backhand.experiments.questions.observations import Observation
from backhand.experiments.records import Count, FileRecord, Record, Share, read_record, write_record
from backhand.experiments.settings import read_study
from backhand.page.heading import subtitle
from backhand.page.numbers import count, counted, duration
from backhand.study import Study


class Data(Record):
    """The data of the trainings. baseline: the validation accuracy of always giving the commonest class."""

    title: str
    source: str = ""
    classes: Count
    counts: dict[str, Count]
    baseline: Share
    sha256: str

    @model_validator(mode="after")
    def _has_both_splits(self) -> Self:
        if not {"train", "validation"} <= self.counts.keys():
            raise ValueError("counts needs its train and validation samples")
        return self


class Cell(Record):
    """One training of the grid. values: its settings by dotted path.   found: what was measured in it."""

    values: dict[str, Any]
    seconds: float
    found: Observation

    @model_validator(mode="after")
    def _has_its_values(self) -> Self:
        settings, types = self.settings, {_last_name(key): kind for key, kind in self.found.VALUES.items()}
        if settings.keys() != types.keys() or not all(isinstance(settings[key], types[key]) for key in types):
            raise ValueError(f"a cell needs its values of {' and '.join(self.found.VALUES)}")
        return self

    @property
    def settings(self) -> dict[str, Any]:
        """The values by the last name of their dotted path, such as `lr`."""
        return {_last_name(key): value for key, value in self.values.items()}


class QuestionRecord(FileRecord):
    """All of question.json. planned: the number of cells.   activation: the class of the network's first activation."""

    question: Literal["sigmoid", "dropout", "divergence"]
    data: Data
    planned: Count
    activation: str = ""  # earlier versions did not keep it
    cells: tuple[Cell, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _of_earlier_version(cls, values: dict[str, Any]) -> dict[str, Any]:
        """The values with the name of the question in each cell, where earlier versions saved none."""
        if not isinstance(cells := values.get("cells"), list | tuple):
            return values
        return values | {"cells": [_with_question(cell, values.get("question")) for cell in cells]}

    @model_validator(mode="after")
    def _is_a_whole_grid(self) -> Self:
        values = zip(*([repr(cell.values[key]) for key in sorted(cell.values)] for cell in self.cells), strict=True)
        if len(self.cells) == self.planned and prod(len(set(column)) for column in values) != self.planned:
            raise ValueError("the cells, which are all that were planned, need values that make a whole grid")
        return self

    @property
    def seconds(self) -> float:
        """The seconds that all trainings together took."""
        return sum(cell.seconds for cell in self.cells)


def _last_name(key: str) -> str:
    """The last name in a dotted path."""
    return key.rpartition(".")[2]


def _with_question(cell: Any, question: Any) -> Any:
    if not isinstance(cell, dict) or not isinstance(observation := cell.get("found"), dict):
        return cell
    return cell | {"found": {"question": question} | observation}


@dataclass(frozen=True)
class Answer:
    """All that the folder of a question holds, for its report."""

    record: QuestionRecord
    study: Study
    environment: Environment

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The trainings, in the order of the grid."""
        return self.record.cells

    @property
    def question(self) -> str:
        """The name of the question."""
        return self.record.question

    @property
    def data(self) -> Data:
        """The data of the trainings."""
        return self.record.data

    @property
    def title(self) -> str:
        """The title of the study, or else the name of the question."""
        return self.study.title or self.record.question

    @property
    def subtitle(self) -> str:
        """The data, the number of cells, the time that they took, and what the command line changed."""
        counts = self.data.counts
        data = (
            f"{self.data.title}: {count(counts['train'])} training and {count(counts['validation'])} validation "
            f"samples; {counted(len(self.cells), 'cell')} in {duration(self.record.seconds)}"
        )
        return subtitle(data, self.environment, self.study.changes)

    def better_than_chance(self, accuracy: float) -> bool:
        """Whether the accuracy is above that of a constant answer by more than two standard errors."""
        chance = self.data.baseline
        return accuracy > chance + 2 * sqrt(chance * (1 - chance) / self.data.counts["validation"])

    def axis(self, key: str) -> list[Any]:
        """The values of a setting, each once, in their order in the grid. key: the last name of its dotted path."""
        values: list[Any] = []
        for cell in self.cells:
            if cell.settings[key] not in values:
                values.append(cell.settings[key])
        return values

    def cells_with(self, **settings: Any) -> list[Cell]:
        """The cells that have these settings."""
        return [cell for cell in self.cells if all(cell.settings[key] == value for key, value in settings.items())]


def read(folder: Path) -> Answer:
    """Read the folder. Raises CheckpointError, naming the file, where one is missing or damaged."""
    return Answer(read_question(folder), read_study(folder), environment.read(folder))


def read_question(folder: Path) -> QuestionRecord:
    """Read question.json. Raises CheckpointError where it is missing or damaged."""
    if not (folder / FILE).is_file():
        raise CheckpointError(f"{folder} is not the folder of a question: it has no {FILE}")
    return read_record(QuestionRecord, folder / FILE)


def write(folder: Path, record: QuestionRecord) -> QuestionRecord:
    """Write question.json, whole or not at all; returns it."""
    write_record(folder / FILE, record)
    return record


def row(folder: Path) -> Row:
    """The row of the question in a list: its title, its data, and how many of its cells are trained."""
    answer = read(folder)
    trained, planned = len(answer.cells), answer.record.planned
    status = "finished" if trained == planned else f"{trained} of {counted(planned, 'cell')}"
    return Row(answer.title, answer.data.title, status, "")
