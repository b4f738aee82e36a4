"""A search from its first trial to the test of what it chose; killed at any moment, it goes on where it was."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from backhand.console.terminal import make_console
from backhand.errors import BackhandError, CheckpointError, DivergenceError
from backhand.experiments import settings, units
from backhand.experiments.decide import decide_counts
from backhand.experiments.kinds import kind_of
from backhand.experiments.run import work as single
from backhand.experiments.run.record import finished as run_finished
from backhand.experiments.search import DATABASE, FILE, KIND, space, storage
from backhand.experiments.search.loop import Loop, value_text
from backhand.experiments.search.outcomes import finished
from backhand.experiments.search.record import SearchRecord, TestedRun, Trial, best, note, read_search
from backhand.experiments.search.trial import data_with_validation
from backhand.experiments.units import Workers
from backhand.experiments.workspace import Workspace
from backhand.files.names import STUDY
from backhand.files.paths import PathLike, as_path
from backhand.study import Study, changed
from backhand.study.search import SearchTable


def run(
    study: Study,
    path: PathLike,
    *,
    data_dir: PathLike | None = None,
    resume: bool | None = False,
    url: str | None = None,
    quiet: bool = False,
    workers: Workers | None = None,
) -> SearchRecord:
    """Search, then train the best values with each seed and test them; returns what search.json holds.

    url: a storage of Optuna's other than the SQLite file in the folder, which processes elsewhere may share.
    workers: as in `units`; None: `search.workers` processes.
    Raises BackhandError for what a user can mend, also where every trial failed; a storage that is refused leaves no
    new folder.
    """
    search = _search_of(study)
    space.check(study, search.space)
    if not resume:
        space.refuse_changes(study.changes, search.space)
    if isinstance(workers, int):
        search = search.model_copy(update={"workers": workers})
        study = study.model_copy(update={"search": search})
    if resume and kind_of(as_path(path)) is not KIND:
        resume = None  # of one that was killed before its first file of its own, there is nothing to go on with
    with Workspace.open(path, KIND, resume=resume, data_dir=data_dir, quiet=quiet, data=[study.data.path]) as workspace:
        if workspace.resumed:
            own = settings.read_study(workspace.folder)
            settings.refuse_another_study(workspace.folder, own, study)
            study = settings.inherited(study, own)
            _refuse_other_storage(workspace.folder, url)
        data = data_with_validation(changed(study, {}), workspace.data_dir)
        study = decide_counts(study, data)
        with _opened(study, workspace, url) as opened:
            workspace.console.print("\n".join((f"folder: {workspace.folder}", *data.splits.remarks)))
            loop = Loop(study, search, workspace.folder, opened, workspace.data_dir, workspace.console)
            _refuse_lost_trials(loop)
            trials = _tried(loop, url, workers or search.workers)
        return _tested(study, trials, workspace, workers or search.workers)


def resume(path: PathLike, *, data_dir: PathLike | None = None, quiet: bool = False, **options: object) -> SearchRecord:
    """Go on with the search in this folder, as its own study says. options: `url` and `workers`, as `run` has them."""
    study = settings.read_study(as_path(path))
    return run(study, path, data_dir=data_dir, resume=True, quiet=quiet, **options)  # type: ignore[arg-type]


@contextmanager
def _opened(study: Study, workspace: Workspace, url: str | None) -> Iterator[storage.Storage]:
    """The storage, of a search that has begun in the folder: only once a storage elsewhere has been reached."""
    fresh = not (workspace.folder / FILE).exists()
    mark = {FILE: SearchRecord.of(_search_of(study), elsewhere=url is not None).as_text()} if fresh else {}
    begin = partial(workspace.begin, study.seed, mark | settings.study_file(study))
    if url is None:
        begin()
    with storage.opened(workspace.folder, study, _search_of(study), url) as opened:
        if url is not None:
            begin()
        yield opened


def _refuse_lost_trials(loop: Loop) -> None:
    """Raises CheckpointError where the storage has lost trials, which search.json is written after."""
    kept, left = len(read_search(loop.folder).trials), len(finished(loop.trials))
    if left < kept:
        raise CheckpointError(
            f"{loop.folder / FILE} has {kept} trials, and the storage ({DATABASE}, unless --storage names another) has "
            f"{left}; restore it, or start a new search"
        )


def _tried(loop: Loop, url: str | None, workers: Workers) -> list[Trial]:
    """All trials of the search, at the end of its budget."""
    search, claims = loop.search, loop.storage.claims
    if url is None:  # nobody else has the folder, so nobody is at any of its trials
        claims.give_up(everyone=True)
    loop.console.print(f"{loop.study.title or loop.study.name}: {plan(search)}")
    try:
        if workers == 1:
            loop.run()
        else:
            count = workers if isinstance(workers, int) else search.workers
            share = partial(_share, loop.folder, loop.data_dir, url, claims.owner, quiet=loop.console.quiet)
            list(units.results(((number, share) for number in range(count)), workers))
    finally:
        claims.give_up()
    return finished(loop.trials)


def _share(folder: Path, data_dir: Path | None, url: str | None, owner: str, *, quiet: bool) -> None:
    """A unit: trials of the search in this folder, until no trial is left to begin."""
    study = settings.read_study(folder)
    search = _search_of(study)
    with storage.opened(folder, study, search, url, owner=owner) as opened:
        Loop(study, search, folder, opened, data_dir, make_console(quiet=quiet)).run()


def plan(search: SearchTable) -> str:
    """What is going to be tried, in words."""
    ends = [f"{search.trials} trials"] if search.trials is not None else []
    if search.method == "grid":
        total = sum(1 for _ in space.grid(search.space))
        ends = [f"{min(total, search.trials or total)} of {total} trials"]
    ends += [f"{search.minutes:g} minutes"] if search.minutes is not None else []
    pruning = "" if search.pruning == "none" else f", pruned by {search.pruning}"
    return f"a {search.method} search of {' or '.join(ends)} over {', '.join(search.space)}{pruning}"


def _search_of(study: Study) -> SearchTable:
    if study.search is None:
        raise BackhandError(f"the study {study.name} has no search table")
    return study.search


def _refuse_other_storage(path: Path, url: str | None) -> None:
    """Raises BackhandError where the trials of this folder are kept elsewhere than in what is named."""
    kept = read_search(path).elsewhere
    elsewhere = not (path / DATABASE).exists() if kept is None else kept
    if not elsewhere and url is not None:
        raise BackhandError(f"{path} keeps its trials in its own {DATABASE}; resume it without --storage")
    if elsewhere and url is None:
        raise BackhandError(f"{path} keeps its trials in a storage of yours; name it again by --storage")


def _tested(study: Study, trials: list[Trial], workspace: Workspace, workers: Workers) -> SearchRecord:
    """The best values, trained with each seed and tested."""
    search, folder = _search_of(study), workspace.folder
    chosen = best(trials, search)
    found = note(folder, trials, search)
    if chosen is None:
        reasons = "; ".join(sorted({trial.reason.split(":")[0] for trial in trials if trial.reason})) or "none ended"
        raise BackhandError(f"no trial of {folder} came to its end ({reasons}); change the space or the budget")
    seeds = range(study.seed, study.seed + search.seeds)
    if not seeds:
        return found
    values = "  ".join(f"{key} = {value_text(value)}" for key, value in chosen.assignment.items())
    trained = f"seeds {seeds[0]} to {seeds[-1]}" if len(seeds) > 1 else f"seed {seeds[0]}"
    workspace.console.print(f"best: {values}; training with {trained}")
    asked = {seed: changed(study, chosen.assignment | {"seed": seed}) for seed in seeds}
    for each in asked.values():
        _refuse_another_best(folder, each)
    quiet = workspace.console.quiet or workers != 1
    work = ((seed, partial(_train, each, folder, workspace.data_dir, quiet=quiet)) for seed, each in asked.items())
    done = dict(units.results(work, workers))
    return note(folder, trials, search, tuple(done[seed] for seed in seeds))


def _folder_of(folder: Path, asked: Study) -> Path:
    return folder / f"best-seed-{asked.seed}"


def _refuse_another_best(folder: Path, asked: Study) -> None:
    """Raises BackhandError where another trial was the best when the search was tested before."""
    run_folder = _folder_of(folder, asked)
    if not (run_folder / STUDY).exists():
        return
    differs = settings.difference(*map(settings.settings, (settings.read_study(run_folder), asked)))
    if differs is not None:
        raise BackhandError(
            f"{folder} has been tested already with its best trial of then, and now another is best: {differs}; "
            f"a longer search with a test of its own needs a new folder"
        )


def _train(asked: Study, folder: Path, data_dir: Path | None, *, quiet: bool) -> TestedRun:
    """A unit: a whole run of the chosen values; one that is done already is only read."""
    run_folder = _folder_of(folder, asked)
    try:
        metrics = run_finished(run_folder) or single.run(asked, run_folder, data_dir=data_dir, resume=None, quiet=quiet)
    except DivergenceError as error:
        return TestedRun(folder=run_folder.name, seed=asked.seed, diverged=str(error))
    assert metrics.validation is not None
    assert metrics.test is not None
    return TestedRun(
        folder=run_folder.name,
        seed=asked.seed,
        seconds=metrics.training.seconds,
        validation=metrics.validation.accuracy,
        test=metrics.test.accuracy,
        validation_count=metrics.validation.count,
        failure=metrics.training.failure,
    )
