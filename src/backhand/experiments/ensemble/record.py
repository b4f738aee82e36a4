"""The folder of an ensemble: ensemble.json, from which its report is made."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from backhand.experiments.ensemble import FILE
from backhand.experiments.kind import Row
from backhand.experiments.records import Count, FileRecord, Record, Share, read_record, write_record
from backhand.experiments.run.split_scores import TargetErrors
from backhand.page.numbers import counted, percent, significant

Error = Annotated[float, Field(ge=0)]


class Member(Record):
    """One run of the ensemble.

    alone: how many test samples the run classifies correctly, or its RMSE on them where it is a regression.
    together: the same of the mean of its probabilities, or predictions, and those of the members before it.
    """

    folder: str
    title: str
    alone: Count | Error
    together: Count | Error


class Ensemble(FileRecord):
    """Everything that ensemble.json holds, over `count` test samples.

    only_best, only_mean: how many samples only the best member, or only the mean of all members, classifies correctly;
    of a regression, for how many its prediction is the closer one.   mcnemar: the p-value of McNemar's test, or the
    sign test, of these two numbers.   any_member: how many samples at least one member classifies correctly.
    per_target: of a regression, the errors of the mean of all members.
    """

    data: str
    count: int = Field(ge=1)
    members: tuple[Member, ...] = Field(min_length=2)
    only_best: Count
    only_mean: Count
    mcnemar: Share
    any_member: Count = 0
    per_target: tuple[TargetErrors, ...] = ()

    @property
    def is_regression(self) -> bool:
        """Whether the members predict numbers rather than classes."""
        return bool(self.per_target)

    @property
    def best(self) -> Member:
        """The member with the most samples right, or the smallest RMSE; the first of several that are equally good."""
        return (min if self.is_regression else max)(self.members, key=lambda member: member.alone)

    @property
    def together(self) -> float:
        """The number of samples that the mean of all members classifies correctly, or its RMSE."""
        return self.members[-1].together

    @property
    def figure(self) -> str:
        """What the members are compared by."""
        return "RMSE" if self.is_regression else "accuracy"

    def text(self, value: float) -> str:
        """The figure of a member or a mean: a number of test samples as a share of all, in percent, or an RMSE."""
        return significant(value, 4) if self.is_regression else percent(value / self.count)


def read(folder: Path) -> Ensemble:
    """Read ensemble.json. Raises CheckpointError where it is missing or damaged."""
    return read_record(Ensemble, folder / FILE)


def write(folder: Path, ensemble: Ensemble) -> None:
    """Write ensemble.json, whole or not at all."""
    write_record(folder / FILE, ensemble)


def row(folder: Path) -> Row:
    """The ensemble in a list of experiments: the number of its members, its data, and the figure of the mean."""
    ensemble = read(folder)
    result = f"test {ensemble.figure} {ensemble.text(ensemble.together)}"
    return Row(f"Mean of {counted(len(ensemble.members), 'run')}", ensemble.data, "finished", result)
