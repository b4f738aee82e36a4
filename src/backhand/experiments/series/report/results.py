"""RESULTS.md: the claims of several series beside our figures, with the command, time and machine of each series."""

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from backhand.experiments.series.record import SavedSeries, read
from backhand.experiments.series.report.chapters import changes_notice, claims_table
from backhand.files.atomic import write_output
from backhand.page.blocks import Page, Section, Text
from backhand.page.numbers import duration
from backhand.page.render import markdown
from backhand.study.values import override

TITLE = "Results"
SUBTITLE = "Reported figures beside ours. Written by the command backhand report; nothing here is typed."


def write(folders: Sequence[Path], out: Path) -> Path:
    """Write one file from the folders of several series. Raises CheckpointError where one is incomplete or damaged."""
    sections = tuple(_section(read(folder)) for folder in folders)
    write_output(out, markdown(Page(TITLE, SUBTITLE, sections)))
    return out


def _section(saved_series: SavedSeries) -> Section:
    blocks = Text(" ".join(_facts(saved_series))), *changes_notice(saved_series), claims_table(saved_series)
    return Section(saved_series.series.name, saved_series.series.title, blocks)


def _facts(saved_series: SavedSeries) -> Iterator[str]:
    runs, origin, changes = saved_series.runs, saved_series.environment, saved_series.series.changes
    options = [f"--set {shlex.quote(override(key, value))}" for key, value in changes.items() if key != "seed"]
    options += [f"--seed {saved_series.series.seed}"] if saved_series.series.seed or "seed" in changes else []
    yield f"Command: {' '.join(['backhand run', saved_series.series.name, '--data-dir DATA', *options])}."
    if saved_series.data:
        yield f"Data: {saved_series.data}."
    yield f"{len(runs)} runs, {duration(saved_series.seconds)} of training,"
    yield f"{origin.started[:10]}, on {origin.cpu or 'an unknown processor'},"
    yield f"{origin.cores or '?'} cores, Backhand {origin.backhand}."
