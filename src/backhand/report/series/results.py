"""RESULTS.md: the claims of several series beside our figures, with the command, the time and the machine of each."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from backhand.files import write_atomic
from backhand.report.blocks import Section, Text
from backhand.report.numbers import duration
from backhand.report.page import markdown
from backhand.report.series.chapters import claims_table
from backhand.report.series.saved import Saved, read

TITLE, SUBTITLE = "Results", "Reported figures beside ours. Written by `backhand report`; nothing here is typed."


def write(folders: Sequence[Path], out: Path) -> Path:
    """One file from the folders of some series. Raises CheckpointError where a piece is missing or damaged."""
    sections = tuple(_section(read(folder)) for folder in folders)
    write_atomic(out, markdown(TITLE, SUBTITLE, sections))
    return out


def _section(saved: Saved) -> Section:
    return Section(saved.series.name, saved.series.title, (Text(" ".join(_facts(saved))), claims_table(saved)))


def _facts(saved: Saved) -> Iterator[str]:
    runs, environment = saved.runs, saved.environment
    yield f"Command: backhand run {saved.series.name} --data-dir DATA."
    if saved.data:
        yield f"Data: {saved.data}."
    yield f"{len(runs)} runs, {duration(sum(run['figures'].get('seconds', 0.0) for run in runs))} of training,"
    yield f"{str(environment.get('started', ''))[:10]}, on {environment.get('cpu', 'an unknown processor')},"
    yield f"{environment.get('cores', '?')} cores, Backhand {environment.get('backhand', '')}."
