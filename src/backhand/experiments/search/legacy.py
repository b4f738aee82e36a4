"""Searches that an earlier version began: what they lack is added, and what is different now is said."""

import hashlib
import warnings
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from backhand.errors import BackhandWarning
from backhand.experiments.search.claims import CLAIM, INTERRUPTED, REASON, Claim, Claims
from backhand.experiments.search.record import SearchRecord
from backhand.experiments.search.space import grid, parameters
from backhand.study.search import SearchTable

if TYPE_CHECKING:
    import optuna


def token_of(search: str, trial: "optuna.trial.FrozenTrial") -> str:
    """Return the token of the trial's claim. A trial of an earlier version gets one from its search and its number."""
    token = trial.user_attrs.get(CLAIM)
    return token if token is not None else hashlib.sha256(f"{search}/{trial.number}".encode()).hexdigest()[:32]


def is_interrupted(trial: "optuna.trial.FrozenTrial") -> bool:
    """Whether the trial was marked as interrupted, because its process ended before the training did."""
    return trial.state.name == "FAIL" and trial.user_attrs.get(REASON) == INTERRUPTED


def add_missing_claims(trials: "optuna.Study", claims: Claims, search: SearchTable) -> None:
    """Enter a claim for every trial that has none. Several processes may do so at once.

    In a grid, the slot of a trial is the number of its assignment. Trials that were interrupted or wait get no claim:
    they do not count as begun.
    """
    from optuna.trial import TrialState

    cells = (
        [parameters(assignment, search.space) for assignment in grid(search.space)] if search.method == "grid" else []
    )
    for trial in trials.get_trials(deepcopy=False):
        if CLAIM in trial.user_attrs or trial.state == TrialState.WAITING or is_interrupted(trial):
            continue
        token, done = token_of(claims.search, trial), trial.state.is_finished()
        values = trial.params or trial.system_attrs.get("fixed_params", {})
        slots = [cells.index(values) + 1] if values in cells else count(1)
        any(claims.holds(token) or claims.insert(Claim(slot, token), done=done) for slot in slots)


def warn_of_ignored_keys(folder: Path, record: SearchRecord) -> None:
    """Warn where the trials of an earlier version ignored keys that come before their table in the space.

    `"train.optimizer.lr"` before `"train.optimizer"` is an example: the table then replaced the rate of the trial.
    """
    keys = list(record.search.space)
    ignored = [key for number, key in enumerate(keys) if any(key.startswith(f"{table}.") for table in keys[number:])]
    if ignored and record.trials and "version" not in record.model_fields_set:
        warnings.warn(
            f"{folder} was begun by a version whose trials ignored {' and '.join(ignored)}, which the space has before "
            f"the whole table. Trials from now on use the values of these keys, so that old and new trials cannot be "
            f"compared; start a new search",
            BackhandWarning,
            stacklevel=2,
        )
