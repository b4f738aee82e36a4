"""A series: many runs that answer a question together, in parts, and claims that compare them with reported figures."""

import itertools
from collections.abc import Iterator
from functools import reduce
from typing import Annotated, Any

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt, model_validator

from backhand.errors import closest
from backhand.study.table import Table
from backhand.study.values import covers, merged

Values = dict[str, Any]  # by the dotted path of a study's key


class Axis(Table):
    """What varies over the runs of a part.

    Either `cases`, which are changes of the study by their labels, or the `values` of a single `key`.
    """

    name: str
    cases: dict[str, Values] = Field({})
    key: str | None = None
    values: tuple[Any, ...] = Field((), strict=False)

    @model_validator(mode="after")
    def _one_form(self) -> "Axis":
        if bool(self.cases) == (self.key is not None and bool(self.values)):
            raise ValueError("an axis needs either cases, or a key and its values")
        return self

    def changes(self) -> dict[str, Values]:
        """Return the change of the study that each case makes, by the label of the case."""
        return self.cases or {_label(value): {str(self.key): value} for value in self.values}


class Claim(Table):
    """A figure of the series to compare with a reported one, and the least and the most that it may be.

    at: the case on each axis. Of an axis that is left out, the case that was best on the validation split is taken.
    """

    what: str
    metric: str = "test_accuracy"
    at: dict[str, str] = Field({})
    reported: float | None = None
    least: float | None = None
    most: float | None = None


class Part(Table):
    """The runs of one study: one for each combination of the cases of the axes and each seed."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    title: str
    study: str
    set: Values = Field({})
    axes: tuple[Axis, ...] = Field((), strict=False)
    seeds: PositiveInt = 1
    together: PositiveInt = 1  # how many runs train in step; they may differ only in rates, penalties and the like
    whole: bool = False  # keep each run in a folder with its report and its states, not only its figures
    against: str | None = None  # the part whose best cell the report compares with the best of this one
    range_test: bool = False  # make a learning-rate range test before the runs
    claims: tuple[Claim, ...] = Field((), strict=False)

    @model_validator(mode="after")
    def _claims_refer_to_cases(self) -> "Part":
        cases = {axis.name: axis.changes() for axis in self.axes}
        for claim in self.claims:
            for name, case in claim.at.items():
                if case not in cases.get(name, ()):
                    raise ValueError(
                        f'the claim "{claim.what}" is about {name} = {case}, but the part {self.name} has no such case'
                    )
        return self

    def leaves_open(self, key: str) -> bool:
        """Whether the command line can set this key for all runs: no axis sets the key or a table around it."""
        varied_keys = [path for axis in self.axes for change in axis.changes().values() for path in change]
        return not any(covers(path, key) for path in varied_keys)

    def cells(self) -> Iterator[tuple[dict[str, str], Values]]:
        """Yield every combination of cases: their labels by axis, and the change that they make together."""
        for combination in itertools.product(*(axis.changes().items() for axis in self.axes)):
            labels = {axis.name: label for axis, (label, _) in zip(self.axes, combination, strict=True)}
            yield labels, reduce(merged, (change for _, change in combination), dict(self.set))


class Series(Table):
    """The parts of a series, in the order in which they run."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    title: str
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    minutes: PositiveFloat  # the approximate duration on two cores
    memory: NonNegativeFloat  # approximate, in GiB
    parts: tuple[Part, ...] = Field(strict=False, min_length=1)
    changes: Values = Field({})  # the changes that the command line made; reports show them

    def changes_of(self, part: Part) -> Values:
        """Return the command line's changes that apply to the runs of this part: of keys that no axis varies."""
        return {key: value for key, value in self.changes.items() if part.leaves_open(key)}

    def decisive_changes(self, part: Part) -> Values:
        """Return the changes after which the claims of this part no longer apply: all but that of the seed."""
        return {key: value for key, value in self.changes_of(part).items() if key != "seed"}

    @model_validator(mode="after")
    def _changes_apply_somewhere(self) -> "Series":
        for key in self.changes:
            if not any(part.leaves_open(key) for part in self.parts):
                axes = {axis.name for part in self.parts for axis in part.axes}
                raise ValueError(
                    f"{key} cannot be changed, because an axis of every part varies it ({', '.join(sorted(axes))}); "
                    f"copy the series to a file of your own and change the axis there"
                )
        return self

    @model_validator(mode="after")
    def _part_names_are_valid(self) -> "Series":
        names = [part.name for part in self.parts]
        for part in self.parts:
            if names.count(part.name) > 1:
                raise ValueError(f'two parts are called "{part.name}"; rename one of them')
            if part.against is not None and part.against not in names:
                raise ValueError(
                    f'the part {part.name} is to be compared with an unknown part "{part.against}"'
                    f"{closest(part.against, names)}"
                )
        return self


def _label(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
