"""Searches that an earlier version began, before there were claims: their trials are given slots."""

import hashlib
from itertools import count
from typing import TYPE_CHECKING

from backhand.experiments.search.claims import CLAIM, INTERRUPTED, REASON, Claim, Claims
from backhand.experiments.search.space import grid, parameters
from backhand.study.search import SearchTable

if TYPE_CHECKING:
    import optuna


OWNER = "owner"  # an attribute of their trials


def token_of(search: str, trial: "optuna.trial.FrozenTrial") -> str:
    """The token of the trial's claim; of one of an earlier version, that which it is given."""
    own = trial.user_attrs.get(CLAIM)
    return own if own is not None else hashlib.sha256(f"{search}/{trial.number}".encode()).hexdigest()[:32]


def interrupted(trial: "optuna.trial.FrozenTrial") -> bool:
    """Whether the trial was cut short and marked so, rather than ended by itself."""
    return trial.state.name == "FAIL" and trial.user_attrs.get(REASON) == INTERRUPTED


def adopt(trials: "optuna.Study", claims: Claims, search: SearchTable) -> None:
    """Enter the trials that have none into the claims; several processes may do so at once.

    In a grid, a slot is an assignment's number. Trials that were interrupted, or wait, have not begun.
    """
    from optuna.trial import TrialState

    cells = [parameters(each, search.space) for each in grid(search.space)] if search.method == "grid" else []
    for trial in trials.get_trials(deepcopy=False):
        if CLAIM in trial.user_attrs or trial.state == TrialState.WAITING or interrupted(trial):
            continue
        token, done = token_of(claims.search, trial), trial.state.is_finished()
        values = trial.params or trial.system_attrs.get("fixed_params", {})
        slots = [cells.index(values) + 1] if values in cells else count(1)
        any(claims.holds(token) or claims.insert(Claim(slot, token), done=done) for slot in slots)
