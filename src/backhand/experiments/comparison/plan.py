"""The plan of a comparison: its learners, and the samples in folds on which all of them are tested."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from backhand.data.dataset import Dataset, Splits
from backhand.data.frames.options import COLUMNS
from backhand.data.split import random_subset, stratified_subset
from backhand.errors import BackhandError, CheckpointError
from backhand.experiments.comparison import FILE, folds
from backhand.experiments.comparison.network import Network
from backhand.experiments.comparison.outcome import Learner
from backhand.experiments.comparison.peers import PEERS, REGRESSORS, peer_named
from backhand.experiments.comparison.record import Comparison, Data, LearnerRecord, PlanRecord
from backhand.experiments.splits import load_data_set
from backhand.experiments.units import latest
from backhand.files.paths import PathLike
from backhand.study import Study, changed
from backhand.study.data import DataTable


@dataclass(frozen=True)
class Plan:
    """The learners to compare, and the data to compare them on.

    data: only `name`, `path`, `skip_bad_images`, `resize`, `train_size` and the columns of a table are used.
    networks: studies, whose data are replaced by those of the folds.   against: names of PEERS, or for a regression of
    REGRESSORS; None: all of them.
    """

    data: DataTable
    networks: tuple[Study, ...]
    against: tuple[str, ...] | None = None
    folds: int = 10
    seed: int = 0

    @property
    def as_record(self) -> PlanRecord:
        """The plan in the form in which compare.json holds it."""
        return PlanRecord(data=self.data, networks=self.networks, against=self.peers, folds=self.folds, seed=self.seed)

    @classmethod
    def of(cls, record: PlanRecord | None, folder: PathLike) -> Self:
        """The plan in compare.json. Raises CheckpointError if an earlier version wrote it, which saved no plan."""
        if record is None:
            raise CheckpointError(
                f"{folder}/{FILE} is of an earlier version, which did not keep all that was asked for; give the whole "
                f"command once more, with --resume {folder}"
            )
        return cls(record.data, record.networks, record.against, record.folds, record.seed)

    @property
    def peers(self) -> tuple[str, ...]:
        """The names of the learners that the networks are compared with."""
        every = REGRESSORS if self.data.is_regression else PEERS
        return tuple(every) if self.against is None else self.against

    @property
    def learners(self) -> tuple[Learner, ...]:
        """The networks, then their peers. Raises BackhandError for an unknown peer, and for two of one name."""
        networks = self.adapted_networks
        peers = [peer_named(name, regression=self.data.is_regression) for name in self.peers]
        names = [network.name for network in networks] + list(self.peers)
        for name in names:
            if names.count(name) > 1:
                raise BackhandError(f'two learners are called "{name}"; name each once, or give a study another name')
        if len(names) < 2:
            raise BackhandError(
                "there is nothing to compare the network with; name learners by --against, or more studies"
            )
        return (*networks, *(peer.seeded(self.seed) for peer in peers))

    @property
    def adapted_networks(self) -> list[Network]:
        """The networks, with the data and the seed of the comparison in their studies."""
        changes: dict[str, Any] = {"data.name": self.data.name, "seed": self.seed} | dict.fromkeys(
            ("data.path", "data.classes", "data.groups", "data.train_size")
        )
        columns = self.data.model_dump(mode="json", include={*COLUMNS})
        changes |= {f"data.{key}": value for key, value in columns.items()}
        return [Network(changed(study, changes)) for study in self.networks]


@dataclass(frozen=True)
class Pool:
    """The samples that the folds divide, in the training split, and the indices of the test samples of each fold."""

    splits: Splits
    test_indices: Sequence[folds.Indices]

    def fold(self, number: int) -> Splits:
        """The training and test samples of one fold."""
        return folds.fold_splits(self.splits, self.test_indices[number])


def _key(plan: Plan, data_dir: PathLike | None = None) -> object:
    return plan, data_dir


@latest(_key)
def load_pool(plan: Plan, data_dir: PathLike | None = None) -> Pool:
    """The data set, whose training split has only the samples that the folds divide.

    Images are resized as the plan says, and otherwise as the first network says whose study resizes images.
    """
    table = plan.data
    of_networks = (study.data.resize for study in plan.networks if study.data.resize is not None)
    resize = table.resize or next(of_networks, None)
    splits = load_data_set(table.model_copy(update={"resize": resize}), data_dir)
    if table.train_size is not None:
        y, size = splits.train.y, table.train_size
        chosen = random_subset(len(y), size, plan.seed) if y.ndim > 1 else stratified_subset(y, size, plan.seed)
        splits = folds.subset(splits, chosen)
    return Pool(splits, folds.divide(splits, plan.folds, plan.seed))


@latest(_key)
def fingerprint_of(plan: Plan, data_dir: PathLike | None = None) -> str:
    """The checksum of the samples that the folds divide, with their labels."""
    return _sha256(load_pool(plan, data_dir).splits.train)


def _sha256(samples: Dataset) -> str:
    digest = hashlib.sha256()
    digest.update(np.ascontiguousarray(samples.x).data)
    digest.update(np.ascontiguousarray(samples.y).data)
    return digest.hexdigest()


def without_results(plan: Plan, splits: Splits) -> Comparison:
    """The comparison before its first training."""
    train = splits.train
    data = Data(
        name=splits.name,
        title=splits.title,
        source=splits.source,
        notes=splits.notes,
        classes=splits.classes,
        targets=splits.targets,
        deviations=tuple(train.y.std(0).tolist()) if splits.is_regression else (),
        sample_shape=train.x.shape[1:],
        counts=tuple(splits.counts()["train"].tolist()),
        sha256=_sha256(train),
    )
    studies = {network.name: network.study for network in plan.adapted_networks}
    learners = tuple(
        LearnerRecord(name=learner.name, settings=learner.settings, study=studies.get(learner.name))
        for learner in plan.learners
    )
    return Comparison(
        plan=plan.as_record, status="running", data=data, folds=plan.folds, seed=plan.seed, learners=learners
    )
