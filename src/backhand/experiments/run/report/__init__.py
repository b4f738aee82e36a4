"""The report of a run: its data, its model, its training, its test, and its mistakes."""

from collections.abc import Iterable
from pathlib import Path

from backhand.experiments.run.record import read, read_metrics
from backhand.experiments.run.report import regression
from backhand.experiments.run.report.chapters import chapters
from backhand.page.blocks import Block, Page, Text
from backhand.page.numbers import decimal, percent, time_spent


def page(folder: Path) -> Page:
    """The report as a page. Raises CheckpointError where a file is missing or damaged."""
    run = read(folder)
    return Page(run.title, run.subtitle, chapters(run))


def closing(folder: Path) -> Iterable[Block]:
    """The time that the training took, and the test result; nothing where there is none."""
    metrics = read_metrics(folder)
    training, test, errors = metrics.training, metrics.test, metrics.test_errors
    if test or errors:
        yield Text(time_spent(training.epochs, training.steps, training.seconds, training.saving_seconds))
    if errors:
        yield from (Text(text) for _, text in regression.findings(errors))
    if test is None:
        return
    low, high = test.interval
    yield Text(
        f"test accuracy {percent(test.accuracy)} ({test.interval_kind} interval {percent(low)} to {percent(high)}, "
        f"{test.correct:,} of {test.count:,} right), loss {decimal(test.loss)}"
    )
