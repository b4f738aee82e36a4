"""How trials ended, as Optuna's storage keeps it for the samplers, the pruners and other processes."""

from typing import TYPE_CHECKING

from backhand.experiments.records import valid
from backhand.experiments.search.legacy import interrupted
from backhand.experiments.search.record import Trial
from backhand.experiments.search.space import Assignment
from backhand.experiments.search.trial import Outcome

if TYPE_CHECKING:
    import optuna

OPTUNAS = "number", "state"  # what Optuna keeps of a trial by itself
KEPT = "train_loss", "train_accuracy", "validation_loss", "validation_accuracy", "lr", "elapsed"


def keep(trial: "optuna.Trial", assignment: Assignment, outcome: Outcome) -> bool:
    """Keep with the trial how it ended. False where another process has taken it over, and it counts no more."""
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
        curve={key: tuple(record[key] for record in outcome.curve if key in record) for key in KEPT},
    )
    try:
        for key, value in ended.as_json().items():
            if key not in OPTUNAS:
                trial.set_user_attr(key, value)
    except UpdateFinishedTrialError:
        return False
    value = outcome.value if state == TrialState.COMPLETE else None
    told = trial.study.tell(trial, value, state, skip_if_finished=True)
    return told.state == state and not interrupted(told)


def finished(trials: "optuna.Study") -> list[Trial]:
    """Those that have ended by themselves, in the order of their numbers."""
    states = _states()
    return [
        _kept(each, states[each.state])
        for each in trials.get_trials(deepcopy=False, states=tuple(states))
        if not interrupted(each) and "assignment" in each.user_attrs
    ]


def _kept(trial: "optuna.trial.FrozenTrial", state: str) -> Trial:
    """The trial as `keep` left it."""
    own = {"number": trial.number + 1, "state": state}
    return valid(Trial, {"value": trial.value} | trial.user_attrs | own, f"trial {trial.number + 1} of the storage")


def _states() -> "dict[optuna.trial.TrialState, str]":
    from optuna.trial import TrialState

    return {TrialState.COMPLETE: "complete", TrialState.PRUNED: "pruned", TrialState.FAIL: "failed"}
