"""A saved search as sections of a report."""

from collections.abc import Iterator
from pathlib import Path
from statistics import mean, stdev

from backhand.experiments.search.record import Found, Tested, Trial, read
from backhand.experiments.search.report import plots
from backhand.page import settings
from backhand.page.blocks import Block, Code, Image, Images, Page, Points, Section, Table, Text, Tiles
from backhand.page.chance import differ
from backhand.page.heading import subtitle
from backhand.page.numbers import brief, counted, duration, percent, shown
from backhand.study import to_values
from backhand.training.metrics import Metric, metric, words

FILE = "search.json"
SHOWN = 15  # trials in the table


def page(folder: Path) -> Page:
    """The report. Raises CheckpointError where a piece is missing or damaged."""
    saved = read(folder)
    study = saved.study
    settled = settings.table("Every setting of this search (study.toml).", to_values(study))
    sections = (*chapters(saved.found), settings.chapter("search", [settled], saved.environment, again=_go_on()))
    return Page(study.title or study.name, subtitle(study.data.name, saved.environment, study.changes), sections)


def _go_on() -> tuple[Block, ...]:
    text = "The file study.toml beside this report holds every setting. To search again:"
    return Text(text), Code("backhand run study.toml")


def chapters(found: Found) -> tuple[Section, ...]:
    """What was found, how the trials compare, and what failed."""
    trials, monitor, ranked = found.trials, found.metric, found.ranked
    blocks: list[Block] = [Tiles(tuple(_tiles(found))), Points(tuple(findings(found)))]
    if len(ranked) > 1:
        blocks += [Images((image,)) for image in _images(found, monitor)]
    sections = [Section("found", "What was found", tuple(blocks))]
    sections.append(Section("trials", "The best trials", (_table(found, ranked),)))
    if failed := [trial for trial in trials if trial.state == "failed"]:
        rows = tuple((str(t.number), _values(t), t.reason) for t in failed)
        table = Table("Trials without a result.", ("trial", "values", "why"), rows, "rll")
        sections.append(Section("failed", "What failed", (Text(f"{counted(len(failed), 'trial')} failed."), table)))
    return tuple(sections)


def _tiles(found: Found) -> Iterator[tuple[str, str, str]]:
    trials, monitor = found.trials, found.monitor
    states = [trial.state for trial in trials]
    yield "trials", str(len(trials)), f"{states.count('pruned')} pruned, {states.count('failed')} failed"
    if complete := found.complete:
        value = shown(complete[0].reached, monitor)
        yield f"best {words(monitor)}", value, "validation chose it, so it is too favourable"
    if tested := [run.test for run in found.tested if run.test is not None]:
        remark = f"{counted(len(tested), 'seed')}, {percent(min(tested))} to {percent(max(tested))}"
        yield "test accuracy", percent(mean(tested)), remark
    yield "time of the trials", duration(sum(trial.seconds for trial in trials)), "on all workers together"


def findings(found: Found) -> Iterator[tuple[str, str]]:
    """Titles and sentences: what was chosen, what came next, and what the chosen values reached with each seed."""
    monitor, complete = found.monitor, found.complete
    if complete:
        first = complete[0]
        reached = f"{words(monitor)} {shown(first.reached, monitor)} at epoch {first.epoch}"
        yield "Chosen", f"trial {first.number}, {reached}: {_values(first)}."
    if len(complete) > 1:
        first, second = complete[:2]
        gap = shown(abs(first.reached - second.reached), monitor, signed=True).lstrip("+")
        unit = " points" if metric(monitor).unit else ""
        doubt = _doubt(found, first.reached, second.reached)
        yield "Runner-up", f"trial {second.number}, {gap}{unit} behind{doubt}: {_values(second)}."
    for run in found.runs:
        yield f"Seed {run.seed}", _run(run)
    tested = found.tested
    if len(tested) > 1:
        validation, test = (_spread([getattr(run, part) for run in tested]) for part in ("validation", "test"))
        yield f"Mean of {len(tested)} seeds", f"{validation} on validation data, {test} on test data."


def _doubt(found: Found, first: float, second: float) -> str:
    """Where both are shares of so few validation samples that chance may have put one before the other."""
    count = next((run.validation_count for run in found.runs if run.validation_count), 0)
    if not count or not found.metric.unit or differ(first, count, second, count):
        return ""
    return f" (which {count:,} validation samples may show by chance)"


def _spread(values: list[float]) -> str:
    """Mean and standard deviation over the seeds, of shares."""
    return f"{percent(mean(values))} ± {100 * stdev(values):.2f}"


def _run(run: Tested) -> str:
    if run.diverged or run.validation is None or run.test is None:
        return f"diverged: {run.diverged}"
    failure = f" The training failed. {run.failure}" if run.failure else ""
    figures = f"{percent(run.validation)} on validation data, {percent(run.test)} on test data"
    return f"{figures}; {run.folder}.{failure}"


def _images(found: Found, monitor: Metric) -> Iterator[Image]:
    trials = found.valued
    label = words(found.monitor)
    png = plots.progress(trials, label, monitor)
    yield Image("search-progress", png, f"{label} of each trial, and the best so far", f"The {label} of each trial.")
    png = plots.parallel(trials, list(found.keys), label, monitor)
    caption = (
        "Each line is a trial, through its values to what it reached; the best tenth is blue, the best one thickest."
    )
    yield Image("search-parallel", png, "trials as lines through their values", caption)
    ended = [trial for trial in trials if trial.state == "complete"]
    if len({trial.parameters for trial in ended}) > 1:
        lists = (key for key in found.keys if all(isinstance(t.assignment.get(key), list) for t in ended))
        png = plots.sizes(ended, next(lists, None), label, monitor)
        caption = f"The {label} of each trial that came to its end against the number of its parameters."
        yield Image("search-sizes", png, f"{label} against parameters", caption)


def _table(found: Found, ranked: list[Trial]) -> Table:
    keys, monitor = list(found.keys), found.monitor
    names = (key.rpartition(".")[2] for key in keys)
    head = "trial", words(monitor), "epoch", *names, "time", "state"
    rows = tuple(
        (
            *(str(t.number), shown(t.reached, monitor), str(t.epoch)),
            *(brief(t.assignment.get(key)) for key in keys),
            *(duration(t.seconds), t.state),
        )
        for t in ranked[:SHOWN]
    )
    caption = f"The best {len(rows)} of {counted(len(found.trials), 'trial')}."
    return Table(caption, head, rows, "rrr" + "l" * len(keys) + "rl")


def _values(trial: Trial) -> str:
    return ", ".join(f"{key} = {brief(value)}" for key, value in trial.assignment.items())
