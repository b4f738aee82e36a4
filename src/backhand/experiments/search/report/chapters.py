"""The sections of the report on a saved search."""

from collections.abc import Iterator
from pathlib import Path
from statistics import mean

from backhand.experiments.search.record import SearchRecord, TestedRun, read
from backhand.experiments.search.report import plots
from backhand.experiments.search.report.findings import findings, settings_text
from backhand.experiments.search.report.importance import importances
from backhand.files.names import STUDY
from backhand.page import settings
from backhand.page.blocks import Block, Code, Image, Images, Page, Points, Section, Table, Text, Tiles
from backhand.page.heading import subtitle
from backhand.page.numbers import NONE, brief, counted, duration, metric_text
from backhand.study import to_values
from backhand.training.metrics import words

MOST_ROWS = 15  # trials in the table


def page(folder: Path) -> Page:
    """Write the report as a page. Raises CheckpointError where a file is missing or damaged."""
    search = read(folder)
    study = search.study
    table = settings.table(f"Every setting of this search ({STUDY}).", to_values(study))
    sections = (*chapters(search.record), settings.chapter("search", [table], search.environment, again=_repeat()))
    return Page(study.title or study.name, subtitle(study.data.name, search.environment, study.changes), sections)


def _repeat() -> tuple[Block, ...]:
    text = f"The file {STUDY} beside this report holds every setting. To search again:"
    return Text(text), Code(f"backhand run {STUDY}")


def chapters(record: SearchRecord) -> tuple[Section, ...]:
    """Write the sections on the result, on how the trials compare, and on those that failed."""
    shares = importances(record)
    result: list[Block] = [Tiles(tuple(_tiles(record))), Points(tuple(findings(record, shares)))]
    if record.runs:
        result.append(seeds_table(record))
    sections = [Section("found", "What was found", tuple(result))]
    if len(record.ranked_trials) > 1:
        sections.append(Section("compared", "How the settings compare", tuple(_images(record, shares))))
    sections.append(Section("trials", "The best trials", (_table(record),)))
    if failed := [trial for trial in record.trials if trial.state == "failed"]:
        rows = tuple((str(t.number), settings_text(t), t.reason) for t in failed)
        table = Table("Trials without a result.", ("trial", "settings", "why"), rows, "rll")
        sections.append(Section("failed", "What failed", (Text(f"{counted(len(failed), 'trial')} failed."), table)))
    return tuple(sections)


def _tiles(record: SearchRecord) -> Iterator[tuple[str, str, str]]:
    trials, monitor = record.trials, record.monitor
    states = [trial.state for trial in trials]
    if tests := [run.test for run in record.tested_runs if run.test is not None]:
        figure = record.figure
        yield f"test {words(figure)}", metric_text(mean(tests), figure), _remark(tests, figure)
    if complete := record.complete_trials:
        value = metric_text(complete[0].value_or_nan, monitor)
        yield f"{record.metric.superlative} {words(monitor)}", value, "optimistic: it is what the trial was chosen by"
    yield "trials", str(len(trials)), f"{states.count('pruned')} stopped early, {states.count('failed')} failed"
    yield "training time", duration(sum(trial.seconds for trial in trials)), "of all trials, summed over the workers"


def _remark(figures: list[float], figure: str) -> str:
    if len(figures) == 1:
        return "one seed"
    low, high = (metric_text(value, figure) for value in (min(figures), max(figures)))
    return f"mean of {len(figures)} seeds, from {low} to {high}"


def seeds_table(record: SearchRecord) -> Table:
    """Write a table with a row per seed with which the chosen settings were trained, and a last row of their means."""
    rows, figure = [_seed_row(run) for run in record.runs], record.figure
    if has_means := len(record.tested_runs) > 1:
        means = (mean(getattr(run, split) for run in record.tested_runs) for split in ("validation", "test"))
        rows.append(("mean", *(metric_text(value, figure) for value in means), "", "", ""))
    name = words(figure)
    head = "seed", f"validation {name}", f"test {name}", "time", "folder", "remark"
    caption = "The chosen settings, trained afresh with each seed."
    columns = 6 if any(row[-1] for row in rows) else 5  # the last column, of remarks, is left out where there are none
    rows = [row[:columns] for row in rows]
    return Table(caption, head[:columns], tuple(rows), "rrrrll"[:columns], totals=int(has_means))


def _seed_row(run: TestedRun) -> tuple[str, ...]:
    failure = f"The training failed. {run.failure}" if run.failure else ""
    remark = f"Diverged: {run.diverged}" if run.diverged else failure
    time = duration(run.seconds) if run.seconds else NONE
    figures = (NONE if value is None else metric_text(value, run.figure) for value in (run.validation, run.test))
    return str(run.seed), *figures, time, run.folder, remark


def _images(record: SearchRecord, shares: dict[str, float]) -> Iterator[Images]:
    """Draw the importance of keys, the progress of the search, its trials as lines, and the networks by their size."""
    trials, label, monitor = record.finite_trials, words(record.monitor), record.metric
    images = [*_importance(record, shares)]
    png = plots.progress(trials, label, monitor)
    images.append(
        Image("search-progress", png, f"{label} of each trial, and the best so far", f"The {label} of each trial.")
    )
    yield Images(tuple(images))
    png = plots.parallel(trials, record.search.space, label, monitor)
    caption = (
        f"Each line is a trial. It runs through the trial's settings to its {label} at the right. The best tenth is "
        "blue, and the best trial has the thickest line."
    )
    yield Images((Image("search-parallel", png, "trials as lines through their settings", caption),))
    complete = record.complete_trials
    if len({trial.parameters for trial in complete}) > 1:
        list_keys = (key for key in record.keys if all(isinstance(t.assignment.get(key), list) for t in complete))
        png = plots.sizes(complete, next(list_keys, None), label, monitor)
        caption = f"The {label} of each complete trial against the number of its parameters."
        yield Images((Image("search-sizes", png, f"{label} against parameters", caption),))


def _importance(record: SearchRecord, shares: dict[str, float]) -> Iterator[Image]:
    if shares:
        trials = counted(len(record.complete_trials), "complete trial")
        caption = (
            f"How much of the differences between {trials} each setting explains, by functional ANOVA (Hutter et al. "
            "2014)."
        )
        yield Image("search-importance", plots.importance(shares), "a bar per setting, as long as it matters", caption)


def _table(record: SearchRecord) -> Table:
    keys, monitor = list(record.keys), record.monitor
    names = (key.rpartition(".")[2].replace("_", " ") for key in keys)
    head = "trial", "state", words(monitor), "epoch", *names, "time"
    rows = tuple(
        (
            *(str(t.number), t.state, metric_text(t.value_or_nan, monitor), str(t.epoch)),
            *(brief(t.assignment.get(key)) for key in keys),
            duration(t.seconds),
        )
        for t in record.ranked_trials[:MOST_ROWS]
    )
    caption = f"The best {len(rows)} of {counted(len(record.trials), 'trial')}."
    return Table(caption, head, rows, "rlrr" + "l" * len(keys) + "r")
