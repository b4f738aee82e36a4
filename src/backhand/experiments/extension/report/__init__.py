"""The report of an extension: what a network learnt of new classes, and what it forgot."""

from collections.abc import Iterable
from pathlib import Path

from backhand.experiments.extension.record import read
from backhand.experiments.extension.report.chapters import page as page
from backhand.experiments.extension.report.chapters import summary
from backhand.page.blocks import Block


def closing(folder: Path) -> Iterable[Block]:
    """What the figures say, and the accuracies before and after each way."""
    return summary(read(folder))
