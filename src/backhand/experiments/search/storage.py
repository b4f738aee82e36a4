"""The storage of a search's trials: Optuna's tables, in a SQLite file in the search's folder or where a URL says.

A trial whose process died is marked as interrupted, and its values are tried again.
"""

import json
import random
import sqlite3
import time
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from backhand.errors import BackhandError
from backhand.experiments.search import DATABASE
from backhand.experiments.search.claims import CLAIM, INTERRUPTED, REASON, Claim, Claims
from backhand.experiments.search.legacy import add_missing_claims, is_interrupted, token_of
from backhand.experiments.settings import completed, difference, settings
from backhand.study import Study
from backhand.study.search import SearchTable
from backhand.training.metrics import metric

if TYPE_CHECKING:
    import optuna
    from sqlalchemy.engine import URL

STUDY = "study"  # the attribute of Optuna's study that holds the settings of ours
WAITS = 0.1, 0.2, 0.4, 0.8, 1.6  # seconds before each new attempt, after another process made the same tables
PATIENCE = 60  # seconds for which SQLite waits for another process to write
Result = TypeVar("Result")


@dataclass(frozen=True)
class Storage:
    """The trials of a search, and the claims that say which process has begun which trial."""

    trials: "optuna.Study"
    claims: Claims
    search: SearchTable
    seed: int

    def start_trial(self, claim: Claim, values: dict[str, Any] | None) -> "optuna.Trial | None":
        """Start the trial of a claimed slot and return it; None where another process has taken the slot over.

        values: those that the trial must have, by name; None: the sampler draws them. What it draws depends on the
        seed, the slot and the trials that have ended, not on the process that draws it.
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
        (trial,) = self._trials_with(claim.token)
        if self.claims.holds(claim.token):
            return optuna.Trial(trials, trial._trial_id)
        self.interrupt(claim.token)
        return None

    def retake(self, dead: Claim) -> tuple[Claim, dict[str, Any]] | None:
        """Take over the slot of a dead process; returns our claim and the values of its trial, to be tried again.

        None where the trial had ended before its process did, where that process lives after all, or where another
        process was faster.
        """
        values = self.interrupt(dead.token)
        if values is None:
            self.claims.finish(dead.token)
            return None
        claim = self.claims.retake(dead)
        if claim is None:
            return None
        late_values = self.interrupt(dead.token)  # the process may have begun its trial meanwhile, and lost the slot
        if late_values is None:
            self.claims.finish(claim.token)
            return None
        return claim, values or late_values

    def interrupt(self, token: str) -> dict[str, Any] | None:
        """Mark the trial of a dead process as interrupted; returns the values that it drew, or None if it had ended."""
        import optuna

        for trial in self._trials_with(token):
            with suppress(optuna.exceptions.UpdateFinishedTrialError):
                self.trials._storage.set_trial_user_attr(trial._trial_id, REASON, INTERRUPTED)
            ended = self.trials.tell(trial.number, state=optuna.trial.TrialState.FAIL, skip_if_finished=True)
            return (ended.params or ended.system_attrs.get("fixed_params", {})) if is_interrupted(ended) else None
        return {}

    def _trials_with(self, token: str) -> "list[optuna.trial.FrozenTrial]":
        """Return the trial of the claim with this token, in a list that is empty while there is none."""
        search = self.claims.search
        return [trial for trial in self.trials.get_trials(deepcopy=False) if token_of(search, trial) == token]


@contextmanager
def open_storage(
    folder: Path, study: Study, search: SearchTable, url: str | None = None, *, owner: str = ""
) -> Iterator[Storage]:
    """Open the storage of the search, in this folder or at the URL, and create it where there is none.

    owner: of the slots that are claimed; "" stands for a new one.

    Raises BackhandError where the storage cannot be reached, now or later, or holds another search of this name.
    """
    from optuna.exceptions import StorageInternalError
    from sqlalchemy.exc import SQLAlchemyError

    location = "that --storage names" if url else str(folder / DATABASE)  # an address may hold a password
    try:
        address = _address(folder, url)
        location = str(address)  # str hides a password
        tables = _open_tables(address)
        try:
            trials = _trials(tables, study, search)
            claims = Claims(tables.engine, study.name, owner or uuid.uuid4().hex)
            _with_retries(claims.create)
            _refuse_another(trials, study, location)
            add_missing_claims(trials, claims, search)
            yield Storage(trials, claims, search, study.seed)
        finally:
            tables.scoped_session.remove()
            tables.engine.dispose()
    except (SQLAlchemyError, StorageInternalError) as error:
        raise _unusable(location, error) from error


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


def _unusable(location: str, error: BaseException) -> BackhandError:
    reason = str(error.__cause__ or error).splitlines()[0]
    return BackhandError(f"the storage {location} cannot be used: {reason}; mend it or name another")


def _address(folder: Path, url: str | None) -> "URL":
    """Return the address of the trials' database. PostgreSQL is reached by psycopg, whatever SQLAlchemy prefers."""
    from sqlalchemy.engine import URL, make_url

    if url is None:
        return URL.create("sqlite", database=str((folder / DATABASE).resolve()))
    try:
        address = make_url(url)
    except ValueError as error:
        raise BackhandError(f"--storage is no address of a database: {error}") from error
    return address.set(drivername="postgresql+psycopg") if address.drivername == "postgresql" else address


def _open_tables(address: "URL") -> "optuna.storages.RDBStorage":
    """Open Optuna's tables. Raises BackhandError without a driver for them, or for those of another version."""
    _refuse_damaged_file(address)
    try:
        return _with_retries(lambda: _create(address))
    except ImportError as error:
        raise BackhandError(
            f"the storage {address} needs a driver: {error.__cause__ or error}; "
            f"for PostgreSQL: pip install 'backhand[postgresql]'"
        ) from error
    except RuntimeError as error:
        raise _unusable(str(address), error) from error


def _refuse_damaged_file(address: "URL") -> None:
    """Raises BackhandError for a file that SQLite cannot read. Optuna would notice, but leave its connection open."""
    if address.get_backend_name() != "sqlite" or not Path(address.database or "").is_file():
        return
    try:
        with closing(sqlite3.connect(address.database or "", timeout=PATIENCE)) as connection:
            connection.execute("PRAGMA quick_check").fetchone()
    except sqlite3.Error as error:
        raise _unusable(str(address), error) from error


def _create(address: "URL") -> "optuna.storages.RDBStorage":
    import optuna

    options: dict[str, Any] = {"pool_pre_ping": True}  # a server that was restarted is not an error
    if address.get_backend_name() == "sqlite":
        # A transaction locks the file when it begins: two that had both read and then want to write would both fail.
        options["connect_args"] = {"timeout": PATIENCE, "isolation_level": "IMMEDIATE"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return optuna.storages.RDBStorage(address.render_as_string(hide_password=False), options)


def _with_retries(make: Callable[[], Result]) -> Result:
    """Make tables. Where several processes make the same ones at once, all but one fail, and try again."""
    from sqlalchemy.exc import DBAPIError

    for seconds in WAITS:
        try:
            return make()
        except DBAPIError as error:
            if error.statement is None:  # the error is one of the connection
                raise
        except AssertionError:  # Optuna finds tables that another process has made and not filled yet
            pass
        time.sleep(seconds * random.uniform(0.5, 1.5))
    return make()


def _refuse_another(trials: "optuna.Study", study: Study, location: str) -> None:
    """Raises BackhandError where the trials are of another study. The budget of the study may differ."""
    wanted = settings(study)
    saved = trials.user_attrs.get(STUDY)
    if saved is None:
        trials.set_user_attr(STUDY, json.dumps(wanted))
    elif (change := difference(completed(json.loads(saved), study), wanted)) is not None:
        raise BackhandError(
            f"the storage {location} holds another search named {study.name}: {change}; give this one a name of its own"
        )


def _sampler(search: SearchTable, seed: int, slot: int) -> "optuna.samplers.BaseSampler":
    import optuna

    sampler_seed = int(np.random.SeedSequence((seed, slot)).generate_state(1)[0])
    if search.method == "tpe":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            return optuna.samplers.TPESampler(seed=sampler_seed, multivariate=True, group=True, constant_liar=True)
    return optuna.samplers.RandomSampler(seed=sampler_seed)


def _pruner(search: SearchTable, epochs: int) -> "optuna.pruners.BasePruner":
    import optuna

    if search.pruning == "halving":
        return optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=3)
    if search.pruning == "hyperband":
        return optuna.pruners.HyperbandPruner(min_resource=1, max_resource=epochs, reduction_factor=3)
    return optuna.pruners.NopPruner()
