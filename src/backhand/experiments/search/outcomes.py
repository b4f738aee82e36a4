"""How trials ended, as Optuna's storage keeps it for the samplers, the pruners and other processes."""

from typing import TYPE_CHECKING, Any

from backhand.experiments.search.claims import CLAIM, REASON
from backhand.experiments.search.legacy import OWNER, interrupted
from backhand.experiments.search.record import Trial
from backhand.experiments.search.space import Assignment
from backhand.experiments.search.trial import Outcome
from backhand.files import jsontext

if TYPE_CHECKING:
    import optuna

KEPT = "train_loss", "train_accuracy", "validation_loss", "validation_accuracy", "lr", "elapsed"


def keep(trial: "optuna.Trial", assignment: Assignment, outcome: Outcome) -> bool:
    """Keep with the trial how it ended. False where another process has taken it over, and it counts no more."""
    from optuna.exceptions import UpdateFinishedTrialError
    from optuna.trial import TrialState

    curve = {key: [record[key] for record in outcome.curve if key in record] for key in KEPT}
    facts = {key: getattr(outcome, key) for key in ("value", "epoch", "seconds", "parameters")}
    state = TrialState.FAIL if outcome.value is None else TrialState.PRUNED if outcome.pruned else TrialState.COMPLETE
    try:
        for key, value in {"assignment": assignment, "curve": curve, REASON: outcome.reason, **facts}.items():
            trial.set_user_attr(key, jsontext.finite(value))
    except UpdateFinishedTrialError:
        return False
    value = outcome.value if state == TrialState.COMPLETE else None
    told = trial.study.tell(trial, value, state, skip_if_finished=True)
    return told.state == state and not interrupted(told)


def finished(trials: "optuna.Study") -> list[Trial]:
    """Those that have ended by themselves, in the order of their numbers."""
    from optuna.trial import TrialState

    states = {TrialState.COMPLETE: "complete", TrialState.PRUNED: "pruned", TrialState.FAIL: "failed"}
    return [
        Trial(number=each.number + 1, state=states[each.state], **({"value": each.value} | _facts(each.user_attrs)))
        for each in trials.get_trials(deepcopy=False, states=tuple(states))
        if not interrupted(each) and "assignment" in each.user_attrs
    ]


def _facts(kept: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in kept.items() if key not in (OWNER, CLAIM)}
