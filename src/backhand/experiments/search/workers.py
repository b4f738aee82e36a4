"""Who is at work on a search: the processes that train its trials, as the trials in the storage say."""

import json
import time
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backhand.errors import BackhandError
from backhand.experiments import settings
from backhand.experiments.search import DATABASE, FILE
from backhand.experiments.search.budget import Budget
from backhand.experiments.search.owner import Owner
from backhand.experiments.search.slots import BEAT, OWNER, Slots
from backhand.experiments.search.storage import STUDY, address_of
from backhand.experiments.search.storages.address import VARIABLE, chosen
from backhand.experiments.search.storages.connect import OPENING, connect
from backhand.extras import SEARCH
from backhand.page.numbers import metric_text

if TYPE_CHECKING:
    from optuna.study._frozen import FrozenStudy
    from optuna.trial import FrozenTrial

    from backhand.experiments.search.storages.patient import Patient


@dataclass(frozen=True)
class Worker:
    """A trial that is being trained, and its process.

    trial, slot: their numbers, from 1.   epochs, value: the last that it reported, every 10 s or so; 0 and None before.
    seconds: since the trial began.   silent: seconds since the last heartbeat, by the clocks of both machines; None
    where there is none.   finished: how many trials its process has finished.
    """

    host: str
    pid: int | None
    cpu: str
    threads: int | None
    trial: int
    slot: int
    epochs: int
    value: float | None
    seconds: float
    silent: float | None
    finished: int


@dataclass(frozen=True)
class SearchAtWork:
    """A search in a storage.   ended: how many trials have ended.   monitor: what its values are; "" if unknown."""

    name: str
    budget: Budget
    ended: int
    monitor: str
    workers: tuple[Worker, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the search as JSON holds it."""
        return asdict(self)

    def text(self, value: float | None) -> str:
        """Return a value as people read it."""
        return "" if value is None else metric_text(value, self.monitor) if self.monitor else f"{value:.4g}"


def read(folder: Path | None, option: str | None) -> list[SearchAtWork]:
    """Read who is at work on the search in a folder, or on all searches of a storage.

    option: the address of the storage; None: BACKHAND_STORAGE, or the folder's own file.
    Raises BackhandError where there is no such search, or the storage cannot be used.
    """
    SEARCH.require("a search")
    url, name = chosen(option), None
    if folder is not None:
        if not (folder / FILE).exists():
            raise BackhandError(f"{folder} is not the folder of a search: it has no {FILE}")
        name = settings.read_study(folder).name
        url = option if (folder / DATABASE).exists() else url
    if url is None and (folder is None or not (folder / DATABASE).exists()):
        raise BackhandError(f"name the storage of the search by --storage or {VARIABLE}, or the folder that holds it")
    address = address_of(folder or Path(), url)
    with connect(address, lambda _: None, patience=OPENING, may_create=False) as storage:
        studies = [study for study in storage.get_all_studies() if name in (None, study.study_name)]
        if not studies:
            raise BackhandError(f"the storage {address.shown} holds no search{f' named {name}' if name else ''}")
        return [_search(storage, study) for study in studies]


def _search(storage: "Patient", study: "FrozenStudy") -> SearchAtWork:
    slots = Slots(storage.get_all_trials(study._study_id, deepcopy=False))
    finished = Counter(_process(trial) for trial in slots.ended)
    running = slots.running(None).items()
    workers = tuple(_worker(slot, trial, finished[_process(trial)]) for slot, trial in running)
    saved = study.user_attrs
    return SearchAtWork(study.study_name, Budget.saved(saved), len(slots.ended), _monitor(saved.get(STUDY)), workers)


def _process(trial: "FrozenTrial") -> tuple[str, int] | None:
    owner = Owner.of(trial.user_attrs.get(OWNER))
    return None if owner is None else (owner.host, owner.pid)


def _worker(slot: int, trial: "FrozenTrial", finished: int) -> Worker:
    owner, beat = Owner.of(trial.user_attrs.get(OWNER)), trial.user_attrs.get(BEAT)
    started, values = trial.datetime_start or datetime.now(), trial.intermediate_values
    epochs = max(values, default=0)
    return Worker(
        host=owner.host if owner else "unknown",
        pid=owner.pid if owner else None,
        cpu=owner.cpu if owner else "",
        threads=owner.threads if owner else None,
        trial=trial.number + 1,
        slot=slot,
        epochs=epochs,
        value=values.get(epochs),
        seconds=max(0.0, (datetime.now() - started).total_seconds()),
        silent=max(0.0, time.time() - beat[1]) if isinstance(beat, list) and len(beat) == 2 else None,
        finished=finished if owner else 0,
    )


def _monitor(saved: Any) -> str:
    """Return the monitored figure of a search, as the study that the storage holds says it; "" where it does not."""
    known = json.loads(saved) if isinstance(saved, str) else {}
    return str(known.get("search.monitor", ""))
