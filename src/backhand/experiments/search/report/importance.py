"""The importance of each key of a search, estimated from its trials."""

from typing import TYPE_CHECKING, Any

from backhand.experiments.search.record import SearchRecord, Trial
from backhand.experiments.search.space import Space, parameters
from backhand.extras import SEARCH
from backhand.study.search import Choice, Range, Repeat

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

FEWEST = 10  # trials from which importances are estimated; with fewer, chance decides


def importances(record: SearchRecord) -> dict[str, float]:
    """Return the share of the variance of the trials' values that each key explains, by itself or with others.

    Functional ANOVA of a random forest that predicts a trial's value from its settings (Hutter, Hoos and Leyton-Brown
    2014, "An Efficient Approach for Assessing Hyperparameter Importance"), as Optuna computes it. Only keys that every
    trial has can be compared. The largest share comes first. There are no shares for fewer than ten complete trials,
    for a single key, and where all values are equal. Raises
    MissingExtraError without Optuna.
    """
    space, trials = record.search.space, record.complete_trials
    if len(trials) < FEWEST or len({trial.value_or_nan for trial in trials}) == 1:
        return {}
    SEARCH.require("the importance of keys")
    import optuna
    from optuna.importance import FanovaImportanceEvaluator, get_param_importances

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    optuna_study = optuna.create_study()
    distributions = _distributions(trials, space)
    for trial in trials:
        values = {key: value for key, value in _values(trial, space).items() if key in distributions}
        copy = optuna.create_trial(params=values, distributions=distributions, value=trial.value_or_nan)
        optuna_study.add_trial(copy)
    shares = get_param_importances(optuna_study, evaluator=FanovaImportanceEvaluator(seed=0))
    return {key: float(share) for key, share in shares.items()}


def _values(trial: Trial, space: Space) -> dict[str, Any]:
    """Return one value for each key of a trial; a list of varying length becomes one text."""
    return {
        key: str(value) if isinstance(space[key], Repeat) else parameters({key: value}, space)[key]
        for key, value in trial.assignment.items()
    }


def _distributions(trials: list[Trial], space: Space) -> "dict[str, BaseDistribution]":
    """Return Optuna's description of the values of each key that every trial has and that varies."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    distributions: dict[str, BaseDistribution] = {}
    for key, entry in space.items():
        values_tried = {_values(trial, space).get(key) for trial in trials}
        if None in values_tried or len(values_tried) == 1:
            continue
        match entry:
            case Choice() | Repeat():
                distributions[key] = CategoricalDistribution(sorted(map(str, values_tried)))
            case Range(low=low, high=high, log=log) if entry.whole:
                distributions[key] = IntDistribution(int(low), int(high), log=log)
            case Range(low=low, high=high, log=log):
                distributions[key] = FloatDistribution(low, high, log=log)
    return distributions
