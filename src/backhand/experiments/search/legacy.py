"""Searches that a version without claims began: their trials are entered into the claims, so that they go on."""

import hashlib
from itertools import count
from typing import TYPE_CHECKING

from backhand.experiments.search.claims import CLAIM, INTERRUPTED, REASON, Claim, Claims
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
