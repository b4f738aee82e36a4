"""The `search` table: the keys of a study to vary, their values, the number of trials, and how values are chosen."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, PositiveFloat, PositiveInt, field_validator, model_validator

from backhand.study.table import Table

When = dict[str, Any]  # a key is used only where these other keys of the space have these values


class _Entry(Table):
    when: When = Field({})


class Choice(_Entry):
    """A key that takes one of several values of any kind: numbers, words, lists or whole tables."""

    choices: tuple[Any, ...] = Field(strict=False, min_length=1)


class Range(_Entry):
    """A key that takes a number from `low` to `high`, both included; a whole number where both bounds are whole."""

    low: int | float
    high: int | float
    log: bool = False
    step: PositiveInt | PositiveFloat | None = None

    @model_validator(mode="after")
    def _bounds_are_valid(self) -> "Range":
        if self.high <= self.low:
            raise ValueError(f"high must be above low, but {self.high} is not above {self.low}")
        if self.log and self.low <= 0:
            raise ValueError(f"log = true needs low above 0, not {self.low}")
        if self.log and self.step is not None:
            raise ValueError("a range cannot have both a step and log = true; remove one of them")
        if self.whole and isinstance(self.step, float):
            raise ValueError(f"step must be a whole number, as low and high are, not {self.step}")
        return self

    @property
    def whole(self) -> bool:
        """Whether the range consists of whole numbers only."""
        return isinstance(self.low, int) and isinstance(self.high, int)


class Repeat(_Entry):
    """A key that takes a list of `low` to `high` entries, such as the widths of hidden layers, each one of `of`."""

    of: tuple[Any, ...] = Field(strict=False, min_length=1)
    low: Annotated[int, Field(ge=0)]
    high: PositiveInt

    @model_validator(mode="after")
    def _bounds_are_valid(self) -> "Repeat":
        if self.high <= self.low:
            raise ValueError(f"high must be above low, but {self.high} is not above {self.low}")
        return self


Entry = Choice | Range | Repeat


class SearchTable(Table):
    """A search for the values of some keys that are best on the validation split."""

    space: dict[str, Entry] = Field(min_length=1)
    method: Literal["grid", "random", "tpe"] = "tpe"
    trials: PositiveInt | None = None  # if absent: the whole grid, or until the minutes are over
    minutes: PositiveFloat | None = None
    monitor: Literal["validation_accuracy", "validation_loss", "validation_rmse", "validation_mae", "validation_r2"] = (
        "validation_accuracy"  # of a regression: "validation_rmse"
    )
    pruning: Literal["none", "halving", "hyperband"] = "none"
    workers: PositiveInt = 1
    together: PositiveInt = 1  # trials begun at a time; those that differ only in rates and the like train in step
    seeds: Annotated[int, Field(ge=0)] = 3  # trainings of the best trial; with 0, nothing is trained again or tested

    @field_validator("space", mode="before")
    @classmethod
    def _lists_are_choices(cls, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        return {key: {"choices": entry} if isinstance(entry, list | tuple) else entry for key, entry in value.items()}

    @model_validator(mode="after")
    def _has_an_end(self) -> "SearchTable":
        if self.method != "grid" and self.trials is None and self.minutes is None:
            raise ValueError(f"a {self.method} search needs trials or minutes; otherwise it would never end")
        return self

    @model_validator(mode="after")
    def _conditions_refer_to_earlier_keys(self) -> "SearchTable":
        earlier: list[str] = []
        for key, entry in self.space.items():
            for other in entry.when:
                if other not in earlier:
                    raise ValueError(f'{key} depends on "{other}", which must come before it in the space')
            earlier.append(key)
        return self

    @model_validator(mode="after")
    def _grids_are_finite(self) -> "SearchTable":
        for key, entry in self.space.items():
            if self.method == "grid" and isinstance(entry, Range) and entry.step is None:
                raise ValueError(f"a grid search needs a list of values or a step for {key}")
        return self
