"""The report of an extension, from the files of its folder alone."""

from collections.abc import Iterable
from pathlib import Path

from backhand.experiments.extension.record import read
from backhand.experiments.extension.report.chapters import page as page
from backhand.experiments.extension.report.chapters import summary
from backhand.page.blocks import Block


def closing(folder: Path) -> Iterable[Block]:
    """The end of the command in the terminal: the findings, and the accuracies before and after each way."""
    return summary(read(folder))
