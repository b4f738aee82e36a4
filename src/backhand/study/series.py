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
    """One thing that varies: `cases` by label, each a change of the study; or, for a single key, `key` and `values`."""

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
        """The change that each case makes, by the label of the case."""
        return self.cases or {_label(value): {str(self.key): value} for value in self.values}


class Claim(Table):
    """A figure of the series to compare with a reported one, and the least and the most that it may be.

    at: the case of each axis; for an axis that is left out, the case that was best on the validation split.
    """

    what: str
    metric: str = "test_accuracy"
    at: dict[str, str] = Field({})
    reported: float | None = None
    least: float | None = None
    most: float | None = None


class Part(Table):
    """Runs of one study: each combination of the axes' cases, with each seed."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    title: str
    study: str
    set: Values = Field({})
    axes: tuple[Axis, ...] = Field((), strict=False)
    seeds: PositiveInt = 1
    together: PositiveInt = 1  # runs in step, of those that differ in rates, penalties, and the like alone
    whole: bool = False  # keep each run with its report and its states, rather than its figures alone
    against: str | None = None  # another part, whose best run the report compares with the best of this one
    range_test: bool = False  # first raise the learning rate step by step, and see where the loss falls
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
        """Whether a value of this key can be set for all runs, because no axis sets the key or a table around it."""
        varied = [path for axis in self.axes for case in axis.changes().values() for path in case]
        return not any(covers(path, key) for path in varied)

    def cells(self) -> Iterator[tuple[dict[str, str], Values]]:
        """Each combination of cases: their labels by axis, and the change that they make together."""
        for chosen in itertools.product(*(axis.changes().items() for axis in self.axes)):
            labels = {axis.name: label for axis, (label, _) in zip(self.axes, chosen, strict=True)}
            yield labels, reduce(merged, (change for _, change in chosen), dict(self.set))


class Series(Table):
    """The parts of a series, in the order in which they run."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    title: str
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    minutes: PositiveFloat  # the approximate duration on two cores
    memory: NonNegativeFloat  # approximate, in GiB
    parts: tuple[Part, ...] = Field(strict=False, min_length=1)
    changes: Values = Field({})  # what the command line changed of every run: reports show it

    def changes_of(self, part: Part) -> Values:
        """The changes that apply to the runs of this part: all but those of keys that an axis varies."""
        return {key: value for key, value in self.changes.items() if part.leaves_open(key)}

    def alterations(self, part: Part) -> Values:
        """The changes after which the claims of this part no longer apply: all but another seed."""
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
    def _part_names_are_right(self) -> "Series":
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
