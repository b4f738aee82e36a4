"""The outcomes of trials in Optuna's storage, where samplers, pruners and other processes read them."""

from typing import TYPE_CHECKING

from backhand.experiments.records import valid
from backhand.experiments.search.record import Trial
from backhand.experiments.search.slots import OUTCOME, Slots, is_interrupted
from backhand.experiments.search.space import Assignment
from backhand.experiments.search.trial import Outcome

if TYPE_CHECKING:
    import optuna

OPTUNA_FIELDS = "number", "state"  # what Optuna saves of a trial by itself
CURVES = (
    *("train_loss", "train_accuracy", "validation_loss", "validation_accuracy", "lr", "elapsed"),
    *("train_rmse", "validation_rmse", "validation_mae", "validation_r2"),  # of a regression
)


def save(trial: "optuna.Trial", assignment: Assignment, outcome: Outcome) -> bool:
    """Save the outcome of a trial. False where another process has taken it over, so that it does not count.

    The outcome is the last attribute: a trial that another process ends before it has been written was interrupted.
    """
    from optuna.exceptions import UpdateFinishedTrialError
    from optuna.trial import TrialState

    state = TrialState.FAIL if outcome.value is None else TrialState.PRUNED if outcome.pruned else TrialState.COMPLETE
    ended = Trial(
        number=trial.number + 1,
        state=_states()[state],
        assignment=assignment,
        value=outcome.value,
        epoch=outcome.epoch,
        seconds=outcome.seconds,
        parameters=outcome.parameters,
        reason=outcome.reason,
        curve={key: values for key in CURVES if (values := _column(outcome, key))},
    )
    storage, trial_id = trial.study._storage, trial._trial_id
    value = outcome.value if state == TrialState.COMPLETE else None
    try:
        for key, attribute in (ended.as_json() | {OUTCOME: ended.state}).items():
            if key not in OPTUNA_FIELDS:
                storage.set_trial_user_attr(trial_id, key, attribute)
        storage.set_trial_state_values(trial_id, state, None if value is None else [value])
    except UpdateFinishedTrialError:
        pass  # by another process, before the outcome was written or after it
    saved = storage.get_trial(trial_id)
    return saved.state == state and not is_interrupted(saved)


def _column(outcome: Outcome, key: str) -> tuple[float, ...]:
    return tuple(record[key] for record in outcome.curve if key in record)


def ended_trials(slots: Slots) -> list[Trial]:
    """Return the results of a search: the trials that hold their slots and have ended, ordered by number."""
    states = _states()
    return [_trial(trial, states[trial.state]) for trial in slots.ended if "assignment" in trial.user_attrs]


def _trial(trial: "optuna.trial.FrozenTrial", state: str) -> Trial:
    """Return the trial that `save` has saved."""
    optuna_fields = {"number": trial.number + 1, "state": state}
    return valid(
        Trial, {"value": trial.value} | trial.user_attrs | optuna_fields, f"trial {trial.number + 1} of the storage"
    )


def _states() -> "dict[optuna.trial.TrialState, str]":
    from optuna.trial import TrialState

    return {TrialState.COMPLETE: "complete", TrialState.PRUNED: "pruned", TrialState.FAIL: "failed"}
