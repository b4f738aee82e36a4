"""The work of a comparison, from the folds to the tests. A killed comparison is resumed without losing a result."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import combinations
from pathlib import Path

import numpy as np

from backhand.experiments import units
from backhand.experiments.cluster.progress import Progress
from backhand.experiments.cluster.work import Work
from backhand.experiments.comparison import KIND
from backhand.experiments.comparison.outcome import Outcome
from backhand.experiments.comparison.plan import Plan, Pool, fingerprint_of, load_pool, without_results
from backhand.experiments.comparison.record import Comparison, Pair, Result, read, refuse_another, write
from backhand.experiments.comparison.statistics import corrected_t, errors_of, holm, mcnemar
from backhand.experiments.trainer import weights_of
from backhand.experiments.units import Workers
from backhand.experiments.workspace import Workspace
from backhand.extras import COMPARE
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
    """Train every learner on every fold, and test the differences; results of a resumed comparison are kept.

    workers: as in `units`.
    Raises BackhandError for a mistake in the plan, and where `path` holds another comparison or anything else.
    """
    COMPARE.require("a comparison")
    data = plan.data.places
    with Workspace.open(path, KIND, resume=resume, data_dir=data_dir, quiet=quiet, data=data) as workspace:
        folder, pool = workspace.folder, load_pool(plan, workspace.data_dir)
        names = [network.name for network in plan.adapted_networks]
        comparison = without_results(plan, pool.splits)
        for network in plan.adapted_networks:
            network.check(pool.fold(0))
        if workspace.resumed:
            saved = read(folder)
            refuse_another(folder, saved, comparison)
            comparison = saved.model_copy(update={"plan": comparison.plan})
        workspace.begin(plan.seed, {})
        write(folder, comparison)
        workspace.console.print("\n".join((f"folder: {folder}", *pool.splits.remarks)))
        work, progress = _units(plan, comparison, workspace.data_dir), workspace.progress()
        for (learner, fold), outcome in units.results(work, workers, progress):
            result = _result(learner, fold, outcome, pool)
            comparison = write(folder, _with_result(comparison, result))
            _report_progress(progress, result, comparison)
        finished = {"status": "finished", "pairs": pairs(comparison, names)}
        return write(folder, comparison.model_copy(update=finished))


def resume(
    path: PathLike, *, data_dir: PathLike | None = None, quiet: bool = False, workers: Workers = 1
) -> Comparison:
    """Go on with the comparison in this folder, by the plan that it holds."""
    plan = Plan.of(read(as_path(path)).plan, path)
    return run(plan, path, data_dir=data_dir, resume=True, quiet=quiet, workers=workers)


def _units(
    plan: Plan, comparison: Comparison, data_dir: Path | None
) -> Iterator[tuple[tuple[str, int], Callable[[], Outcome]]]:
    """A unit for every learner on every fold that has no result yet, with the learner's name and the fold."""
    for fold in range(plan.folds):
        for learner in plan.learners:
            if not comparison.has(learner.name, fold):
                train, data = partial(_train_and_predict, plan, learner.name, fold), partial(fingerprint_of, plan)
                yield (learner.name, fold), Work(train, data, data_dir, weights_of(*plan.networks))


def _train_and_predict(plan: Plan, name: str, fold: int, data_dir: Path | None) -> Outcome:
    """A unit of work: train one learner on one fold, and predict the test samples of the fold."""
    learner = next(learner for learner in plan.learners if learner.name == name)
    return learner.train_and_predict(load_pool(plan, data_dir).fold(fold))


def _with_result(comparison: Comparison, new: Result) -> Comparison:
    """The comparison with one more result. Results are in the order in which a single process trains."""
    order = [learner.name for learner in comparison.learners]
    results = sorted((*comparison.results, new), key=lambda result: (result.fold, order.index(result.learner)))
    return comparison.model_copy(update={"results": tuple(results)})


def pairs(comparison: Comparison, networks: Sequence[str]) -> tuple[Pair, ...]:
    """The tests of all pairs of learners of which at least one is a network."""
    names = [learner.name for learner in comparison.learners]
    compared = [pair for pair in combinations(names, 2) if {*pair} & {*networks}]
    differences = [corrected_t(np.subtract(comparison.errors(a), comparison.errors(b))) for a, b in compared]
    alone = [comparison.worse_alone(a, b) for a, b in compared]
    exact = [mcnemar(*counts) for counts in alone]
    corrected, exact_corrected = holm([difference.p for difference in differences]), holm(exact)
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
        for i, (a, b) in enumerate(compared)
    )


def _result(learner: str, fold: int, outcome: Outcome, pool: Pool) -> Result:
    """The result of a learner in a fold, from its predictions of the test samples."""
    test_indices, train = pool.test_indices[fold], pool.splits.train
    labels = train.y[test_indices]
    if pool.splits.is_regression:
        figures = errors_of(outcome.predictions, labels, train.y.std(0))
    else:
        figures = {"wrong": tuple(test_indices[outcome.predictions != labels].tolist())}
    return Result(
        learner=learner,
        fold=fold,
        count=len(test_indices),
        **figures,
        train_seconds=outcome.train_seconds,
        test_seconds=outcome.test_seconds,
        chosen=outcome.chosen,
        failure=outcome.failure,
    )


def _seconds_left(comparison: Comparison) -> float | None:
    """An estimate of the seconds that the remaining trainings take; None before every learner has a result."""
    times = {result.learner: result.train_seconds + result.test_seconds for result in comparison.results}
    if len(times) < len(comparison.learners):
        return None
    trainings = ((learner.name, fold) for learner in comparison.learners for fold in range(comparison.folds))
    return sum(times[name] for name, fold in trainings if not comparison.has(name, fold))


def _report_progress(progress: Progress, result: Result, comparison: Comparison) -> None:
    """Print a line on a result: its error, its time, what the learner chose, and the time left."""
    seconds, folds, measure = _seconds_left(comparison), comparison.folds, comparison.measure
    rest = f"  {time_left(progress.shared(seconds))}" if seconds else ""
    chosen = "".join(f"  {key.replace('_', ' ')} {value or 'none'}" for key, value in result.chosen.items())
    error = f"{measure.name} {measure.text(result.error):>7}"
    progress.console.print(
        f"fold {result.fold + 1:>{len(str(folds))}}/{folds}  {result.learner:<12}  {error}  "
        f"{result.train_seconds:8.2f} s{chosen}{rest}{progress.by}"
    )
