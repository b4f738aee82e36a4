"""A saved search as sections of a report."""

from collections.abc import Iterator
from math import isfinite
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from backhand.errors import CheckpointError
from backhand.experiments.run.saved import read_mapping
from backhand.experiments.search.report import plots
from backhand.files import jsontext
from backhand.page import settings
from backhand.page.blocks import Block, Code, Image, Images, Points, Section, Table, Text, Tiles
from backhand.page.chance import differ
from backhand.page.heading import subtitle
from backhand.page.numbers import counted, duration, percent, plain, shown
from backhand.study import load, to_values
from backhand.training.metrics import Metric, metric, words

FILE = "search.json"
SHOWN = 15  # trials in the table


def is_in(folder: Path) -> bool:
    """Whether the folder is that of a search."""
    return (folder / FILE).is_file()


def told(folder: Path) -> tuple[str, str, tuple[Section, ...]]:
    """Title, subtitle and sections. Raises CheckpointError where a piece is missing or damaged."""
    study, environment = load(str(folder / "study.toml")), read_mapping(folder / "environment.json")
    try:
        record = jsontext.loads((folder / FILE).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{folder / FILE} is damaged ({error}); resume the search") from None
    title = study.title or study.name
    settled = settings.table("Every setting of this search (study.toml).", to_values(study))
    sections = (*chapters(record), settings.chapter("search", [settled], environment, again=_go_on()))
    return title, subtitle(study.data.name, environment, study.changes), sections


def _go_on() -> tuple[Block, ...]:
    text = "The file study.toml beside this report holds every setting. To search again:"
    return Text(text), Code("backhand run study.toml")


def chapters(record: dict[str, Any]) -> tuple[Section, ...]:
    """What was found, how the trials compare, and what failed."""
    trials, monitor, ranked = record["trials"], metric(record["search"]["monitor"]), _ranked(record)
    blocks: list[Block] = [Tiles(tuple(_tiles(record, ranked))), Points(tuple(findings(record)))]
    if len(ranked) > 1:
        blocks += [Images((image,)) for image in _images(record, monitor)]
    sections = [Section("found", "What was found", tuple(blocks))]
    sections.append(Section("trials", "The best trials", (_table(record, ranked),)))
    if failed := [trial for trial in trials if trial["state"] == "failed"]:
        rows = tuple((str(t["number"]), _values(t), t["reason"]) for t in failed)
        table = Table("Trials without a result.", ("trial", "values", "why"), rows, "rll")
        sections.append(Section("failed", "What failed", (Text(f"{counted(len(failed), 'trial')} failed."), table)))
    return tuple(sections)


def _ranked(record: dict[str, Any]) -> list[dict[str, Any]]:
    """The trials that reached a finite value, the best first."""
    monitor = metric(record["search"]["monitor"])
    return sorted(_valued(record["trials"]), key=lambda t: (monitor.cost(t["value"]), t["number"]))


def _valued(trials: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The trials that reached a finite value."""
    return [trial for trial in trials if trial["value"] is not None and isfinite(trial["value"])]


def _complete(ranked: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those that came to their end, of which one is chosen."""
    return [trial for trial in ranked if trial["state"] == "complete"]


def _tiles(record: dict[str, Any], ranked: list[dict[str, Any]]) -> Iterator[tuple[str, str, str]]:
    trials, monitor = record["trials"], record["search"]["monitor"]
    states = [trial["state"] for trial in trials]
    yield "trials", str(len(trials)), f"{states.count('pruned')} pruned, {states.count('failed')} failed"
    if complete := _complete(ranked):
        value = shown(complete[0]["value"], monitor)
        yield f"best {words(monitor)}", value, "the best of many, and so too favourable"
    if tested := [run["test"] for run in record["runs"] if "test" in run]:
        remark = f"{counted(len(tested), 'seed')}, {percent(min(tested))} to {percent(max(tested))}"
        yield "test accuracy", percent(mean(tested)), remark
    yield "time of the trials", duration(sum(trial["seconds"] for trial in trials)), "on all workers together"


def findings(record: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Titles and sentences: what was chosen, what came next, and what the chosen values reached with each seed."""
    monitor, complete = record["search"]["monitor"], _complete(_ranked(record))
    if complete:
        first = complete[0]
        reached = f"{words(monitor)} {shown(first['value'], monitor)} at epoch {first['epoch']}"
        yield "Chosen", f"trial {first['number']}, {reached}: {_values(first)}."
    if len(complete) > 1:
        first, second = complete[:2]
        gap = shown(abs(first["value"] - second["value"]), monitor, signed=True).lstrip("+")
        unit = " points" if metric(monitor).unit else ""
        doubt = _doubt(record, first["value"], second["value"])
        yield "Runner-up", f"trial {second['number']}, {gap}{unit} behind{doubt}: {_values(second)}."
    for run in record["runs"]:
        yield f"Seed {run['seed']}", _run(run)
    tested = [run for run in record["runs"] if "test" in run]
    if len(tested) > 1:
        validation, test = (_spread([run[part] for run in tested]) for part in ("validation", "test"))
        yield f"Mean of {len(tested)} seeds", f"{validation} on validation data, {test} on test data."


def _doubt(record: dict[str, Any], first: float, second: float) -> str:
    """Where both are shares of so few validation samples that chance may have put one before the other."""
    count = next((run["validation_count"] for run in record["runs"] if "validation_count" in run), 0)
    if not count or not metric(record["search"]["monitor"]).unit or differ(first, count, second, count):
        return ""
    return f" (which {count:,} validation samples may show by chance)"


def _spread(values: list[float]) -> str:
    """Mean and standard deviation over the seeds, of shares."""
    return f"{percent(mean(values))} ± {100 * stdev(values):.2f}"


def _run(run: dict[str, Any]) -> str:
    if "diverged" in run:
        return f"diverged: {run['diverged']}"
    failure = f" The training failed. {run['failure']}" if run.get("failure") else ""
    figures = f"{percent(run['validation'])} on validation data, {percent(run['test'])} on test data"
    return f"{figures}; {run['folder']}.{failure}"


def _images(record: dict[str, Any], monitor: Metric) -> Iterator[Image]:
    search, trials = record["search"], _valued(record["trials"])
    label = words(search["monitor"])
    png = plots.progress(trials, label, monitor)
    yield Image("search-progress", png, f"{label} of each trial, and the best so far", f"The {label} of each trial.")
    png = plots.parallel(trials, list(search["space"]), label, monitor)
    caption = (
        "Each line is a trial, through its values to what it reached; the best tenth is blue, the best one thickest."
    )
    yield Image("search-parallel", png, "trials as lines through their values", caption)
    ended = [trial for trial in trials if trial["state"] == "complete"]
    if len({trial["parameters"] for trial in ended}) > 1:
        lists = (key for key in search["space"] if all(isinstance(t["assignment"].get(key), list) for t in ended))
        png = plots.sizes(ended, next(lists, None), label)
        caption = f"The {label} of each trial that came to its end against the number of its parameters."
        yield Image("search-sizes", png, f"{label} against parameters", caption)


def _table(record: dict[str, Any], ranked: list[dict[str, Any]]) -> Table:
    keys, monitor = list(record["search"]["space"]), record["search"]["monitor"]
    names = (key.rpartition(".")[2] for key in keys)
    head = "trial", words(monitor), "epoch", *names, "time", "state"
    rows = tuple(
        (
            *(str(t["number"]), shown(t["value"], monitor), str(t["epoch"])),
            *(_short(t["assignment"].get(key)) for key in keys),
            *(duration(t["seconds"]), t["state"]),
        )
        for t in ranked[:SHOWN]
    )
    caption = f"The best {len(rows)} of {counted(len(record['trials']), 'trial')}."
    return Table(caption, head, rows, "rrr" + "l" * len(keys) + "rl")


def _values(trial: dict[str, Any]) -> str:
    return ", ".join(f"{key} = {_short(value)}" for key, value in trial["assignment"].items())


def _short(value: Any) -> str:
    """A value with three digits, which is all that a search can tell."""
    return f"{value:.3g}" if isinstance(value, float) else plain(value)
