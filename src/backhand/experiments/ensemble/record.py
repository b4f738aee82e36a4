"""The folder of an ensemble: ensemble.json, from which its report is made."""

from pathlib import Path

from pydantic import Field

from backhand.experiments.ensemble import FILE
from backhand.experiments.kind import Row
from backhand.experiments.records import Count, FileRecord, Record, Share, read_record, write_record
from backhand.page.numbers import counted, percent


class Member(Record):
    """A run, and how many of the test samples it classifies correctly: alone, and averaged with those before it."""

    folder: str
    title: str
    alone: Count
    together: Count


class Ensemble(FileRecord):
    """All of ensemble.json, over `count` test samples.

    only_best, only_mean: the samples that only the best member, or only the mean of all, classifies correctly.
    mcnemar: how probable a difference like that is if both are equally good.   any_member: the samples that at least
    one member classifies correctly.
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
        """The member that classifies most samples correctly; of equal ones the first."""
        return max(self.members, key=lambda member: member.alone)

    @property
    def together(self) -> int:
        """How many samples the mean of all members classifies correctly."""
        return self.members[-1].together

    def share(self, right: int) -> str:
        """A number of test samples as a share of all, in percent."""
        return percent(right / self.count)


def read(folder: Path) -> Ensemble:
    """The ensemble in a folder. Raises CheckpointError where it is missing or damaged."""
    return read_record(Ensemble, folder / FILE)


def write(folder: Path, found: Ensemble) -> None:
    """Write ensemble.json, whole or not at all."""
    write_record(folder / FILE, found)


def has_result(folder: Path) -> bool:
    """Whether the folder holds an ensemble."""
    return (folder / FILE).exists()


def row(folder: Path) -> Row:
    """The number of members, the data, and the accuracy of their mean."""
    found = read(folder)
    accuracy = f"test accuracy {found.share(found.together)}"
    return Row(f"Mean of {counted(len(found.members), 'run')}", found.data, "finished", accuracy)
