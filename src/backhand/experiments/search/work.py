"""A search from its first trial to the test of its best values. A search that was killed goes on where it was."""

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from backhand.console.terminal import make_console
from backhand.errors import BackhandError, CheckpointError
from backhand.experiments import settings, units
from backhand.experiments.decide import decide_counts
from backhand.experiments.kinds import kind_of
from backhand.experiments.run.logs import refuse_missing_loggers
from backhand.experiments.search import DATABASE, FILE, KIND, best, elsewhere, space, storage
from backhand.experiments.search.legacy import warn_of_ignored_keys
from backhand.experiments.search.loop import Loop
from backhand.experiments.search.outcomes import ended_trials
from backhand.experiments.search.owner import Access, Owner
from backhand.experiments.search.record import SearchRecord, Trial, read_search, update_record
from backhand.experiments.search.storages.address import VARIABLE, chosen
from backhand.experiments.search.trial import data_with_validation
from backhand.experiments.units import Workers
from backhand.experiments.workspace import Workspace
from backhand.extras import SEARCH
from backhand.files.paths import PathLike, as_path
from backhand.study import Study, changed
from backhand.study.search import SearchTable


def run(
    study: Study,
    path: PathLike,
    *,
    data_dir: PathLike | None = None,
    resume: bool | None = False,
    url: str | Access | None = None,
    quiet: bool = False,
    workers: Workers | None = None,
) -> SearchRecord:
    """Search, then train the best values with each seed and test them; returns what search.json holds.

    url: the address of a storage of Optuna's instead of the SQLite file in the folder, which processes on other
    machines may share; an `Access` also says how often they look after each other.
    workers: as in `units`; None stands for `search.workers` processes.
    Raises BackhandError for what a user can mend, also where every trial failed. No new folder is left where the
    storage is refused.
    """
    SEARCH.require("a search")
    refuse_missing_loggers(study)
    search = _search_table(study)
    space.check(study, search.space)
    if not resume:
        space.refuse_changes(study.changes, search.space)
    if isinstance(workers, int):
        search = search.model_copy(update={"workers": workers})
        study = study.model_copy(update={"search": search})
    if resume and kind_of(as_path(path)) is not KIND:
        resume = None  # the search was killed before it had written a file of its own, so that it starts anew
    with Workspace.open(path, KIND, resume=resume, data_dir=data_dir, quiet=quiet, data=study.data.places) as workspace:
        if workspace.resumed:
            saved = settings.read_study(workspace.folder)
            settings.refuse_another_study(workspace.folder, saved, study)
            study = settings.inherited(study, saved)
            _refuse_other_storage(workspace.folder, url)
        feeds = data_with_validation(changed(study, {}), workspace.data_dir)
        study = decide_counts(study, feeds)
        fresh = not (workspace.folder / FILE).exists()
        with _open_storage(study, workspace, url) as trial_storage:
            workspace.console.print("\n".join((f"folder: {workspace.folder}", *feeds.splits.remarks)))
            save = partial(update_record, workspace.folder)
            loop = Loop(study, search, trial_storage, workspace.data_dir, workspace.console, save)
            if not fresh:
                _refuse_lost_trials(loop, workspace.folder)
            if not fresh or url is not None:
                workspace.begin(study.seed, _first_files(study, workspace, url))
            trials = _try_all(loop, workspace.folder, url, workers or search.workers)
            search = loop.search_of_all
        return best.test(study, search, trials, workspace, workers or search.workers)


def resume(
    path: PathLike,
    *,
    data_dir: PathLike | None = None,
    quiet: bool = False,
    url: str | Access | None = None,
    workers: Workers | None = None,
) -> SearchRecord:
    """Go on with the search in this folder, as its study says. url, workers: as for `run`."""
    study = settings.read_study(as_path(path))
    return run(study, path, url=url, data_dir=data_dir, resume=True, quiet=quiet, workers=workers)


@contextmanager
def _open_storage(study: Study, workspace: Workspace, url: str | Access | None) -> Iterator[storage.Storage]:
    """Open the storage of the trials; before one is made in a new folder, the first files of the search are written.

    A storage that is there already, in the folder or at a URL, is opened and read before anything is written.
    """
    if (workspace.folder / FILE).exists():
        warn_of_ignored_keys(workspace.folder, read_search(workspace.folder))
    elif url is None:
        workspace.begin(study.seed, _first_files(study, workspace, url))
    search, tell = _search_table(study), workspace.console.print
    with storage.open_storage(workspace.folder, study, search, url, tell=tell) as trial_storage:
        yield trial_storage


def _first_files(study: Study, workspace: Workspace, url: str | Access | None) -> dict[str, str]:
    """The files that a search writes before its first trial, by name: that of a new search, and its study."""
    is_new = not (workspace.folder / FILE).exists()
    mark = {FILE: SearchRecord.of(_search_table(study), elsewhere=url is not None).as_text()} if is_new else {}
    return mark | settings.study_file(study)


def _refuse_lost_trials(loop: Loop, folder: Path) -> None:
    """Raises CheckpointError where the storage has fewer trials than search.json, which is written after it."""
    recorded, stored = len(read_search(folder).trials), len(ended_trials(loop.storage.slots()))
    if stored < recorded:
        raise CheckpointError(
            f"{folder / FILE} has {recorded} trials, and the storage ({DATABASE}, unless --storage names another) "
            f"has {stored}; restore it, or start a new search"
        )


def _try_all(loop: Loop, folder: Path, url: str | Access | None, workers: Workers) -> list[Trial]:
    """Try values until the budget is spent; returns all trials of the search."""
    claims = loop.storage.claims
    if url is None:  # no other process has the folder, so none trains any of its trials
        claims.bury()
    loop.budget = loop.storage.budget.read()
    loop.console.print(f"{loop.study.title or loop.study.name}: {description(loop.search_of_all)}")
    try:
        if isinstance(workers, Executor):
            elsewhere.run(loop, url, workers)
        elif workers == 1:
            loop.run()
        else:
            unit = partial(_run_loop, folder, loop.data_dir, url, claims.owner.run, quiet=loop.console.quiet)
            list(units.results(((number, unit) for number in range(workers)), workers))
        return ended_trials(loop.storage.slots())
    finally:
        claims.give_up()


def _run_loop(folder: Path, data_dir: Path | None, url: str | Access | None, run: str, *, quiet: bool) -> None:
    """Do one unit of work: trials of the search in this folder, until none is left to begin."""
    study, console = settings.read_study(folder), make_console(quiet=quiet)
    search = _search_table(study)
    with storage.open_storage(folder, study, search, url, owner=Owner(run), tell=console.print) as trial_storage:
        Loop(study, search, trial_storage, data_dir, console, partial(update_record, folder)).run()


def description(search: SearchTable) -> str:
    """Describe in words what the search is going to try."""
    limits = [f"{search.trials} trials"] if search.trials is not None else []
    if search.method == "grid":
        total = sum(1 for _ in space.grid(search.space))
        limits = [f"{min(total, search.trials or total)} of {total} trials"]
    limits += [f"{search.minutes:g} minutes"] if search.minutes is not None else []
    pruning = "" if search.pruning == "none" else f", pruned by {search.pruning}"
    return f"a {search.method} search of {' or '.join(limits)} over {', '.join(search.space)}{pruning}"


def _search_table(study: Study) -> SearchTable:
    if study.search is None:
        raise BackhandError(f"the study {study.name} has no search table")
    return study.search


def url_of(folder: Path | None, option: str | None) -> str | None:
    """Return the address of the trials: that of --storage, or that of BACKHAND_STORAGE.

    The variable is no address for a search in this folder that keeps its trials there.
    Raises BackhandError for an option with a password.
    """
    url = chosen(option)
    if option is None and folder is not None and (folder / FILE).exists() and (folder / DATABASE).exists():
        return None
    return url


def _refuse_other_storage(path: Path, url: str | Access | None) -> None:
    """Raises BackhandError where the trials of this folder are not in the storage that the caller names."""
    saved = read_search(path).elsewhere
    elsewhere = not (path / DATABASE).exists() if saved is None else saved
    if not elsewhere and url is not None:
        raise BackhandError(f"{path} keeps its trials in its own {DATABASE}; resume it without --storage")
    if elsewhere and url is None:
        raise BackhandError(f"{path} keeps its trials in a storage of yours; name it again by --storage or {VARIABLE}")
