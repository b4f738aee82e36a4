"""The folder of an ensemble: ensemble.json, from which its report is made."""

from pathlib import Path

from pydantic import Field

from backhand.experiments.ensemble import FILE
from backhand.experiments.kind import Row
from backhand.experiments.records import Count, FileRecord, Record, Share, read_record, write_record
from backhand.page.numbers import counted, percent


class Member(Record):
    """One run of the ensemble.

    alone: how many test samples the run classifies correctly.   together: how many the mean of its probabilities and
    those of the members before it classifies correctly.
    """

    folder: str
    title: str
    alone: Count
    together: Count


class Ensemble(FileRecord):
    """Everything that ensemble.json holds, over `count` test samples.

    only_best, only_mean: how many samples only the best member, or only the mean of all members, classifies correctly.
    mcnemar: the p-value of McNemar's test of these two numbers.   any_member: how many samples at least one member
    classifies correctly.
    """

    data: str
    count: int = Field(ge=1)
    members: tuple[Member, ...] = Field(min_length=2)
    only_best: Count
    only_mean: Count
    mcnemar: Share
    any_member: Count

    @property
    def best(self) -> Member:
        """The member that classifies the most samples correctly; the first of several that are equally good."""
        return max(self.members, key=lambda member: member.alone)

    @property
    def together(self) -> int:
        """The number of samples that the mean of all members classifies correctly."""
        return self.members[-1].together

    def share(self, right: int) -> str:
        """A number of test samples as a share of all, in percent."""
        return percent(right / self.count)


def read(folder: Path) -> Ensemble:
    """Read ensemble.json. Raises CheckpointError where it is missing or damaged."""
    return read_record(Ensemble, folder / FILE)


def write(folder: Path, ensemble: Ensemble) -> None:
    """Write ensemble.json, whole or not at all."""
    write_record(folder / FILE, ensemble)


def row(folder: Path) -> Row:
    """The ensemble in a list of experiments: the number of its members, its data, and the accuracy of the mean."""
    ensemble = read(folder)
    accuracy = f"test accuracy {ensemble.share(ensemble.together)}"
    return Row(f"Mean of {counted(len(ensemble.members), 'run')}", ensemble.data, "finished", accuracy)
