"""The best values of a search: trained again, with several seeds, and only then tested."""

from functools import partial
from pathlib import Path

from backhand.errors import BackhandError, DivergenceError
from backhand.experiments import settings, units
from backhand.experiments.cluster.work import Work
from backhand.experiments.run import work as single
from backhand.experiments.run.metrics import Metrics
from backhand.experiments.run.record import finished_metrics
from backhand.experiments.search.record import SearchRecord, TestedRun, Trial, best_trial, update_record
from backhand.experiments.trainer import fingerprint_of, weights_of
from backhand.experiments.units import Workers
from backhand.experiments.workspace import Workspace
from backhand.files.names import STUDY
from backhand.page.numbers import brief
from backhand.study import Study, changed
from backhand.study.search import SearchTable


def test(
    study: Study, search: SearchTable, trials: list[Trial], workspace: Workspace, workers: Workers
) -> SearchRecord:
    """Train the best values with each seed and test them; returns what search.json then holds.

    Raises BackhandError where no trial came to its end, or another one was the best when the search was tested before.
    """
    folder = workspace.folder
    best = best_trial(trials, search)
    record = update_record(folder, trials, search)
    if best is None:
        reasons = "; ".join(sorted({trial.reason.split(":")[0] for trial in trials if trial.reason})) or "none ended"
        raise BackhandError(f"no trial of {folder} came to its end ({reasons}); change the space or the budget")
    seeds = range(study.seed, study.seed + search.seeds)
    if not seeds:
        return record
    values = "  ".join(f"{key} = {brief(value)}" for key, value in best.assignment.items())
    seeds_text = f"seeds {seeds[0]} to {seeds[-1]}" if len(seeds) > 1 else f"seed {seeds[0]}"
    workspace.console.print(f"best: {values}; training with {seeds_text}")
    studies = {seed: changed(study, best.assignment | {"seed": seed}) for seed in seeds}
    for wanted in studies.values():
        _refuse_another_best(folder, wanted)
    quiet = workspace.console.quiet or workers != 1
    work = ((seed, _training(study, folder, workspace.data_dir, quiet=quiet)) for seed, study in studies.items())
    runs = dict(units.results(work, workers))
    return update_record(folder, trials, search, tuple(runs[seed] for seed in seeds))


def _run_folder(folder: Path, study: Study) -> Path:
    return folder / f"best-seed-{study.seed}"


def _refuse_another_best(folder: Path, wanted: Study) -> None:
    """Raises BackhandError where the search was tested before, when another trial was the best."""
    run_folder = _run_folder(folder, wanted)
    if not (run_folder / STUDY).exists():
        return
    change = settings.difference(*map(settings.settings, (settings.read_study(run_folder), wanted)))
    if change is not None:
        raise BackhandError(
            f"{folder} has already been tested with the trial that was best then, and now another is best: {change}; "
            f"a longer search with a test of its own needs a new folder"
        )


def _training(study: Study, folder: Path, data_dir: Path | None, *, quiet: bool) -> Work[TestedRun]:
    """Return the unit that trains the best values as a whole run, in a folder of its own."""
    run_folder = _run_folder(folder, study)
    call = partial(_train, study, run_folder.name, quiet=quiet)
    return Work(call, partial(fingerprint_of, study), data_dir, weights_of(study), run_folder)


def _train(study: Study, name: str, *, folder: Path, data_dir: Path | None, quiet: bool) -> TestedRun:
    """Do one unit of work: a whole run of the best values. A run that has finished is only read.

    name: of its folder in that of the search; a worker on another machine has it elsewhere for the time being.
    """
    try:
        metrics = finished_metrics(folder) or single.run(study, folder, data_dir=data_dir, resume=None, quiet=quiet)
    except DivergenceError as error:
        return TestedRun(folder=name, seed=study.seed, diverged=str(error))
    figure, validation, test = _figures(metrics)
    return TestedRun(
        folder=name,
        seed=study.seed,
        seconds=metrics.training.seconds,
        figure=figure,
        validation=validation,
        test=test,
        validation_count=sum(metrics.data.splits["validation"]),
        failure=metrics.training.failure,
    )


def _figures(metrics: Metrics) -> tuple[str, float, float]:
    """The figure by which a run is told, and its value on the validation and the test split."""
    if metrics.test_errors is not None:
        assert metrics.validation_errors is not None, "a search needs validation data"
        return "rmse", metrics.validation_errors.rmse, metrics.test_errors.rmse
    assert metrics.validation is not None, "a search needs validation data"
    assert metrics.test is not None, "a finished run of classes has a test score"
    return "accuracy", metrics.validation.accuracy, metrics.test.accuracy
