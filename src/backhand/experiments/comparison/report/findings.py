"""Sentences on a comparison: each is true of the numbers that it is made from."""

from collections.abc import Iterator
from statistics import fmean, median

from backhand.experiments.comparison.record import Comparison, Pair
from backhand.page.chance import wilson
from backhand.page.numbers import counted, duration, percent, points, probability

LEVEL = 0.05  # of the corrected p-value, from where on a difference is not shown

Finding = tuple[str, str]


def findings(found: Comparison) -> tuple[Finding, ...]:
    """All that can be said: of trainings that failed, of learners that learnt nothing, of each pair, of the time."""
    compared = ((f"{pair.first} and {pair.second}", sentence(found, pair)) for pair in found.pairs)
    return (*_failures(found), *_idle(found), *compared, _time(found))


def _failures(found: Comparison) -> Iterator[Finding]:
    for each in found.learners:
        if failures := [result.failure for result in found.of(each.name) if result.failure]:
            times = f"{len(failures)} of {counted(found.folds, 'fold')}"
            yield f"{each.name}: training failed", f"The training of {each.name} failed in {times}. {failures[0]}"


def _idle(found: Comparison) -> Iterator[Finding]:
    """Learners that err no less than always giving the commonest class, over all folds together."""
    rest, samples = found.data.samples - max(found.data.counts), found.data.samples
    for each in found.learners:
        wrong = len(found.wrong(each.name))
        if wilson(wrong, samples)[1] >= rest / samples:
            yield (
                f"{each.name}: nothing learned",
                f"{each.name} is wrong on {percent(wrong / samples)} of all samples; always answering the commonest "
                f"class would be wrong on {percent(rest / samples)}. On {counted(samples, 'sample')} that is no "
                f"significant difference.",
            )


def better(pair: Pair) -> str:
    """The learner of the lower error, where the corrected test shows a difference; otherwise ""."""
    if pair.p_holm >= LEVEL:
        return ""
    return pair.first if pair.difference < 0 else pair.second


def verdict(pair: Pair) -> str:
    """A sentence that says which learner has the lower error, if either has."""
    ahead = better(pair)
    behind = pair.second if ahead == pair.first else pair.first
    return f"{ahead} has a lower error than {behind}" if ahead else "No significant difference"


def sentence(found: Comparison, pair: Pair) -> str:
    """The errors of both, their difference with its interval and p, and the verdict."""
    first, second = (fmean(found.errors(name)) for name in (pair.first, pair.second))
    corrected = f", {probability(pair.p_holm)} corrected for {len(found.pairs)} comparisons" if found.pairs[1:] else ""
    return (
        f"{verdict(pair)}. Over {found.folds} folds, {pair.first} is wrong on {percent(first)} of the test samples and "
        f"{pair.second} on {percent(second)}, a difference of {points(pair.difference)} percentage points "
        f"({span(pair)}; p\u00a0{probability(pair.p, sign=True)}{corrected})."
    )


def span(pair: Pair) -> str:
    """The confidence interval of the difference, in words."""
    if pair.interval is None:
        return "the same in every fold, which leaves no spread to judge by"
    low, high = map(points, pair.interval)
    return f"95% interval {low} to {high}"


def _time(found: Comparison) -> Finding:
    seconds = {each.name: median(result.train_seconds for result in found.of(each.name)) for each in found.learners}
    told = ", ".join(f"{name} {duration(value)}" for name, value in sorted(seconds.items(), key=lambda item: item[1]))
    return "Time", f"Median training time of {counted(found.folds, 'fold')}: {told}."
