"""The report of a comparison, from compare.json alone."""

from collections.abc import Iterable
from pathlib import Path

from backhand.experiments.comparison.record import read
from backhand.experiments.comparison.report.chapters import page as page
from backhand.experiments.comparison.report.findings import findings
from backhand.page.blocks import Block, Points


def closing(folder: Path) -> Iterable[Block]:
    """The end of the command in the terminal: the findings on the learners and on their pairs."""
    yield Points(findings(read(folder)))
