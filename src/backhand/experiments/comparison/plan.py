"""What a comparison compares on what: learners, and the folds that they all meet."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from backhand.data.dataset import Splits
from backhand.data.split import stratified_subset
from backhand.errors import BackhandError, CheckpointError, closest
from backhand.experiments.comparison import FILE, folds
from backhand.experiments.comparison.network import Network
from backhand.experiments.comparison.outcome import Learner
from backhand.experiments.comparison.peers import PEERS
from backhand.experiments.comparison.record import Comparison, Data, PlanRecord
from backhand.experiments.comparison.record import Learner as LearnerFacts
from backhand.experiments.splits import load_data_set
from backhand.experiments.units import latest
from backhand.files.paths import PathLike
from backhand.study import Study, changed
from backhand.study.schema import DataTable


@dataclass(frozen=True)
class Plan:
    """What to compare on what. data: `name`, `path`, `skip_bad_images`, `resize` and `train_size` count.

    networks: studies, whose own data gives way to the folds.   against: names in PEERS.
    """

    data: DataTable
    networks: tuple[Study, ...]
    against: tuple[str, ...] = tuple(PEERS)
    folds: int = 10
    seed: int = 0

    @property
    def as_record(self) -> PlanRecord:
        """The plan in the form in which compare.json keeps it."""
        return PlanRecord(
            data=self.data, networks=self.networks, against=self.against, folds=self.folds, seed=self.seed
        )

    @classmethod
    def of(cls, record: PlanRecord | None, folder: PathLike) -> Self:
        """The plan that compare.json holds. Raises CheckpointError where an earlier version kept no plan."""
        if record is None:
            raise CheckpointError(
                f"{folder}/{FILE} is of an earlier version, which did not keep all that was asked for; give the whole "
                f"command once more, with --resume {folder}"
            )
        return cls(record.data, record.networks, record.against, record.folds, record.seed)

    @property
    def learners(self) -> tuple[Learner, ...]:
        """The networks, then their peers. Raises BackhandError for unknown ones, and for two of one name."""
        networks = self.adapted
        for name in self.against:
            if name not in PEERS:
                raise BackhandError(f'--against: there is no learner "{name}"{closest(name, PEERS)}')
        names = [network.name for network in networks] + list(self.against)
        for name in names:
            if names.count(name) > 1:
                raise BackhandError(f'two learners are called "{name}"; name each once, or give a study another name')
        if len(names) < 2:
            raise BackhandError(
                "there is nothing to compare the network with; name learners by --against, or more studies"
            )
        return (*networks, *(PEERS[name].seeded(self.seed) for name in self.against))

    @property
    def adapted(self) -> list[Network]:
        """The networks on the data of the comparison."""
        own = {"data.name": self.data.name, "seed": self.seed} | dict.fromkeys(
            ("data.path", "data.classes", "data.groups", "data.train_size")
        )
        return [Network(changed(study, own)) for study in self.networks]


@dataclass(frozen=True)
class Pool:
    """The samples that the folds share out, and the indices of each fold's test samples."""

    splits: Splits
    tests: Sequence[folds.Index]

    def fold(self, number: int) -> Splits:
        """The samples divided for one fold."""
        return folds.part(self.splits, self.tests[number])


def _key(plan: Plan, data_dir: PathLike | None = None) -> object:
    return plan, data_dir


@latest(_key)
def load_pool(plan: Plan, data_dir: PathLike | None = None) -> Pool:
    """The data, its training part cut to the samples that the folds share out.

    Images come to the size that the plan asks for, or else the first network that asks for one.
    """
    table = plan.data
    own = (study.data.resize for study in plan.networks if study.data.resize is not None)
    resize = table.resize or next(own, None)
    splits = load_data_set(table.model_copy(update={"resize": resize}), data_dir)
    if table.train_size is not None:
        splits = folds.cut(splits, stratified_subset(splits.train.y, table.train_size, plan.seed))
    return Pool(splits, folds.stratified(splits.train.y, plan.folds, plan.seed, splits.classes))


def begun(plan: Plan, splits: Splits) -> Comparison:
    """The record of the comparison, before it has any result."""
    train, digest = splits.train, hashlib.sha256()
    digest.update(np.ascontiguousarray(train.x).data)
    digest.update(train.y.data)
    facts = Data(
        name=splits.name,
        title=splits.title,
        source=splits.source,
        notes=splits.notes,
        classes=splits.classes,
        sample_shape=train.x.shape[1:],
        counts=tuple(np.bincount(train.y, minlength=len(splits.classes)).tolist()),
        sha256=digest.hexdigest(),
    )
    studies = {network.name: network.study for network in plan.adapted}
    listed = tuple(
        LearnerFacts(name=each.name, settings=each.settings, study=studies.get(each.name)) for each in plan.learners
    )
    return Comparison(
        plan=plan.as_record, status="running", data=facts, folds=plan.folds, seed=plan.seed, learners=listed
    )
