"""Where trials are kept: Optuna's tables, in a SQLite file in the search's folder or wherever a URL says.

A trial that was in flight when its process died is marked as interrupted, and its values are tried again.
"""

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from backhand.errors import BackhandError
from backhand.search.space import Space, grid, parameters
from backhand.study.search import Search

if TYPE_CHECKING:
    import optuna

FILE = "search.db"
REASON, INTERRUPTED = "reason", "interrupted"


def opened(folder: Path, name: str, search: Search, seed: int, epochs: int, url: str | None = None) -> "optuna.Study":
    """The trials of the search in this folder, new or as they were left.

    Raises BackhandError where the storage cannot be reached or holds something else.
    """
    import optuna
    from sqlalchemy.exc import SQLAlchemyError

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    where = url or f"sqlite:///{(folder / FILE).resolve()}"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            return optuna.create_study(
                storage=optuna.storages.RDBStorage(where),
                study_name=name,
                sampler=_sampler(search, seed),
                pruner=_pruner(search, epochs),
                direction="maximize" if search.monitor.endswith("accuracy") else "minimize",
                load_if_exists=True,
            )
    except (SQLAlchemyError, ImportError, RuntimeError) as error:
        first = str(error).splitlines()[0]
        raise BackhandError(f"the storage {where} cannot be used: {first}; mend it or name another") from error


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


def mended(trials: "optuna.Study") -> None:
    """Mark trials that nobody works on any more as interrupted, and put their values in the queue again."""
    from optuna.trial import TrialState

    for trial in trials.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
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
