"""Where trials are kept: Optuna's tables, in a SQLite file in the search's folder or wherever a URL says.

A trial that was in flight when its process died is marked as interrupted, and its values are tried again.
"""

import json
import socket
import warnings
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from backhand.errors import BackhandError
from backhand.experiment.folder import completed, difference, settings
from backhand.metrics import metric
from backhand.search.space import Space, grid, parameters
from backhand.study import Study
from backhand.study.search import Search

if TYPE_CHECKING:
    import optuna
    from sqlalchemy.engine import URL

FILE = "search.db"
REASON, INTERRUPTED = "reason", "interrupted"
OWNER, STUDY = "owner", "study"


def opened(folder: Path, study: Study, search: Search, url: str | None = None, *, worker: int = 0) -> "optuna.Study":
    """The trials of the search, new or as they were left: those of this folder, or all that are in the storage.

    worker: tells processes that draw trials at the same time apart, so that they draw different ones.

    Raises BackhandError where the storage cannot be reached or holds another search of this name.
    """
    import optuna
    from sqlalchemy.exc import SQLAlchemyError

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    place = url or str(folder / FILE)
    try:
        address = _address(folder, url)
        place = str(address)  # which hides a password
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            trials = optuna.create_study(
                storage=optuna.storages.RDBStorage(address.render_as_string(hide_password=False)),
                study_name=study.name,
                pruner=_pruner(search, study.train.epochs),
                direction="maximize" if metric(search.monitor).higher_is_better else "minimize",
                load_if_exists=True,
            )
            known = len(trials.get_trials(deepcopy=False))
            trials.sampler = _sampler(search, _seed(study.seed, worker, known, owner(folder, url)))
    except ImportError as error:
        raise BackhandError(
            f"the storage {place} needs a driver: {error.__cause__ or error}; "
            f"for PostgreSQL: pip install 'backhand[postgresql]'"
        ) from error
    except (SQLAlchemyError, RuntimeError) as error:
        first = str(error).splitlines()[0]
        raise BackhandError(f"the storage {place} cannot be used: {first}; mend it or name another") from error
    _refuse_another(trials, study, place)
    return trials


def _address(folder: Path, url: str | None) -> "URL":
    """Where the trials are; PostgreSQL is spoken to by psycopg, whichever driver SQLAlchemy would take."""
    from sqlalchemy.engine import URL, make_url

    if url is None:
        return URL.create("sqlite", database=str((folder / FILE).resolve()))
    address = make_url(url)
    return address.set(drivername="postgresql+psycopg") if address.drivername == "postgresql" else address


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


def owner(folder: Path, url: str | None) -> str:
    """Whose trials are ours to mend: all in the folder's own file, or those that this folder drew from a storage."""
    return "" if url is None else f"{socket.gethostname()}:{folder.resolve()}"


def _seed(seed: int, worker: int, known: int, owner: str) -> int:
    """The study's own for a search that begins; for one that goes on, or is shared, another for each who draws."""
    if not (worker or known or owner):
        return seed
    return int(np.random.SeedSequence((seed, worker, known, zlib.crc32(owner.encode()))).generate_state(1)[0])


def _sampler(search: Search, seed: int) -> "optuna.samplers.BaseSampler":
    import optuna

    if search.method == "tpe":
        several = search.workers * search.together > 1
        return optuna.samplers.TPESampler(seed=seed, multivariate=True, group=True, constant_liar=several)
    return optuna.samplers.RandomSampler(seed=seed)


def _pruner(search: Search, epochs: int) -> "optuna.pruners.BasePruner":
    import optuna

    if search.pruning == "halving":
        return optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=3)
    if search.pruning == "hyperband":
        return optuna.pruners.HyperbandPruner(min_resource=1, max_resource=epochs, reduction_factor=3)
    return optuna.pruners.NopPruner()


def mended(trials: "optuna.Study", owner: str) -> None:
    """Mark the owner's trials, on which nobody works any more, as interrupted, and have their values tried again."""
    from optuna.trial import TrialState

    for trial in trials.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        if trial.user_attrs.get(OWNER, "") != owner:
            continue
        trials._storage.set_trial_user_attr(trial._trial_id, REASON, INTERRUPTED)
        trials.tell(trial.number, state=TrialState.FAIL)
        if trial.params:
            trials.enqueue_trial(trial.params)


def queued(trials: "optuna.Study", space: Space) -> None:
    """Put every assignment of a grid in the queue that has not been tried and does not wait."""
    from optuna.trial import TrialState

    known = []
    for trial in trials.get_trials(deepcopy=False):
        if trial.user_attrs.get(REASON) != INTERRUPTED:
            waiting = trial.state == TrialState.WAITING
            known.append(trial.system_attrs["fixed_params"] if waiting else trial.params)
    for assignment in grid(space):
        if (values := parameters(assignment, space)) not in known:
            trials.enqueue_trial(values)
