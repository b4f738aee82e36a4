"""The outcomes of trials in Optuna's storage, where samplers, pruners and other processes read them."""

from typing import TYPE_CHECKING

from backhand.experiments.records import valid
from backhand.experiments.search.legacy import is_interrupted
from backhand.experiments.search.record import Trial
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
    """Save the outcome of a trial. False where another process has taken it over, so that it does not count."""
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
    try:
        for key, value in ended.as_json().items():
            if key not in OPTUNA_FIELDS:
                trial.set_user_attr(key, value)
    except UpdateFinishedTrialError:
        return False
    value = outcome.value if state == TrialState.COMPLETE else None
    saved = trial.study.tell(trial, value, state, skip_if_finished=True)
    return saved.state == state and not is_interrupted(saved)


def _column(outcome: Outcome, key: str) -> tuple[float, ...]:
    return tuple(record[key] for record in outcome.curve if key in record)


def ended_trials(trials: "optuna.Study") -> list[Trial]:
    """Return the trials that have ended and were not interrupted, in the order of their numbers."""
    states = _states()
    return [
        _trial(trial, states[trial.state])
        for trial in trials.get_trials(deepcopy=False, states=tuple(states))
        if not is_interrupted(trial) and "assignment" in trial.user_attrs
    ]


def _trial(trial: "optuna.trial.FrozenTrial", state: str) -> Trial:
    """Return the trial that `save` has saved."""
    optuna_fields = {"number": trial.number + 1, "state": state}
    return valid(
        Trial, {"value": trial.value} | trial.user_attrs | optuna_fields, f"trial {trial.number + 1} of the storage"
    )


def _states() -> "dict[optuna.trial.TrialState, str]":
    from optuna.trial import TrialState

    return {TrialState.COMPLETE: "complete", TrialState.PRUNED: "pruned", TrialState.FAIL: "failed"}
