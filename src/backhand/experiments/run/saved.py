"""What a run adds to the files that its training saves: to state.safetensors its origin, to best.safetensors facts."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field

from backhand import checkpoint
from backhand.arrays import Array
from backhand.data.formats.resize import ResizeMethod
from backhand.errors import CheckpointError
from backhand.experiments.records import Count, FileRecord, Number, Record, valid
from backhand.files.names import BEST, STATE

REMEDY = "train the run again"


class Origin(FileRecord):
    """What a state was trained with: the settings of the study by dotted path, and the sha256 of the data."""

    study: dict[str, Any]
    data: str


class Span(Record):
    """The values that training samples took, by which samples on another scale are refused.

    low, high: of each feature, or of all pixels.   flattest, brightest: the least contrast and the largest brightness
    of the training samples.
    """

    pixels: bool
    low: Number | tuple[Number, ...]
    high: Number | tuple[Number, ...]
    flattest: float
    brightest: float | None = None  # earlier versions did not keep it


class Facts(FileRecord):
    """What a prediction needs besides the arrays of best.safetensors.

    resize: how pictures came to the size of a sample; None where they had it.   epoch: that the weights are of.
    """

    classes: tuple[str, ...] = Field(min_length=1)
    sample_shape: tuple[int, ...]
    span: Span | None = None  # earlier versions did not keep it
    resize: ResizeMethod | None = None
    epoch: Count | None = None


@dataclass(frozen=True)
class Best:
    """All of best.safetensors: the arrays of the model and those of the scaling, by name, and the facts."""

    model: dict[str, Array]
    standardizer: dict[str, Array]
    facts: Facts


def read_best(folder: Path) -> Best:
    """The best weights of a run. Raises CheckpointError where they are missing, damaged or of a later version."""
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
    """The origin in the facts of a run's state. Raises CheckpointError where there is none."""
    return valid(Origin, facts.get("origin"), f"{folder / STATE} at origin", REMEDY)
