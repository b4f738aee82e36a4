"""range.json: the learning-rate range test of a run, or of a part of a series."""

from pathlib import Path
from typing import Self

import numpy as np
from pydantic import Field, model_validator

from backhand.experiments.records import FileRecord, read_record, write_record
from backhand.files.names import RANGE_TEST
from backhand.training.range_test import RangeTest


class Rates(FileRecord):
    """Everything that range.json holds.

    One value for each step: the rate, the loss of its batch before the step, and the smoothed loss.
    """

    lr: tuple[float, ...] = Field(min_length=1)
    loss: tuple[float, ...]
    smoothed: tuple[float, ...]

    @model_validator(mode="after")
    def _one_value_per_step(self) -> Self:
        if not len(self.lr) == len(self.loss) == len(self.smoothed):
            raise ValueError("lr, loss and smoothed should have the same length")
        return self


def read(folder: Path) -> RangeTest | None:
    """The range test in a folder, or None where none was made. Raises CheckpointError where its file is damaged."""
    if not (folder / RANGE_TEST).exists():
        return None
    saved = read_record(Rates, folder / RANGE_TEST)
    return RangeTest(np.array(saved.lr), np.array(saved.loss), np.array(saved.smoothed))


def write(folder: Path, test: RangeTest) -> None:
    """Write the range test into a folder, whole or not at all."""
    steps = {"lr": test.lr, "loss": test.loss, "smoothed": test.smoothed}
    write_record(folder / RANGE_TEST, Rates.model_validate({key: value.tolist() for key, value in steps.items()}))
