"""How much each key of a search mattered, from its trials."""

from typing import TYPE_CHECKING, Any

from backhand.experiments.search.record import SearchRecord, Trial
from backhand.experiments.search.space import Space, parameters
from backhand.study.search import Choice, Range, Repeat

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

FEWEST = 10  # trials; what fewer of them suggest is mostly chance


def importances(found: SearchRecord) -> dict[str, float]:
    """The share of the spread of the trials' values that each key explains by itself or with others, largest first.

    Functional ANOVA of a random forest that predicts a trial's value from its settings (Hutter, Hoos and Leyton-Brown
    2014, "An Efficient Approach for Assessing Hyperparameter Importance"), as Optuna computes it. Only keys that every
    trial has can be compared. {} for fewer than ten complete trials, for a single key, and where all values are equal.
    """
    import optuna
    from optuna.importance import FanovaImportanceEvaluator, get_param_importances

    space, trials = found.search.space, found.complete
    if len(trials) < FEWEST or len({trial.reached for trial in trials}) == 1:
        return {}
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    trials_of_optuna = optuna.create_study()
    ranges = _ranges(trials, space)
    for trial in trials:
        values = {key: value for key, value in _values(trial, space).items() if key in ranges}
        trials_of_optuna.add_trial(optuna.create_trial(params=values, distributions=ranges, value=trial.reached))
    shares = get_param_importances(trials_of_optuna, evaluator=FanovaImportanceEvaluator(seed=0))
    return {key: float(share) for key, share in shares.items()}


def _values(trial: Trial, space: Space) -> dict[str, Any]:
    """One value for each key; a list of varying length counts as one."""
    return {
        key: str(value) if isinstance(space[key], Repeat) else parameters({key: value}, space)[key]
        for key, value in trial.assignment.items()
    }


def _ranges(trials: list[Trial], space: Space) -> "dict[str, BaseDistribution]":
    """The values that each key can have, of the keys that every trial has and that vary."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    found: dict[str, BaseDistribution] = {}
    for key, entry in space.items():
        tried = {_values(trial, space).get(key) for trial in trials}
        if None in tried or len(tried) == 1:
            continue
        match entry:
            case Choice() | Repeat():
                found[key] = CategoricalDistribution(sorted(map(str, tried)))
            case Range(low=low, high=high, log=log) if entry.whole:
                found[key] = IntDistribution(int(low), int(high), log=log)
            case Range(low=low, high=high, log=log):
                found[key] = FloatDistribution(low, high, log=log)
    return found
