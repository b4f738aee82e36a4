"""A search from its first trial to the test of what it chose; killed at any moment, it goes on where it was."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from backhand import backend, kernels
from backhand.console.terminal import make_console
from backhand.errors import BackhandError, DivergenceError
from backhand.experiments import environment, folder, workspace
from backhand.experiments.decide import decide_counts
from backhand.experiments.kinds import RUN
from backhand.experiments.run import work as single
from backhand.experiments.search import record, space, storage
from backhand.experiments.search.loop import Loop, value_text
from backhand.experiments.search.record import Trial, best, finished
from backhand.experiments.search.trial import material
from backhand.experiments.trainer import Trainer
from backhand.files.paths import PathLike, as_path
from backhand.machine import cores
from backhand.study import Study, changed
from backhand.study.search import Search


def run(
    study: Study,
    path: PathLike,
    *,
    data_dir: PathLike | None = None,
    resume: bool = False,
    url: str | None = None,
    quiet: bool = False,
) -> dict[str, Any]:
    """Search, then train the best values with each seed and test them; returns what search.json holds.

    url: a storage of Optuna's other than the SQLite file in the folder, which processes elsewhere may share.
    Raises BackhandError for what a user can mend, also where every trial failed; a storage that is refused leaves no
    new folder.
    """
    search, console, path = _search_of(study), make_console(quiet=quiet), as_path(path)
    data_dir = environment.data_dir(path, data_dir, resume=resume)
    space.check(study, search.space)
    if not resume:
        space.refuse_changes(study.changes, search.space)
    trainer = Trainer(data_dir)
    with workspace.taken(path, RUN, resume=resume, data=[study.data.path]):
        if resume:
            _refuse_other_storage(path, url)
        data = material(trainer, changed(study, {}))
        study = decide_counts(study, data)
        with _opened(study, path, data_dir, resume=resume, url=url) as opened:
            console.print("\n".join((f"folder: {path}", *data.splits.remarks)))
            found = _tried(Loop(study, search, path, opened, trainer, console), url)
        chosen = best(found, search)
        record.write(path, search, found, [])
        if chosen is None:
            reasons = "; ".join(sorted({trial.reason.split(":")[0] for trial in found if trial.reason})) or "none ended"
            raise BackhandError(f"no trial of {path} came to its end ({reasons}); change the space or the budget")
        runs = [_train(study, chosen, path, seed, data_dir, console) for seed in range(search.seeds)]
        return record.write(path, search, found, runs)


@contextmanager
def _opened(
    study: Study, path: Path, data_dir: Path | None, *, resume: bool, url: str | None
) -> Iterator[storage.Storage]:
    """The storage, of a search that has begun in the folder: only once a storage elsewhere has been reached."""
    begin = partial(workspace.begin, path, study, data_dir, resume=resume)
    if url is None:
        begin()
    with storage.opened(path, study, _search_of(study), url) as opened:
        if url is not None:
            begin()
        yield opened


def _tried(loop: Loop, url: str | None) -> list[Trial]:
    """All trials of the search, at the end of its budget."""
    search, claims = loop.search, loop.storage.claims
    if url is None:  # nobody else has the folder, so nobody is at any of its trials
        claims.give_up(everyone=True)
    if not (loop.folder / record.FILE).exists():  # which shows whether the trials are kept here
        record.write(loop.folder, search, finished(loop.trials), [])
    loop.console.print(f"{loop.study.title or loop.study.name}: {plan(search)}")
    try:
        if search.workers == 1:
            loop.run()
        else:
            _share(loop, url)
    finally:
        claims.give_up()
    return finished(loop.trials)


def plan(search: Search) -> str:
    """What is going to be tried, in words."""
    ends = [f"{search.trials} trials"] if search.trials is not None else []
    if search.method == "grid":
        total = sum(1 for _ in space.grid(search.space))
        ends = [f"{min(total, search.trials or total)} of {total} trials"]
    ends += [f"{search.minutes:g} minutes"] if search.minutes is not None else []
    pruning = "" if search.pruning == "none" else f", pruned by {search.pruning}"
    return f"a {search.method} search of {' or '.join(ends)} over {', '.join(search.space)}{pruning}"


def work(path: Path, data_dir: Path | None, url: str | None, owner: str, *, quiet: bool) -> None:
    """One of several workers: trials of the search in this folder until there are none left."""
    study = folder.read_study(path)
    search = _search_of(study)
    with storage.opened(path, study, search, url, owner=owner) as opened:
        Loop(study, search, path, opened, Trainer(data_dir), make_console(quiet=quiet)).run()


def _search_of(study: Study) -> Search:
    if study.search is None:
        raise BackhandError(f"the study {study.name} has no search table")
    return study.search


def _refuse_other_storage(path: Path, url: str | None) -> None:
    """Raises BackhandError where the trials of this folder are kept elsewhere than in what is named."""
    own = (path / storage.FILE).exists()
    if own and url is not None:
        raise BackhandError(f"{path} keeps its trials in its own {storage.FILE}; resume it without --storage")
    if not own and url is None and (path / record.FILE).exists():
        raise BackhandError(f"{path} keeps its trials in a storage of yours; name it again by --storage")


def _share(loop: Loop, url: str | None) -> None:
    """Workers in processes of their own, which divide the cores among them. They end where this process ends."""
    path, search, owner = loop.folder, loop.search, loop.storage.claims.owner
    threads = str(max(1, (backend.threads() or cores()) // search.workers))
    variables = os.environ | {kernels.THREADS: threads, "OPENBLAS_NUM_THREADS": threads}
    words = [str(path), str(loop.trainer.data_dir or ""), url or "", owner, "quiet" if loop.console.quiet else ""]
    command = [sys.executable, "-m", "backhand.experiments.search", *words]
    with ExitStack() as stack:  # which ends by closing the workers' input, whatever happens, and waits for them
        start = partial(subprocess.Popen, command, env=variables, stdin=subprocess.PIPE)
        workers = [stack.enter_context(start()) for _ in range(search.workers)]
        ends = [worker.wait() for worker in workers]
    if all(ends):
        raise BackhandError(f"every worker of {path} ended with an error; what they said stands above")


def _train(
    study: Study, chosen: Trial, path: Path, seed: int, data_dir: Path | None, console: Console
) -> dict[str, Any]:
    """A whole run of the chosen values; one that is done already is only read."""
    values = "  ".join(f"{key} = {value_text(value)}" for key, value in chosen.assignment.items())
    console.print(f"best: {values}; training with seed {study.seed + seed}")
    asked = changed(study, chosen.assignment | {"seed": study.seed + seed})
    place = path / f"best-seed-{asked.seed}"
    begun = (place / folder.STUDY).exists()
    if begun and (differs := folder.difference(*map(folder.settings, (folder.read_study(place), asked)))) is not None:
        raise BackhandError(
            f"{path} has been tested already with its best trial of then, and now another is best: {differs}; "
            f"a longer search with a test of its own needs a new folder"
        )
    try:
        metrics = folder.finished(place) or single.run(
            asked, place, data_dir=data_dir, resume=begun, quiet=console.quiet
        )
    except DivergenceError as error:
        return {"folder": place.name, "seed": asked.seed, "diverged": str(error)}
    training, parts = metrics["training"], {part: metrics[part]["accuracy"] for part in ("validation", "test")}
    facts = {"seconds": training["seconds"], "validation_count": metrics["validation"]["count"]}
    return {"folder": place.name, "seed": asked.seed, **facts, **parts, "failure": training.get("failure", "")}
