"""A comparison from its folds to its tests; killed at any moment, it goes on where it was."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import combinations
from pathlib import Path

import numpy as np
from rich.console import Console

from backhand.experiments import units
from backhand.experiments.comparison import KIND
from backhand.experiments.comparison.outcome import Outcome
from backhand.experiments.comparison.plan import Plan, Pool, begun, load_pool
from backhand.experiments.comparison.record import Comparison, Pair, Result, read, refuse_another, write
from backhand.experiments.comparison.statistics import corrected_t, holm, mcnemar
from backhand.experiments.units import Workers
from backhand.experiments.workspace import Workspace
from backhand.files.paths import PathLike, as_path
from backhand.training.progress import time_left


def run(
    plan: Plan,
    path: PathLike,
    *,
    data_dir: PathLike | None = None,
    resume: bool | None = False,
    quiet: bool = False,
    workers: Workers = 1,
) -> Comparison:
    """Train every learner on every fold, and test their differences; what a resumed one holds is not done again.

    workers: as in `units`.
    Raises BackhandError for what a user can mend, also where `path` holds another comparison, or something else.
    """
    reads = [plan.data.path]
    with Workspace.open(path, KIND, resume=resume, data_dir=data_dir, quiet=quiet, data=reads) as workspace:
        folder, pool = workspace.folder, load_pool(plan, workspace.data_dir)
        names = [network.name for network in plan.adapted]
        found = begun(plan, pool.splits)
        for network in plan.adapted:
            network.check(pool.fold(0))
        if workspace.resumed:
            own = read(folder)
            refuse_another(folder, own, found)
            found = own.model_copy(update={"plan": found.plan})
        workspace.begin(plan.seed, {})
        write(folder, found)
        workspace.console.print("\n".join((f"folder: {folder}", *pool.splits.remarks)))
        for (learner, fold), outcome in units.results(_units(plan, found, workspace.data_dir), workers):
            result = _result(learner, fold, outcome, pool)
            found = write(folder, _with(found, result))
            _report_progress(workspace.console, result, found)
        return write(folder, found.model_copy(update={"status": "finished", "pairs": pairs(found, names)}))


def resume(
    path: PathLike, *, data_dir: PathLike | None = None, quiet: bool = False, workers: Workers = 1
) -> Comparison:
    """Go on with the comparison in this folder, as it was asked for."""
    plan = Plan.of(read(as_path(path)).plan, path)
    return run(plan, path, data_dir=data_dir, resume=True, quiet=quiet, workers=workers)


def _units(
    plan: Plan, found: Comparison, data_dir: Path | None
) -> Iterator[tuple[tuple[str, int], Callable[[], Outcome]]]:
    """A unit for every learner on every fold, but for those that are done."""
    for fold in range(plan.folds):
        for learner in plan.learners:
            if not found.has(learner.name, fold):
                yield (learner.name, fold), partial(_outcome_of, plan, learner.name, fold, data_dir)


def _outcome_of(plan: Plan, name: str, fold: int, data_dir: Path | None) -> Outcome:
    """A unit: train one learner on one fold, and let it predict."""
    learner = next(each for each in plan.learners if each.name == name)
    return learner.train_and_predict(load_pool(plan, data_dir).fold(fold))


def _with(found: Comparison, result: Result) -> Comparison:
    """The comparison with one more result, in the order in which a single process has them."""
    order = [each.name for each in found.learners]
    results = sorted((*found.results, result), key=lambda each: (each.fold, order.index(each.learner)))
    return found.model_copy(update={"results": tuple(results)})


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


def _result(learner: str, fold: int, outcome: Outcome, pool: Pool) -> Result:
    test = pool.tests[fold]
    return Result(
        learner=learner,
        fold=fold,
        count=len(test),
        wrong=tuple(test[outcome.predictions != pool.splits.train.y[test]].tolist()),
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


def _report_progress(console: Console, result: Result, found: Comparison) -> None:
    left, of = _left(found), found.folds
    chosen = "".join(f"  {key.replace('_', ' ')} {value or 'none'}" for key, value in result.chosen.items())
    console.print(
        f"fold {result.fold + 1:>{len(str(of))}}/{of}  {result.learner:<12}  error {result.error:7.2%}  "
        f"{result.train_seconds:8.2f} s{chosen}" + (f"  {time_left(left)}" if left else "")
    )
