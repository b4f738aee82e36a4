"""Where trials are kept: Optuna's tables, in a SQLite file in the search's folder or wherever a URL says.

A trial whose process died is marked as interrupted, and its values are tried again.
"""

import json
import random
import time
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from backhand.errors import BackhandError
from backhand.experiments.search import DATABASE
from backhand.experiments.search.claims import CLAIM, INTERRUPTED, REASON, Claim, Claims
from backhand.experiments.search.legacy import adopt, interrupted, token_of
from backhand.experiments.settings import completed, difference, settings
from backhand.study import Study
from backhand.study.search import SearchTable
from backhand.training.metrics import metric

if TYPE_CHECKING:
    import optuna
    from sqlalchemy.engine import URL

STUDY = "study"  # the attribute of the whole that holds its settings
WAITS = 0.1, 0.2, 0.4, 0.8, 1.6  # seconds before what met another process at the same work is tried again
PATIENCE = 60  # seconds for which SQLite waits for another process to write
Result = TypeVar("Result")


@dataclass(frozen=True)
class Storage:
    """The trials of a search, and who has begun which."""

    trials: "optuna.Study"
    claims: Claims
    search: SearchTable
    seed: int

    def begin(self, claim: Claim, values: dict[str, Any] | None) -> "optuna.Trial | None":
        """The trial of a slot; values: by name, those that it must have. None where the slot has been taken over.

        What it draws depends on the seed, its slot and the trials that have ended, not on who draws it.
        """
        import optuna

        trials = self.trials
        trials.sampler = _sampler(self.search, self.seed, claim.slot)
        template = optuna.trial.create_trial(
            state=optuna.trial.TrialState.RUNNING,
            user_attrs={CLAIM: claim.token},
            system_attrs={"fixed_params": values} if values else {},
        )
        trials.add_trial(template)
        (own,) = self._with(claim.token)
        if self.claims.holds(claim.token):
            return optuna.Trial(trials, own._trial_id)
        self.interrupt(claim.token)
        return None

    def retake(self, dead: Claim) -> tuple[Claim, dict[str, Any]] | None:
        """The slot of a dead process, and the values of its trial, to be tried again.

        None where the trial had ended before its process did, where that lives after all, or another was faster.
        """
        values = self.interrupt(dead.token)
        if values is None:
            self.claims.finish(dead.token)
            return None
        own = self.claims.retake(dead)
        if own is None:
            return None
        late = self.interrupt(dead.token)  # one that began it between the two, and lost the slot
        if late is None:
            self.claims.finish(own.token)
            return None
        return own, values or late

    def interrupt(self, token: str) -> dict[str, Any] | None:
        """Mark the trial of a dead process; returns its values, none where it drew none. None where it had ended."""
        import optuna

        for trial in self._with(token):
            with suppress(optuna.exceptions.UpdateFinishedTrialError):
                self.trials._storage.set_trial_user_attr(trial._trial_id, REASON, INTERRUPTED)
            now = self.trials.tell(trial.number, state=optuna.trial.TrialState.FAIL, skip_if_finished=True)
            return (now.params or now.system_attrs.get("fixed_params", {})) if interrupted(now) else None
        return {}

    def _with(self, token: str) -> "list[optuna.trial.FrozenTrial]":
        """The trial of a claim, if the claim has one already."""
        name = self.claims.search
        return [trial for trial in self.trials.get_trials(deepcopy=False) if token_of(name, trial) == token]


@contextmanager
def opened(
    folder: Path, study: Study, search: SearchTable, url: str | None = None, *, owner: str = ""
) -> Iterator[Storage]:
    """The trials of the search, new or as they were left: those of this folder, or all that are in the storage.

    owner: of the slots that are claimed; "": a new one.

    Raises BackhandError where the storage cannot be reached, now or later, or holds another search of this name.
    """
    from optuna.exceptions import StorageInternalError
    from sqlalchemy.exc import SQLAlchemyError

    place = "that --storage names" if url else str(folder / DATABASE)  # an address may hold a password
    try:
        address = _address(folder, url)
        place = str(address)  # which hides a password
        tables = _open_tables(address)
        try:
            trials = _trials(tables, study, search)
            claims = Claims(tables.engine, study.name, owner or uuid.uuid4().hex)
            _patiently(claims.create)
            _refuse_another(trials, study, place)
            adopt(trials, claims, search)
            yield Storage(trials, claims, search, study.seed)
        finally:
            tables.scoped_session.remove()
            tables.engine.dispose()
    except (SQLAlchemyError, StorageInternalError) as error:
        raise _unusable(place, error) from error


def _trials(tables: "optuna.storages.RDBStorage", study: Study, search: SearchTable) -> "optuna.Study":
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return optuna.create_study(
            storage=tables,
            study_name=study.name,
            pruner=_pruner(search, study.train.epoch_count),
            direction="maximize" if metric(search.monitor).higher_is_better else "minimize",
            load_if_exists=True,
        )


def _unusable(place: str, error: BaseException) -> BackhandError:
    first = str(error.__cause__ or error).splitlines()[0]
    return BackhandError(f"the storage {place} cannot be used: {first}; mend it or name another")


def _address(folder: Path, url: str | None) -> "URL":
    """Where the trials are; PostgreSQL is spoken to by psycopg, whichever driver SQLAlchemy would take."""
    from sqlalchemy.engine import URL, make_url

    if url is None:
        return URL.create("sqlite", database=str((folder / DATABASE).resolve()))
    try:
        address = make_url(url)
    except ValueError as error:
        raise BackhandError(f"--storage is no address of a database: {error}") from error
    return address.set(drivername="postgresql+psycopg") if address.drivername == "postgresql" else address


def _open_tables(address: "URL") -> "optuna.storages.RDBStorage":
    """Optuna's tables. Raises BackhandError without a driver for them, or for those of another version."""
    try:
        return _patiently(lambda: _create(address))
    except ImportError as error:
        raise BackhandError(
            f"the storage {address} needs a driver: {error.__cause__ or error}; "
            f"for PostgreSQL: pip install 'backhand[postgresql]'"
        ) from error
    except RuntimeError as error:
        raise _unusable(str(address), error) from error


def _create(address: "URL") -> "optuna.storages.RDBStorage":
    import optuna

    options: dict[str, Any] = {"pool_pre_ping": True}  # a server that was started anew is no error
    if address.get_backend_name() == "sqlite":
        # who is going to write says so at once: two who only read, and then want to write, would both have to give up
        options["connect_args"] = {"timeout": PATIENCE, "isolation_level": "IMMEDIATE"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return optuna.storages.RDBStorage(address.render_as_string(hide_password=False), options)


def _patiently(make: Callable[[], Result]) -> Result:
    """Make tables. Several processes that make the same ones at once meet, and then all but one try again."""
    from sqlalchemy.exc import DBAPIError

    for seconds in WAITS:
        try:
            return make()
        except DBAPIError as error:
            if error.statement is None:  # there is no connection
                raise
        except AssertionError:  # Optuna's, of tables that another process has made and not yet filled
            pass
        time.sleep(seconds * random.uniform(0.5, 1.5))
    return make()


def _refuse_another(trials: "optuna.Study", study: Study, place: str) -> None:
    """Raises BackhandError unless the trials are of this very study, but for its budget."""
    wanted = settings(study)
    own = trials.user_attrs.get(STUDY)
    if own is None:
        trials.set_user_attr(STUDY, json.dumps(wanted))
    elif (differs := difference(completed(json.loads(own), study), wanted)) is not None:
        raise BackhandError(
            f"the storage {place} holds another search named {study.name}: {differs}; give this one a name of its own"
        )


def _sampler(search: SearchTable, seed: int, slot: int) -> "optuna.samplers.BaseSampler":
    import optuna

    own = int(np.random.SeedSequence((seed, slot)).generate_state(1)[0])
    if search.method == "tpe":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            return optuna.samplers.TPESampler(seed=own, multivariate=True, group=True, constant_liar=True)
    return optuna.samplers.RandomSampler(seed=own)


def _pruner(search: SearchTable, epochs: int) -> "optuna.pruners.BasePruner":
    import optuna

    if search.pruning == "halving":
        return optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=3)
    if search.pruning == "hyperband":
        return optuna.pruners.HyperbandPruner(min_resource=1, max_resource=epochs, reduction_factor=3)
    return optuna.pruners.NopPruner()
