"""The facts that a run adds to the files of its training: an origin to state.safetensors, facts to best.safetensors."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from pydantic import model_validator

from backhand import checkpoint
from backhand.arrays import Array
from backhand.errors import CheckpointError
from backhand.experiments.records import Count, FileRecord, Record, valid
from backhand.files.names import BEST, STATE
from backhand.predictors.facts import SampleFacts, Span

REMEDY = "train the run again"


class Origin(FileRecord):
    """The origin of a state: the settings of its study by dotted path, and the sha256 of its data."""

    study: dict[str, Any]
    data: str


class Units(Record):
    """The units of the targets of a regression: prediction = center + scale · score; empty where they stayed as is."""

    center: tuple[float, ...]
    scale: tuple[float, ...]


class Facts(SampleFacts, FileRecord):
    """The facts that a prediction needs besides the arrays of best.safetensors.

    epoch: that of the weights.
    """

    classes: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()  # of a regression, which has no classes
    units: Units | None = None
    sample_shape: tuple[int, ...]
    span: Span | None = None  # earlier versions did not save it
    epoch: Count | None = None

    @model_validator(mode="after")
    def _predicts_something(self) -> Self:
        if not self.classes and not self.targets:
            raise ValueError("a prediction needs classes or targets")
        return self


@dataclass(frozen=True)
class Best:
    """All of best.safetensors: the arrays of the model and those of the scaling, by name, and the facts."""

    model: dict[str, Array]
    standardizer: dict[str, Array]
    facts: Facts


def read_best(folder: Path) -> Best:
    """Read the best weights of a run. Raises CheckpointError where they are missing, damaged or of a later version."""
    try:
        arrays, facts = checkpoint.load(folder / BEST)
    except CheckpointError as error:
        raise CheckpointError(f"{error}; {REMEDY}") from None
    groups: dict[str, dict[str, Array]] = {"model": {}, "standardizer": {}}
    for name, value in arrays.items():
        group, _, key = name.partition(".")
        if group not in groups:
            raise CheckpointError(f"{folder / BEST} holds an array {name} that is not known; {REMEDY}")
        groups[group][key] = value
    return Best(groups["model"], groups["standardizer"], valid(Facts, facts, folder / BEST, REMEDY))


def origin_of(folder: Path, facts: dict[str, Any]) -> Origin:
    """The origin in the facts of a run's state. Raises CheckpointError where it is missing or damaged."""
    return valid(Origin, facts.get("origin"), f"{folder / STATE} at origin", REMEDY)
