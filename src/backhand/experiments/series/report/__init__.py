"""The report of a series: claims beside figures, and each part as a table and plots."""

from collections.abc import Iterable
from pathlib import Path

from backhand.experiments.series.record import read
from backhand.experiments.series.report.chapters import claims_table
from backhand.experiments.series.report.chapters import page as page
from backhand.page.blocks import Block


def closing(folder: Path) -> Iterable[Block]:
    """Every claim beside our figure."""
    saved = read(folder)
    if saved.claims:
        yield claims_table(saved)
