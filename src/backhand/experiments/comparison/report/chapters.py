"""The chapters of a comparison's report."""

from dataclasses import replace
from pathlib import Path
from statistics import fmean, median, stdev

from backhand.experiments import environment
from backhand.experiments.comparison.record import Comparison, Result, read
from backhand.experiments.comparison.report import plots
from backhand.experiments.comparison.report.findings import better, findings, verdict
from backhand.experiments.environment import Environment
from backhand.page import settings
from backhand.page.blocks import Block, Image, Images, Notice, Page, Points, Section, Table, Text, Tiles
from backhand.page.heading import subtitle
from backhand.page.numbers import NONE, count, counted, duration, percent, plain, points, probability, shape
from backhand.study import to_values


def page(folder: Path) -> Page:
    """The report as a page. Raises CheckpointError for a file that is missing or damaged."""
    comparison, origin = read(folder), environment.read(folder)
    first, *others = (learner.name for learner in comparison.learners)
    opponents = others[0] if len(others) == 1 else f"{len(others)} other learners"
    title = f"{first} against {opponents} on {comparison.data.title}"
    studies = (learner.study for learner in comparison.learners if learner.study)
    changes = {key: value for study in studies for key, value in study.changes.items()}
    return Page(title, subtitle(comparison.data.title, origin, changes), chapters(comparison, origin))


def chapters(comparison: Comparison, origin: Environment) -> tuple[Section, ...]:
    """The chapters of the report; an unfinished comparison has only a summary and its settings."""
    if comparison.status == "running":
        done = f"{len(comparison.results)} of {comparison.folds * len(comparison.learners)} trainings are done"
        notice = Notice(f"This comparison is not finished: {done}. To resume it: backhand compare --resume FOLDER")
        return Section("summary", "Summary", (notice,)), _settings(comparison, origin)
    return (
        Section("summary", "Summary", (Tiles(_tiles(comparison)), Points(findings(comparison)))),
        Section("errors", "Errors", _errors(comparison)),
        Section("differences", "Differences", _differences(comparison)),
        _settings(comparison, origin),
    )


def _tiles(comparison: Comparison) -> tuple[tuple[str, str, str], ...]:
    means = {learner.name: fmean(comparison.errors(learner.name)) for learner in comparison.learners}
    return tuple(
        (name, percent(means[name]), f"mean error of {counted(comparison.folds, 'fold')}")
        for name in sorted(means, key=lambda name: means[name])
    )


def _errors(comparison: Comparison) -> tuple[Block, ...]:
    return _error_table(comparison), Images((_error_image(comparison),)), _fold_table(comparison)


def _error_image(comparison: Comparison) -> Image:
    names = [learner.name for learner in comparison.learners]
    means = ", ".join(f"{name} {percent(fmean(comparison.errors(name)))}" for name in names)
    caption = f"Error of each learner in each fold (circles) and on average (bars): {means}."
    return Image("errors", plots.errors(comparison), caption.removesuffix("."), caption)


def _error_table(comparison: Comparison) -> Table:
    rows = []
    for learner in comparison.learners:
        errors, results = comparison.errors(learner.name), comparison.of(learner.name)
        times = median(result.train_seconds for result in results), median(result.test_seconds for result in results)
        spread = fmean(errors), stdev(errors), min(errors), max(errors)
        rows.append((learner.name, *map(percent, spread), *map(duration, times), _chosen_settings(results)))
    caption = (
        f"Test errors over {comparison.folds} folds with their standard deviation, the median times to train and to "
        f"predict in a fold, and the settings that each learner chose on its training samples."
    )
    head = ("learner", "mean error", "deviation", "lowest", "highest", "to train", "to predict", "chosen settings")
    return Table(caption, head, tuple(rows), "lrrrrrrl")


def _chosen_settings(results: list[Result]) -> str:
    """What a learner chose in all folds, such as "max depth 4 to 16 or no limit"."""
    keys = dict.fromkeys(key for result in results for key in result.chosen)
    values = {key: [result.chosen.get(key, 0) for result in results] for key in keys}
    return "; ".join(f"{key.replace('_', ' ')} {_range(values[key])}" for key in keys)


def _range(values: list[int | None]) -> str:
    """The range of the chosen numbers, such as "4 to 16", or "4 to 16 or no limit" if None was chosen as well."""
    numbers = sorted({value for value in values if value is not None})
    ends = " to ".join(dict.fromkeys(map(str, (numbers[0], numbers[-1])))) if numbers else ""
    return " or ".join(filter(None, (ends, "no limit" if None in values else "")))


def _fold_table(comparison: Comparison) -> Table:
    names = [learner.name for learner in comparison.learners]
    columns = [comparison.of(name) for name in names]
    rows = tuple(
        (str(fold + 1), count(columns[0][fold].count), *(percent(column[fold].error) for column in columns))
        for fold in range(comparison.folds)
    )
    return Table(
        "Error in each fold; all learners have the same folds.",
        ("fold", "test samples", *names),
        rows,
        "rr" + "r" * len(names),
    )


def _differences(comparison: Comparison) -> tuple[Block, ...]:
    verdicts = [verdict(pair) for pair in comparison.pairs if better(pair)]
    caption = (
        f"Differences of error with their 95% intervals: {'; '.join(verdicts) or 'none is significant'}. Left of zero, "
        f"the first of the two has the lower error."
    )
    image = Image("differences", plots.differences(comparison), caption.removesuffix("."), caption)
    t_test = (
        "The test is the corrected paired t-test of Nadeau and Bengio (2003): the folds share training samples, which "
        "the usual test does not allow for. A difference is called significant when p, corrected for all comparisons "
        "by Holm's method, is below 0.05. A difference that is not significant may exist all the same."
    )
    mcnemar = (
        "McNemar's test looks at the predictions of all folds together. It takes the trained learners as given, so "
        "that it says nothing about another training; no verdict here rests on it."
    )
    return _difference_table(comparison), Images((image,)), Text(t_test), _mcnemar_table(comparison), Text(mcnemar)


def _difference_table(comparison: Comparison) -> Table:
    rows = tuple(
        (
            f"{pair.first} − {pair.second}",
            points(pair.difference),
            " to ".join(map(points, pair.interval)) if pair.interval else NONE,
            probability(pair.p),
            probability(pair.p_holm),
            better(pair) or "not significant",
        )
        for pair in comparison.pairs
    )
    caption = (
        "Differences of mean error in percentage points, with the corrected t-test: p of the pair alone, and p "
        "corrected for all pairs."
    )
    return Table(caption, ("pair", "difference", "95% interval", "p", "p corrected", "lower error"), rows, "lrrrrl")


def _mcnemar_table(comparison: Comparison) -> Table:
    rows = tuple(
        (
            f"{pair.first} − {pair.second}",
            count(pair.only_first),
            count(pair.only_second),
            probability(pair.mcnemar),
            probability(pair.mcnemar_holm),
        )
        for pair in comparison.pairs
    )
    caption = (
        "Samples that only one of the two classified wrongly, with McNemar's exact test: p of the pair alone, and p "
        "corrected for all pairs."
    )
    return Table(caption, ("pair", "only the first", "only the second", "p", "p corrected"), rows, "lrrrr")


def _settings(comparison: Comparison, origin: Environment) -> Section:
    data = comparison.data
    description = (
        f"{data.source.rstrip('.')}. The comparison uses the {counted(data.samples, 'sample')} of the training split, "
        f"in {len(data.classes)} classes, with {shape(data.sample_shape)} values each; the test split is not used. The "
        f"samples are divided into {comparison.folds} stratified folds with seed {comparison.seed}; each fold is "
        f"tested once, by learners trained on all the others. Scaling is fitted to the training samples of the fold; "
        f"for a network, without the samples that it holds out to choose an epoch."
    )
    notes = "".join(f" {key.capitalize()}: {plain(note).rstrip('.')}." for key, note in data.notes.items())
    rows = tuple((learner.name, learner.settings) for learner in comparison.learners)
    learners = Table("The learners and their settings.", ("learner", "settings"), rows, "ll")
    studies = [
        settings.table(f"Every setting of {learner.name}.", to_values(learner.study))
        for learner in comparison.learners
        if learner.study
    ]
    fingerprint = Text(f"The samples have the SHA-256 fingerprint {plain(data.sha256)}.")
    section = settings.chapter("comparison", studies, origin, again=[fingerprint])
    return replace(section, blocks=(Text(description + notes), learners, *section.blocks))
