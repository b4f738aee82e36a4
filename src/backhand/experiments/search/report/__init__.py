"""The report of a search: its trials, how they compare, and the runs of the best."""

from collections.abc import Iterable
from pathlib import Path

from backhand.experiments.search.record import read_search
from backhand.experiments.search.report.chapters import page as page
from backhand.experiments.search.report.chapters import seeds_table
from backhand.experiments.search.report.findings import findings
from backhand.experiments.search.report.importance import importances
from backhand.page.blocks import Block, Points


def closing(folder: Path) -> Iterable[Block]:
    """Yield the findings on the best values, and a table of the runs with each seed."""
    record = read_search(folder)
    yield Points(tuple(findings(record, importances(record))))
    if record.runs:
        yield seeds_table(record)
