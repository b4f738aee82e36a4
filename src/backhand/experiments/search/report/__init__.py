"""The report of a search: its trials, how they compare, and the runs of the best."""

from collections.abc import Iterable
from pathlib import Path

from backhand.experiments.search.record import read_search
from backhand.experiments.search.report.chapters import page as page
from backhand.experiments.search.report.chapters import seeds
from backhand.experiments.search.report.findings import findings
from backhand.experiments.search.report.importance import importances
from backhand.page.blocks import Block, Points


def closing(folder: Path) -> Iterable[Block]:
    """What was chosen, and what that reached with each seed."""
    found = read_search(folder)
    yield Points(tuple(findings(found, importances(found))))
    if found.runs:
        yield seeds(found)
