"""The report of a series: its claims beside our figures, and every part as a table and plots."""

from collections.abc import Iterable
from pathlib import Path

from backhand.experiments.series.record import read
from backhand.experiments.series.report.chapters import claims_table
from backhand.experiments.series.report.chapters import page as page
from backhand.page.blocks import Block


def closing(folder: Path) -> Iterable[Block]:
    """Yield the table of every claim beside our figure, where there are claims."""
    saved_series = read(folder)
    if saved_series.claims:
        yield claims_table(saved_series)
