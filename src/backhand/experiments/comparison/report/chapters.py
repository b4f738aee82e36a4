"""The chapters of a comparison's report."""

from dataclasses import replace
from pathlib import Path
from statistics import fmean, median, stdev

from backhand.experiments import environment
from backhand.experiments.comparison.record import Comparison, read
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
    found, origin = read(folder), environment.read(folder)
    first, *others = (each.name for each in found.learners)
    opposed = others[0] if len(others) == 1 else f"{len(others)} other learners"
    title = f"{first} against {opposed} on {found.data.title}"
    studies = (each.study for each in found.learners if each.study)
    changes = {key: value for study in studies for key, value in study.changes.items()}
    return Page(title, subtitle(found.data.title, origin, changes), chapters(found, origin))


def chapters(found: Comparison, origin: Environment) -> tuple[Section, ...]:
    """Every chapter; before the comparison is finished, those that its state allows."""
    if found.status == "running":
        done = f"{len(found.results)} of {found.folds * len(found.learners)} trainings are done"
        waiting = Notice(f"This comparison is not finished: {done}. To resume it: backhand compare --resume FOLDER")
        return Section("summary", "Summary", (waiting,)), _settings(found, origin)
    return (
        Section("summary", "Summary", (Tiles(_tiles(found)), Points(findings(found)))),
        Section("errors", "Errors", _errors(found)),
        Section("differences", "Differences", _differences(found)),
        _settings(found, origin),
    )


def _tiles(found: Comparison) -> tuple[tuple[str, str, str], ...]:
    best = sorted(found.learners, key=lambda each: fmean(found.errors(each.name)))
    return tuple(
        (each.name, percent(fmean(found.errors(each.name))), f"mean error of {counted(found.folds, 'fold')}")
        for each in best
    )


def _errors(found: Comparison) -> tuple[Block, ...]:
    return _spread(found), Images((_drawn(found),)), _each_fold(found)


def _drawn(found: Comparison) -> Image:
    means = ", ".join(f"{each.name} {percent(fmean(found.errors(each.name)))}" for each in found.learners)
    caption = f"Error of each learner in each fold (circles) and on average (bars): {means}."
    return Image("errors", plots.errors(found), caption.removesuffix("."), caption)


def _spread(found: Comparison) -> Table:
    rows = []
    for each in found.learners:
        errors, results = found.errors(each.name), found.of(each.name)
        times = (median(r.train_seconds for r in results), median(r.test_seconds for r in results))
        keys = dict.fromkeys(key for r in results for key in r.chosen)
        chosen = {key: [r.chosen.get(key, 0) for r in results] for key in keys}
        words = "; ".join(f"{key.replace('_', ' ')} {_range(values)}" for key, values in chosen.items())
        spread = percent(fmean(errors)), percent(stdev(errors)), percent(min(errors)), percent(max(errors))
        rows.append((each.name, *spread, *map(duration, times), words))
    caption = (
        f"Test errors over {found.folds} folds with their standard deviation, the median times to train and to predict "
        f"in a fold, and the settings that each learner chose on its training samples."
    )
    head = ("learner", "mean error", "deviation", "lowest", "highest", "to train", "to predict", "chosen settings")
    return Table(caption, head, tuple(rows), "lrrrrrrl")


def _range(values: list[int | None]) -> str:
    """The numbers that were chosen: 4 to 16; where there was no limit as well: 8 to 16 or none."""
    numbers = sorted({value for value in values if value is not None})
    ends = " to ".join(dict.fromkeys(map(str, (numbers[0], numbers[-1])))) if numbers else ""
    return " or ".join(filter(None, (ends, "no limit" if None in values else "")))


def _each_fold(found: Comparison) -> Table:
    names = [each.name for each in found.learners]
    columns = [found.of(name) for name in names]
    rows = tuple(
        (str(fold + 1), count(columns[0][fold].count), *(percent(column[fold].error) for column in columns))
        for fold in range(found.folds)
    )
    return Table(
        "Error in each fold; all learners have the same folds.",
        ("fold", "test samples", *names),
        rows,
        "rr" + "r" * len(names),
    )


def _differences(found: Comparison) -> tuple[Block, ...]:
    shown = [verdict(pair) for pair in found.pairs if better(pair)]
    caption = (
        f"Differences of error with their 95% intervals: {'; '.join(shown) or 'none is significant'}. Left of zero, "
        f"the first of the two has the lower error."
    )
    image = Image("differences", plots.differences(found), caption.removesuffix("."), caption)
    how = (
        "The test is the corrected paired t-test of Nadeau and Bengio (2003): the folds share training samples, which "
        "the usual test does not allow for. A difference is called significant when p, corrected for all comparisons "
        "by Holm's method, is below 0.05. A difference that is not significant may exist all the same."
    )
    beside = (
        "McNemar's test looks at the predictions of all folds together. It takes the trained learners as given, so "
        "that it says nothing about another training; no verdict here rests on it."
    )
    return _pairs(found), Images((image,)), Text(how), _mcnemar(found), Text(beside)


def _pairs(found: Comparison) -> Table:
    rows = tuple(
        (
            f"{pair.first} − {pair.second}",
            points(pair.difference),
            " to ".join(map(points, pair.interval)) if pair.interval else NONE,
            probability(pair.p),
            probability(pair.p_holm),
            better(pair) or "not significant",
        )
        for pair in found.pairs
    )
    caption = (
        "Differences of mean error in percentage points, with the corrected t-test: p of the pair alone, and p "
        "corrected for all pairs."
    )
    return Table(caption, ("pair", "difference", "95% interval", "p", "p corrected", "lower error"), rows, "lrrrrl")


def _mcnemar(found: Comparison) -> Table:
    rows = tuple(
        (
            f"{pair.first} − {pair.second}",
            count(pair.only_first),
            count(pair.only_second),
            probability(pair.mcnemar),
            probability(pair.mcnemar_holm),
        )
        for pair in found.pairs
    )
    caption = (
        "Samples that only one of the two classified wrongly, with McNemar's exact test: p of the pair alone, and p "
        "corrected for all pairs."
    )
    return Table(caption, ("pair", "only the first", "only the second", "p", "p corrected"), rows, "lrrrr")


def _settings(found: Comparison, origin: Environment) -> Section:
    data = found.data
    about = (
        f"{data.source.rstrip('.')}. The comparison uses the {counted(data.samples, 'sample')} of the training split, "
        f"in {len(data.classes)} classes, with {shape(data.sample_shape)} values each; the test split is not used. The "
        f"samples are divided into {found.folds} stratified folds with seed {found.seed}; each fold is tested once, by "
        f"learners trained on all the others. Scaling is fitted to the training samples of the fold; for a network, "
        f"without the samples that it holds out to choose an epoch."
    )
    notes = "".join(f" {key.capitalize()}: {plain(note).rstrip('.')}." for key, note in data.notes.items())
    rows = tuple((each.name, each.settings) for each in found.learners)
    learners = Table("The learners and their settings.", ("learner", "settings"), rows, "ll")
    studies = [
        settings.table(f"Every setting of {each.name}.", to_values(each.study)) for each in found.learners if each.study
    ]
    fingerprint = Text(f"The samples have the SHA-256 fingerprint {plain(data.sha256)}.")
    section = settings.chapter("comparison", studies, origin, again=[fingerprint])
    return replace(section, blocks=(Text(about + notes), learners, *section.blocks))
