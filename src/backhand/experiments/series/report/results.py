"""RESULTS.md: the claims of several series beside our figures, with the command, the time and the machine of each."""

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from backhand.experiments.series.record import SavedSeries, read
from backhand.experiments.series.report.chapters import changed, claims_table
from backhand.files.atomic import write_output
from backhand.page.blocks import Page, Section, Text
from backhand.page.numbers import duration
from backhand.page.render import markdown
from backhand.study.values import override

TITLE = "Results"
SUBTITLE = "Reported figures beside ours. Written by the command backhand report; nothing here is typed."


def write(folders: Sequence[Path], out: Path) -> Path:
    """One file from the folders of some series. Raises CheckpointError where a piece is missing or damaged."""
    sections = tuple(_section(read(folder)) for folder in folders)
    write_output(out, markdown(Page(TITLE, SUBTITLE, sections)))
    return out


def _section(saved: SavedSeries) -> Section:
    blocks = Text(" ".join(_facts(saved))), *changed(saved), claims_table(saved)
    return Section(saved.series.name, saved.series.title, blocks)


def _facts(saved: SavedSeries) -> Iterator[str]:
    runs, origin, changes = saved.runs, saved.environment, saved.series.changes
    options = [f"--set {shlex.quote(override(key, value))}" for key, value in changes.items() if key != "seed"]
    options += [f"--seed {saved.series.seed}"] if saved.series.seed or "seed" in changes else []
    yield f"Command: {' '.join(['backhand run', saved.series.name, '--data-dir DATA', *options])}."
    if saved.data:
        yield f"Data: {saved.data}."
    yield f"{len(runs)} runs, {duration(saved.seconds)} of training,"
    yield f"{origin.started[:10]}, on {origin.cpu or 'an unknown processor'},"
    yield f"{origin.cores or '?'} cores, Backhand {origin.backhand}."
