"""A saved search as sections of a report."""

from collections.abc import Iterator
from pathlib import Path
from statistics import mean

from backhand.experiments.search.record import SearchRecord, TestedRun, read
from backhand.experiments.search.report import plots
from backhand.experiments.search.report.findings import findings, settings_of
from backhand.experiments.search.report.importance import importances
from backhand.files.names import STUDY
from backhand.page import settings
from backhand.page.blocks import Block, Code, Image, Images, Page, Points, Section, Table, Text, Tiles
from backhand.page.heading import subtitle
from backhand.page.numbers import NONE, brief, counted, duration, percent, shown
from backhand.study import to_values
from backhand.training.metrics import words

SHOWN = 15  # trials in the table


def page(folder: Path) -> Page:
    """The report as a page. Raises CheckpointError where a file is missing or damaged."""
    saved = read(folder)
    study = saved.study
    settled = settings.table(f"Every setting of this search ({STUDY}).", to_values(study))
    sections = (*chapters(saved.found), settings.chapter("search", [settled], saved.environment, again=_go_on()))
    return Page(study.title or study.name, subtitle(study.data.name, saved.environment, study.changes), sections)


def _go_on() -> tuple[Block, ...]:
    text = f"The file {STUDY} beside this report holds every setting. To search again:"
    return Text(text), Code(f"backhand run {STUDY}")


def chapters(found: SearchRecord) -> tuple[Section, ...]:
    """What was found, how the trials compare, and what failed."""
    shares = importances(found)
    first: list[Block] = [Tiles(tuple(_tiles(found))), Points(tuple(findings(found, shares)))]
    if found.runs:
        first.append(seeds(found))
    sections = [Section("found", "What was found", tuple(first))]
    if len(found.ranked) > 1:
        sections.append(Section("compared", "How the settings compare", tuple(_images(found, shares))))
    sections.append(Section("trials", "The best trials", (_table(found),)))
    if failed := [trial for trial in found.trials if trial.state == "failed"]:
        rows = tuple((str(t.number), settings_of(t), t.reason) for t in failed)
        table = Table("Trials without a result.", ("trial", "settings", "why"), rows, "rll")
        sections.append(Section("failed", "What failed", (Text(f"{counted(len(failed), 'trial')} failed."), table)))
    return tuple(sections)


def _tiles(found: SearchRecord) -> Iterator[tuple[str, str, str]]:
    trials, monitor = found.trials, found.monitor
    states = [trial.state for trial in trials]
    if tested := [run.test for run in found.tested if run.test is not None]:
        yield "test accuracy", percent(mean(tested)), _remark(tested)
    if complete := found.complete:
        value = shown(complete[0].reached, monitor)
        yield f"{found.metric.superlative} {words(monitor)}", value, "optimistic: it is what the trial was chosen by"
    yield "trials", str(len(trials)), f"{states.count('pruned')} stopped early, {states.count('failed')} failed"
    yield "training time", duration(sum(trial.seconds for trial in trials)), "of all trials, summed over the workers"


def _remark(tested: list[float]) -> str:
    if len(tested) == 1:
        return "one seed"
    return f"mean of {len(tested)} seeds, from {percent(min(tested))} to {percent(max(tested))}"


def seeds(found: SearchRecord) -> Table:
    """A row per seed with which the chosen settings were trained; the last row is their mean."""
    rows = [_seed(run) for run in found.runs]
    if means := len(found.tested) > 1:
        figures = (percent(mean(getattr(run, split) for run in found.tested)) for split in ("validation", "test"))
        rows.append(("mean", *figures, "", "", ""))
    head = "seed", "validation accuracy", "test accuracy", "time", "folder", "remark"
    caption = "The chosen settings, trained afresh with each seed."
    shown = 6 if any(row[-1] for row in rows) else 5  # without remarks where there are none
    return Table(caption, head[:shown], tuple(row[:shown] for row in rows), "rrrrll"[:shown], totals=int(means))


def _seed(run: TestedRun) -> tuple[str, ...]:
    failure = f"The training failed. {run.failure}" if run.failure else ""
    remark = f"Diverged: {run.diverged}" if run.diverged else failure
    time = duration(run.seconds) if run.seconds else NONE
    return str(run.seed), percent(run.validation), percent(run.test), time, run.folder, remark


def _images(found: SearchRecord, shares: dict[str, float]) -> Iterator[Images]:
    """What matters, the course of the search, its trials as lines, and the networks by their size."""
    trials, label, monitor = found.valued, words(found.monitor), found.metric
    first = [*_importance(found, shares)]
    png = plots.progress(trials, label, monitor)
    first.append(
        Image("search-progress", png, f"{label} of each trial, and the best so far", f"The {label} of each trial.")
    )
    yield Images(tuple(first))
    png = plots.parallel(trials, found.search.space, label, monitor)
    caption = (
        f"Each line is a trial. It runs through the trial's settings to its {label} at the right. The best tenth is "
        "blue, and the best trial has the thickest line."
    )
    yield Images((Image("search-parallel", png, "trials as lines through their settings", caption),))
    ended = found.complete
    if len({trial.parameters for trial in ended}) > 1:
        lists = (key for key in found.keys if all(isinstance(t.assignment.get(key), list) for t in ended))
        png = plots.sizes(ended, next(lists, None), label, monitor)
        caption = f"The {label} of each complete trial against the number of its parameters."
        yield Images((Image("search-sizes", png, f"{label} against parameters", caption),))


def _importance(found: SearchRecord, shares: dict[str, float]) -> Iterator[Image]:
    if shares:
        caption = (
            f"How much of the differences between {counted(len(found.complete), 'complete trial')} each setting "
            "explains, by functional ANOVA (Hutter et al. 2014)."
        )
        yield Image("search-importance", plots.importance(shares), "a bar per setting, as long as it matters", caption)


def _table(found: SearchRecord) -> Table:
    keys, monitor = list(found.keys), found.monitor
    names = (key.rpartition(".")[2].replace("_", " ") for key in keys)
    head = "trial", "state", words(monitor), "epoch", *names, "time"
    rows = tuple(
        (
            *(str(t.number), t.state, shown(t.reached, monitor), str(t.epoch)),
            *(brief(t.assignment.get(key)) for key in keys),
            duration(t.seconds),
        )
        for t in found.ranked[:SHOWN]
    )
    caption = f"The best {len(rows)} of {counted(len(found.trials), 'trial')}."
    return Table(caption, head, rows, "rlrr" + "l" * len(keys) + "r")
