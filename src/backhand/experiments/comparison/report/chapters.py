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
from backhand.page.numbers import NONE, count, counted, decimal, duration, listed, plain, probability, shape
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
    measure = comparison.measure
    return tuple(
        (name, measure.text(means[name]), f"mean {measure.name} of {counted(comparison.folds, 'fold')}")
        for name in sorted(means, key=lambda name: means[name])
    )


def _errors(comparison: Comparison) -> tuple[Block, ...]:
    further = (_regression_table(comparison),) if comparison.data.targets else ()
    return _error_table(comparison), *further, Images((_error_image(comparison),)), _fold_table(comparison)


def _error_image(comparison: Comparison) -> Image:
    names = [learner.name for learner in comparison.learners]
    measure = comparison.measure
    means = ", ".join(f"{name} {measure.text(fmean(comparison.errors(name)))}" for name in names)
    caption = f"{measure.title} of each learner in each fold (circles) and on average (bars): {means}."
    return Image("errors", plots.errors(comparison), caption.removesuffix("."), caption)


def _error_table(comparison: Comparison) -> Table:
    rows, measure = [], comparison.measure
    for learner in comparison.learners:
        errors, results = comparison.errors(learner.name), comparison.of(learner.name)
        times = median(result.train_seconds for result in results), median(result.test_seconds for result in results)
        spread = fmean(errors), stdev(errors), min(errors), max(errors)
        rows.append((learner.name, *map(measure.text, spread), *map(duration, times), _chosen_settings(results)))
    caption = (
        f"Test {'RMSE' if comparison.data.targets else 'errors'} over {comparison.folds} folds with their standard "
        f"deviation, the median times to train and to predict in a fold, and the settings that each learner chose on "
        f"its training samples."
    )
    spreads = (f"mean {measure.name}", "deviation", "lowest", "highest")
    head = ("learner", *spreads, "to train", "to predict", "chosen settings")
    return Table(caption, head, tuple(rows), "lrrrrrrl")


def _regression_table(comparison: Comparison) -> Table:
    """RMSE, MAE and R² of each learner, means over the folds."""
    rows = []
    for learner in comparison.learners:
        results = comparison.of(learner.name)
        errors = (fmean(values) for values in ([r.rmse or 0.0 for r in results], [r.mae or 0.0 for r in results]))
        explained = [result.r2 for result in results if result.r2 is not None]
        r2 = decimal(fmean(explained)) if explained else NONE
        rows.append((learner.name, *map(comparison.measure.text, errors), r2))
    targets = comparison.data.targets
    over = f" and the {len(targets)} targets" if len(targets) > 1 else ""
    caption = f"Further figures of the predictions of {listed(targets)}: means over the folds{over}."
    return Table(caption, ("learner", "RMSE", "MAE", "R²"), tuple(rows), "lrrr")


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
    names, measure = [learner.name for learner in comparison.learners], comparison.measure
    columns = [comparison.of(name) for name in names]
    rows = tuple(
        (str(fold + 1), count(columns[0][fold].count), *(measure.text(column[fold].error) for column in columns))
        for fold in range(comparison.folds)
    )
    return Table(
        f"{measure.title} in each fold; all learners have the same folds.",
        ("fold", "test samples", *names),
        rows,
        "rr" + "r" * len(names),
    )


def _differences(comparison: Comparison) -> tuple[Block, ...]:
    measure = comparison.measure
    verdicts = [verdict(comparison, pair) for pair in comparison.pairs if better(pair)]
    caption = (
        f"Differences of {measure.name} with their 95% intervals: {'; '.join(verdicts) or 'none is significant'}. Left "
        f"of zero, the first of the two has the lower {measure.name}."
    )
    image = Image("differences", plots.differences(comparison), caption.removesuffix("."), caption)
    t_test = (
        "The test is the corrected paired t-test of Nadeau and Bengio (2003): the folds share training samples, which "
        "the usual test does not allow for. A difference is called significant when p, corrected for all comparisons "
        "by Holm's method, is below 0.05. A difference that is not significant may exist all the same."
    )
    exact = (
        f"{measure.exact[0].upper()}{measure.exact[1:]} looks at the predictions of all folds together. It takes the "
        "trained learners as given, so that it says nothing about another training; no verdict here rests on it."
    )
    return _difference_table(comparison), Images((image,)), Text(t_test), _exact_table(comparison), Text(exact)


def _difference_table(comparison: Comparison) -> Table:
    measure = comparison.measure
    rows = tuple(
        (
            f"{pair.first} − {pair.second}",
            measure.change(pair.difference),
            " to ".join(map(measure.change, pair.interval)) if pair.interval else NONE,
            probability(pair.p),
            probability(pair.p_holm),
            better(pair) or "not significant",
        )
        for pair in comparison.pairs
    )
    caption = (
        f"Differences of mean {measure.name}{' in percentage points' * bool(measure.unit)}, with the corrected "
        "t-test: p of the pair alone, and p corrected for all pairs."
    )
    head = ("pair", "difference", "95% interval", "p", "p corrected", f"lower {measure.name}")
    return Table(caption, head, rows, "lrrrrl")


def _exact_table(comparison: Comparison) -> Table:
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
        f"{comparison.measure.worse}, with {comparison.measure.exact}: p of the pair alone, and p corrected for all "
        f"pairs."
    )
    return Table(caption, ("pair", "only the first", "only the second", "p", "p corrected"), rows, "lrrrr")


def _settings(comparison: Comparison, origin: Environment) -> Section:
    data = comparison.data
    answers = f"with the target {listed(data.targets)}" if data.targets else f"in {len(data.classes)} classes"
    description = (
        f"{data.source.rstrip('.')}. The comparison uses the {counted(data.samples, 'sample')} of the training split, "
        f"{answers}, with {shape(data.sample_shape)} values each; the test split is not used. The samples are divided "
        f"into {comparison.folds} {'' if data.targets else 'stratified '}folds with seed {comparison.seed}; each fold "
        f"is tested once, by learners trained on all the others. Scaling is fitted to the training samples of the "
        f"fold; for a network, without the samples that it holds out to choose an epoch."
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
