"""A search whose trials are trained on other machines, by the workers of an executor.

This process asks for values and tells results, and it alone writes the folder: a worker is given the study of a trial
as data, and returns its outcome. Trials that may be pruned have to compare themselves with others while they train, so
that their workers work on the storage themselves.
"""

from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import replace
from functools import partial
from pathlib import Path

from backhand.console.terminal import make_console
from backhand.errors import BackhandError
from backhand.experiments import units
from backhand.experiments.cluster.work import Work
from backhand.experiments.search.loop import Begun, Loop
from backhand.experiments.search.outcomes import ended_trials
from backhand.experiments.search.owner import Access, Owner, access
from backhand.experiments.search.storage import open_storage
from backhand.experiments.search.storages.address import of_this_machine, without_password
from backhand.experiments.search.trial import Outcome, TrialMonitor, train_trials
from backhand.experiments.trainer import fingerprint_of, weights_of
from backhand.study import Study
from backhand.study.search import SearchTable


def run(loop: Loop, url: str | Access | None, executor: Executor) -> None:
    """Try trials on the workers of an executor until the budget is spent.

    Raises BackhandError for trials that may be pruned and that no storage joins which the workers reach.
    """
    shared = access(url)
    if loop.search.pruning == "none":
        _ask_and_tell(loop, executor)
    elif shared is None:
        raise BackhandError(
            "trials on other machines can be pruned only where they reach the storage of the search; name one by "
            "--storage, or leave pruning out by --set search.pruning=none"
        )
    else:
        _follow(loop, Access(without_password(shared.url), shared.pace), executor)


def _ask_and_tell(loop: Loop, executor: Executor) -> None:
    with loop.storage.claims.beating():
        is_begun = True
        while is_begun or loop.wait():
            is_begun = False
            for group, outcomes in units.results(_groups(loop), executor):
                is_begun = True
                loop.save(group, outcomes)


def _groups(loop: Loop) -> Iterator[tuple[list[Begun], Work[list[Outcome]]]]:
    """Yield trials to train in step as units of work, each when it is drawn, until no more may begin."""
    fingerprint = partial(fingerprint_of, loop.study)
    while groups := list(loop.groups()):
        for group in groups:
            studies = [begun.study for begun in group]
            call = partial(_train, studies, loop.search.monitor)
            yield group, Work(call, fingerprint, loop.data_dir, weights_of(*studies))


def _train(studies: list[Study], monitor: str, *, data_dir: Path | None) -> list[Outcome]:
    """Train these studies on a worker; returns their outcomes."""
    monitors = [TrialMonitor(monitor, lambda _epoch, _value: True) for _ in studies]  # none of them is pruned
    return train_trials(studies, data_dir, monitors)


def _follow(loop: Loop, shared: Access, executor: Executor) -> None:
    """Let the workers run loops of their own on the storage, and record their trials."""
    while True:
        for _ in units.results(_loops(loop, shared), executor):
            loop.record(ended_trials(loop.storage.slots()), loop.search_of_all)
        if not loop.wait():
            return


def _loops(loop: Loop, shared: Access) -> Iterator[tuple[int, Work[None]]]:
    """Yield loops as units of work, each when a worker is free, as long as a slot is free."""
    fingerprint, run_of_all, number = partial(fingerprint_of, loop.study), loop.storage.claims.owner.run, 0
    while loop.has_free_slot():
        call = partial(_run_loop, loop.study, loop.search, shared, run_of_all)
        yield number, Work(call, fingerprint, loop.data_dir, weights_of(loop.study))
        number += 1


def _run_loop(study: Study, search: SearchTable, shared: Access, run: str, *, data_dir: Path | None) -> None:
    """Try trials on a worker, until none is left to begin. The password of the storage is that of its environment."""
    here = replace(shared, url=of_this_machine(shared.url))
    with open_storage(Path(), study, search, here, owner=Owner(run)) as storage:
        Loop(study, search, storage, data_dir, make_console(quiet=True), lambda *_: None).run()
