"""What a search found, in sentences."""

from collections.abc import Iterator, Mapping
from statistics import mean, stdev

from backhand.experiments.search.record import SearchRecord, Trial
from backhand.page.chance import differ
from backhand.page.numbers import brief, change, counted, listed, percent, shown
from backhand.training.metrics import metric, words


def findings(found: SearchRecord, shares: Mapping[str, float]) -> Iterator[tuple[str, str]]:
    """Titles and sentences: what the chosen settings reach over all seeds, what was chosen, and what came next.

    shares: the importance of each key, as `importances` has it.
    """
    monitor, complete, tested = found.monitor, found.complete, found.tested
    if tested:
        validation, test = (_spread([getattr(run, split) for run in tested]) for split in ("validation", "test"))
        trained = f"Trained with {counted(len(tested), 'seed')}, the chosen settings reach"
        yield "Result", f"{trained} {test} on test data and {validation} on validation data."
    if complete:
        first = complete[0]
        reached = f"{words(monitor)} {shown(first.reached, monitor)} at epoch {first.epoch}"
        yield "Chosen", f"Trial {first.number} ({reached}): {settings_of(first)}."
    if len(complete) > 1:
        yield "Runner-up", _runner_up(found, *complete[:2])
    if ranks := list(shares.items()):
        (key, share), *others = ranks
        rest = listed([f"{key} {_share(share)}" for key, share in others[:2]])
        yield "Importance", f"{key} explains {_share(share)} of the differences between trials, {rest}."


def _runner_up(found: SearchRecord, first: Trial, second: Trial) -> str:
    monitor = found.monitor
    gap = change(abs(first.reached - second.reached), monitor).lstrip("+")
    unit = " percentage points" if metric(monitor).unit else ""
    doubt = _doubt(found, first.reached, second.reached)
    return f"Trial {second.number} is {gap}{unit} behind{doubt}: {settings_of(second)}."


def _doubt(found: SearchRecord, first: float, second: float) -> str:
    """Where both are shares of so few validation samples that chance may have put one before the other."""
    count = next((run.validation_count for run in found.runs if run.validation_count), 0)
    if not count or not found.metric.unit or differ(first, count, second, count):
        return ""
    return f", a difference that chance alone can make on {count:,} validation samples"


def _spread(figures: list[float]) -> str:
    """Shares as their mean and standard deviation over the seeds."""
    if len(figures) == 1:
        return percent(figures[0])
    return f"{percent(mean(figures))} (standard deviation {100 * stdev(figures):.2f} points)"


def _share(share: float) -> str:
    return f"{100 * share:.0f}%"


def settings_of(trial: Trial) -> str:
    """The settings of a trial: key = value, separated by semicolons, since values hold commas."""
    return "; ".join(f"{key} = {brief(value)}" for key, value in trial.assignment.items())
