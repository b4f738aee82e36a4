"""A comparison from its folds to its tests; killed at any moment, it goes on where it was."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
from rich.console import Console

from backhand.console.terminal import make_console
from backhand.data.dataset import Splits
from backhand.data.split import subset
from backhand.errors import BackhandError, closest
from backhand.experiments import environment
from backhand.experiments.comparison import folds
from backhand.experiments.comparison.form import FILE, Comparison, Data, Pair, Result, read
from backhand.experiments.comparison.form import Learner as LearnerFacts
from backhand.experiments.comparison.network import Network
from backhand.experiments.comparison.outcome import Learner, Outcome
from backhand.experiments.comparison.peers import PEERS
from backhand.experiments.comparison.record import begin, save
from backhand.experiments.comparison.statistics import corrected_t, holm, mcnemar
from backhand.experiments.kinds import COMPARISON
from backhand.experiments.splits import load_splits
from backhand.experiments.workspace import taken
from backhand.files.paths import PathLike, as_path
from backhand.study import Study, changed
from backhand.study.schema import Data as DataTable
from backhand.training.progress import time_left


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


def run(plan: Plan, path: PathLike, *, data_dir: PathLike | None = None, quiet: bool = False) -> Comparison:
    """Train every learner on every fold, and test their differences; what the folder `path` holds is not done again.

    Raises BackhandError for what a user can mend, also where `path` holds another comparison, or something else.
    """
    path, console = as_path(path), make_console(quiet=quiet)
    data_dir = environment.data_dir(path, data_dir, resume=(path / FILE).exists())
    with taken(path, COMPARISON, data=[plan.data.path]):
        splits = _pool(plan, data_dir)
        networks, others = _learners(plan)
        tests = folds.stratified(splits.train.y, plan.folds, plan.seed, splits.classes)
        for network in networks:
            network.check(next(folds.parts(splits, tests)))
        learners = (*networks, *others)
        begin(path, _asked(plan, splits, learners), data_dir)
        console.print(f"folder: {path}")
        for remark in splits.remarks:
            console.print(remark)
        found = _judged(path, learners, splits, tests, console)
        names = [network.name for network in networks]
        return save(path, found.model_copy(update={"status": "finished", "pairs": pairs(found, names)}))


def _judged(
    path: Path, learners: Sequence[Learner], splits: Splits, tests: Sequence[folds.Index], console: Console
) -> Comparison:
    """The comparison with every result: those that its folder holds, and the others, saved one by one."""
    found = read(path)
    for fold, part in enumerate(folds.parts(splits, tests)):
        for learner in learners:
            if not found.has(learner.name, fold):
                result = _result(learner.name, fold, learner.judge(part), part, tests[fold])
                found = save(path, found.model_copy(update={"results": (*found.results, result)}))
                _tell(console, result, found)
    return found


def pairs(found: Comparison, networks: Sequence[str]) -> tuple[Pair, ...]:
    """Every pair of learners of which one is a network, tested."""
    chosen = [pair for pair in combinations([each.name for each in found.learners], 2) if {*pair} & {*networks}]
    differences = [corrected_t(np.subtract(found.errors(a), found.errors(b))) for a, b in chosen]
    alone = [(len(found.wrong(a) - found.wrong(b)), len(found.wrong(b) - found.wrong(a))) for a, b in chosen]
    exact = [mcnemar(*counts) for counts in alone]
    corrected, exact_corrected = holm([each.p for each in differences]), holm(exact)
    return tuple(
        Pair(
            first=a,
            second=b,
            difference=differences[i].mean,
            interval=differences[i].interval,
            p=differences[i].p,
            p_holm=corrected[i],
            only_first=alone[i][0],
            only_second=alone[i][1],
            mcnemar=exact[i],
            mcnemar_holm=exact_corrected[i],
        )
        for i, (a, b) in enumerate(chosen)
    )


def _pool(plan: Plan, data_dir: Path | None) -> Splits:
    """The data, its training part cut to the samples that the folds share out.

    Images come to the size that the plan asks for, or else the first network that asks for one.
    """
    table = plan.data
    own = (study.data.resize for study in plan.networks if study.data.resize is not None)
    resize = table.resize or next(own, None)
    splits = load_splits(table.model_copy(update={"resize": resize}), data_dir)
    if table.train_size is None:
        return splits
    return folds.cut(splits, subset(splits.train.y, table.train_size, plan.seed))


def _learners(plan: Plan) -> tuple[list[Network], list[Learner]]:
    """The networks, then their peers. Raises BackhandError for unknown ones, and for two of one name."""
    own = {"data.name": plan.data.name, "seed": plan.seed} | dict.fromkeys(
        ("data.path", "data.classes", "data.groups", "data.train_size")
    )
    networks = [Network(changed(study, own)) for study in plan.networks]
    for name in plan.against:
        if name not in PEERS:
            raise BackhandError(f'--against: there is no learner "{name}"{closest(name, PEERS)}')
    names = [network.name for network in networks] + list(plan.against)
    for name in names:
        if names.count(name) > 1:
            raise BackhandError(f'two learners are called "{name}"; name each once, or give a study another name')
    if len(names) < 2:
        raise BackhandError("there is nothing to compare the network with; name learners by --against, or more studies")
    return networks, [PEERS[name].seeded(plan.seed) for name in plan.against]


def _asked(plan: Plan, splits: Splits, learners: Sequence[Learner]) -> Comparison:
    """The comparison before its first result."""
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
    studies = {network.name: network for network in learners if isinstance(network, Network)}
    listed = tuple(
        LearnerFacts(
            name=each.name,
            settings=each.settings,
            study=studies[each.name].study.model_dump(mode="json") if each.name in studies else {},
        )
        for each in learners
    )
    return Comparison(status="running", data=facts, folds=plan.folds, seed=plan.seed, learners=listed)


def _result(learner: str, fold: int, outcome: Outcome, part: Splits, test: folds.Index) -> Result:
    return Result(
        learner=learner,
        fold=fold,
        count=len(test),
        wrong=tuple(test[outcome.predictions != part.test.y].tolist()),
        train_seconds=outcome.train_seconds,
        test_seconds=outcome.test_seconds,
        chosen=outcome.chosen,
        failure=outcome.failure,
    )


def _left(found: Comparison) -> float | None:
    """Seconds that the folds that are left may take; None before every learner has had one."""
    times = {each.learner: each.train_seconds + each.test_seconds for each in found.results}
    if len(times) < len(found.learners):
        return None
    left = ((each.name, fold) for each in found.learners for fold in range(found.folds))
    return sum(times[name] for name, fold in left if not found.has(name, fold))


def _tell(console: Console, result: Result, found: Comparison) -> None:
    left, of = _left(found), found.folds
    chosen = "".join(f"  {key.replace('_', ' ')} {value or 'none'}" for key, value in result.chosen.items())
    console.print(
        f"fold {result.fold + 1:>{len(str(of))}}/{of}  {result.learner:<12}  error {result.error:7.2%}  "
        f"{result.train_seconds:8.2f} s{chosen}" + (f"  {time_left(left)}" if left else "")
    )
