"""The `search` table: which keys of a study are tried, with which values, how often, and how they are chosen."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, PositiveFloat, PositiveInt, field_validator, model_validator

from backhand.study.table import Table

When = dict[str, Any]  # other keys of the space, and the value each must have for this one to matter


class _Entry(Table):
    when: When = Field({})


class Choice(_Entry):
    """One of some values of any kind: numbers, words, lists, whole tables."""

    choices: tuple[Any, ...] = Field(strict=False, min_length=1)


class Range(_Entry):
    """A number between two, both included; whole if both are."""

    low: int | float
    high: int | float
    log: bool = False
    step: PositiveInt | PositiveFloat | None = None

    @model_validator(mode="after")
    def _possible(self) -> "Range":
        if self.high <= self.low:
            raise ValueError(f"high must be above low; {self.high} is not above {self.low}")
        if self.log and self.low <= 0:
            raise ValueError("a logarithmic range must begin above 0")
        if self.log and self.step is not None:
            raise ValueError("a range has a step or is logarithmic, not both")
        if self.whole and isinstance(self.step, float):
            raise ValueError("a range of whole numbers needs a whole step")
        return self

    @property
    def whole(self) -> bool:
        """Whether it holds whole numbers only."""
        return isinstance(self.low, int) and isinstance(self.high, int)


class Repeat(_Entry):
    """A list of varying length, such as the widths of hidden layers; each entry one of `of`."""

    of: tuple[Any, ...] = Field(strict=False, min_length=1)
    low: Annotated[int, Field(ge=0)]
    high: PositiveInt

    @model_validator(mode="after")
    def _possible(self) -> "Repeat":
        if self.high <= self.low:
            raise ValueError(f"high must be above low; {self.high} is not above {self.low}")
        return self


Entry = Choice | Range | Repeat


class Search(Table):
    """A search for the best values of some keys, on validation data."""

    space: dict[str, Entry] = Field(min_length=1)
    method: Literal["grid", "random", "tpe"] = "tpe"
    trials: PositiveInt | None = None  # absent: all of a grid, else until the minutes are over
    minutes: PositiveFloat | None = None
    monitor: Literal["validation_accuracy", "validation_loss"] = "validation_accuracy"
    pruning: Literal["none", "halving", "hyperband"] = "none"
    workers: PositiveInt = 1
    together: PositiveInt = 1  # trials at a time, of which those that differ in rates and the like alone train in step
    seeds: Annotated[int, Field(ge=0)] = 3  # trainings of the best trial; 0: none, and no test

    @field_validator("space", mode="before")
    @classmethod
    def _lists_are_choices(cls, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        return {key: {"choices": each} if isinstance(each, list | tuple) else each for key, each in value.items()}

    @model_validator(mode="after")
    def _ends(self) -> "Search":
        if self.method != "grid" and self.trials is None and self.minutes is None:
            raise ValueError(f"a {self.method} search needs trials or minutes, or it would never end")
        return self

    @model_validator(mode="after")
    def _conditions_meet_earlier_keys(self) -> "Search":
        earlier: list[str] = []
        for key, entry in self.space.items():
            for other in entry.when:
                if other not in earlier:
                    raise ValueError(f'{key} depends on "{other}", which must stand before it in the space')
            earlier.append(key)
        return self

    @model_validator(mode="after")
    def _grids_are_finite(self) -> "Search":
        for key, entry in self.space.items():
            if self.method == "grid" and isinstance(entry, Range) and entry.step is None:
                raise ValueError(f"a grid needs a list or a step for {key}")
        return self
