"""The findings of a comparison: sentences that follow from its numbers."""

from collections.abc import Iterator
from math import sqrt
from statistics import fmean, median

from backhand.experiments.comparison.record import Comparison, Pair
from backhand.page.chance import wilson
from backhand.page.numbers import counted, duration, percent, probability

LEVEL = 0.05  # a difference is significant if its corrected p-value is below this
LIMIT = 1.96  # standard errors, for 95%

Finding = tuple[str, str]


def findings(comparison: Comparison) -> tuple[Finding, ...]:
    """The findings on failed trainings, on learners that learned nothing, on each pair, and on the training time."""
    differences = ((f"{pair.first} and {pair.second}", sentence(comparison, pair)) for pair in comparison.pairs)
    return (*_failures(comparison), *_no_learning(comparison), *differences, _time(comparison))


def _failures(comparison: Comparison) -> Iterator[Finding]:
    """A finding on every learner whose training failed in some folds."""
    for learner in comparison.learners:
        if failures := [result.failure for result in comparison.of(learner.name) if result.failure]:
            times = f"{len(failures)} of {counted(comparison.folds, 'fold')}"
            yield f"{learner.name}: training failed", f"The training of {learner.name} failed in {times}. {failures[0]}"


def _no_learning(comparison: Comparison) -> Iterator[Finding]:
    """A finding on every learner that is not significantly better than always answering the commonest class."""
    if comparison.data.targets:
        yield from _no_regression(comparison)
        return
    samples = comparison.data.samples
    rest = samples - max(comparison.data.counts)  # the samples on which the commonest class is the wrong answer
    for learner in comparison.learners:
        wrong = len(comparison.wrong(learner.name))
        if wilson(wrong, samples)[1] >= rest / samples:
            yield (
                f"{learner.name}: nothing learned",
                f"{learner.name} is wrong on {percent(wrong / samples)} of all samples; always answering the commonest "
                f"class would be wrong on {percent(rest / samples)}. On {counted(samples, 'sample')} that is no "
                f"significant difference.",
            )


def _no_regression(comparison: Comparison) -> Iterator[Finding]:
    """A finding on every learner that is not significantly better than always answering the mean."""
    data, measure, mean = comparison.data, comparison.measure, fmean(comparison.data.deviations)
    variance = mean**2 if len(data.targets) == 1 else 1.0  # the distances of several targets are in deviations
    for learner in comparison.learners:
        squares = comparison.distances(learner.name) ** 2
        if squares.mean() + LIMIT * squares.std() / sqrt(len(squares)) >= variance:
            yield (
                f"{learner.name}: nothing learned",
                f"{learner.name} has a mean RMSE of {measure.text(fmean(comparison.errors(learner.name)))}; always "
                f"answering the mean would have one of {measure.text(mean)}. On {counted(data.samples, 'sample')} that "
                f"is no significant difference.",
            )


def better(pair: Pair) -> str:
    """The name of the learner with the lower error; "" if the corrected test shows no difference."""
    if pair.p_holm >= LEVEL:
        return ""
    return pair.first if pair.difference < 0 else pair.second


def verdict(comparison: Comparison, pair: Pair) -> str:
    """The words that name the learner with the lower error, or say that the difference is not significant."""
    winner = better(pair)
    loser = pair.second if winner == pair.first else pair.first
    return f"{winner} has a lower {comparison.measure.name} than {loser}" if winner else "No significant difference"


def sentence(comparison: Comparison, pair: Pair) -> str:
    """The sentences on a pair: the verdict, the mean errors, and their difference with its interval and p."""
    first, second = (fmean(comparison.errors(name)) for name in (pair.first, pair.second))
    tests = len(comparison.pairs)
    corrected = f", {probability(pair.p_holm)} corrected for {tests} comparisons" if tests > 1 else ""
    measure = comparison.measure
    if comparison.data.targets:
        errors = f"{pair.first} has a mean RMSE of {measure.text(first)} and {pair.second} of {measure.text(second)}"
    else:
        errors = f"{pair.first} is wrong on {percent(first)} of the test samples and {pair.second} on {percent(second)}"
    difference = f"{measure.change(pair.difference)}{measure.unit}"
    p = f"p\u00a0{probability(pair.p, sign=True)}{corrected}"
    return (
        f"{verdict(comparison, pair)}. Over {comparison.folds} folds, {errors}, a difference of {difference} "
        f"({span(comparison, pair)}; {p})."
    )


def span(comparison: Comparison, pair: Pair) -> str:
    """The confidence interval of the difference, in words."""
    if pair.interval is None:
        return "the same in every fold, which leaves no spread to judge by"
    low, high = map(comparison.measure.change, pair.interval)
    return f"95% interval {low} to {high}"


def _time(comparison: Comparison) -> Finding:
    """A finding that lists the median training times of the learners, the shortest first."""
    names = [learner.name for learner in comparison.learners]
    seconds = {name: median(result.train_seconds for result in comparison.of(name)) for name in names}
    times = ", ".join(f"{name} {duration(seconds[name])}" for name in sorted(names, key=lambda name: seconds[name]))
    return "Time", f"Median training time of {counted(comparison.folds, 'fold')}: {times}."
