"""The findings of a search, in sentences."""

from collections.abc import Iterator, Mapping
from statistics import mean, stdev

from backhand.experiments.search.record import SearchRecord, Trial
from backhand.page.chance import differ
from backhand.page.numbers import brief, counted, listed, metric_change, metric_text
from backhand.training.metrics import metric, words


def findings(record: SearchRecord, shares: Mapping[str, float]) -> Iterator[tuple[str, str]]:
    """Yield titles and sentences: the accuracies of the chosen settings, the best trial, and the second best.

    shares: the importance of each key, as `importances` returns it.
    """
    monitor, complete, runs = record.monitor, record.complete_trials, record.tested_runs
    if runs:
        splits = ([getattr(run, split) for run in runs] for split in ("validation", "test"))
        validation, test = (_spread(figures, record.figure) for figures in splits)
        trained = f"Trained with {counted(len(runs), 'seed')}, the chosen settings reach"
        kind = "" if record.figure == "accuracy" else f"{words(record.figure)} "
        yield "Result", f"{trained} {kind}{test} on test data and {validation} on validation data."
    if complete:
        best = complete[0]
        result = f"{words(monitor)} {metric_text(best.value_or_nan, monitor)} at epoch {best.epoch}"
        yield "Chosen", f"Trial {best.number} ({result}): {settings_text(best)}."
    if len(complete) > 1:
        yield "Runner-up", _runner_up(record, *complete[:2])
    if ranking := list(shares.items()):
        (key, share), *others = ranking
        next_keys = listed([f"{key} {_share(share)}" for key, share in others[:2]])
        yield "Importance", f"{key} explains {_share(share)} of the differences between trials, {next_keys}."


def _runner_up(record: SearchRecord, first: Trial, second: Trial) -> str:
    monitor = record.monitor
    gap = metric_change(abs(first.value_or_nan - second.value_or_nan), monitor).lstrip("+")
    unit = " percentage points" if metric(monitor).unit else ""
    doubt = _doubt(record, first.value_or_nan, second.value_or_nan)
    return f"Trial {second.number} is {gap}{unit} behind{doubt}: {settings_text(second)}."


def _doubt(record: SearchRecord, first: float, second: float) -> str:
    """Return a remark where both values are shares of so few samples that chance alone may explain their order."""
    count = next((run.validation_count for run in record.runs if run.validation_count), 0)
    if not count or not record.metric.unit or differ(first, count, second, count):
        return ""
    return f", a difference that chance alone can make on {count:,} validation samples"


def _spread(figures: list[float], figure: str) -> str:
    """Write figures as their mean and standard deviation over the seeds."""
    middle = metric_text(mean(figures), figure)
    if len(figures) == 1:
        return middle
    spread = f"{100 * stdev(figures):.2f} points" if metric(figure).unit else metric_text(stdev(figures), figure)
    return f"{middle} (standard deviation {spread})"


def _share(share: float) -> str:
    return f"{100 * share:.0f}%"


def settings_text(trial: Trial) -> str:
    """Write the settings of a trial as key = value, separated by semicolons, since values hold commas."""
    return "; ".join(f"{key} = {brief(value)}" for key, value in trial.assignment.items())
