"""Runs and searches that a series keeps whole: what the page of the series shows of each."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from backhand.experiments.kinds import kind_of
from backhand.experiments.run.record import read
from backhand.experiments.run.report import filters, tables
from backhand.experiments.run.report.chapters import confusion
from backhand.experiments.search import KIND as SEARCH
from backhand.experiments.search.record import read_search
from backhand.experiments.search.report.chapters import chapters as chapters_of_search
from backhand.experiments.series.record import Cell
from backhand.page.blocks import Block, Code, Columns, Image, Images, Text
from backhand.study.series import Part


def kept_whole(part: Part, cell: Cell) -> Iterator[Block]:
    """What there is of the cell. Raises CheckpointError where a piece is missing or damaged."""
    for folder in (result.folder for result in cell.runs):
        kind, blocks = ("search", _search(folder)) if kind_of(folder) is SEARCH else ("run", _run(folder))
        which = f"{cell.name}: this" if cell.labels else "This"
        yield Text(f"{which} {kind} has a folder and a report of its own. To write that report:")
        yield Code(f"backhand report {part.name}/{folder.name}")
        yield from (_named(f"{part.name}-{folder.name}", block) for block in blocks)


def _run(folder: Path) -> Iterator[Block]:
    """The test result class by class, and the first weights."""
    run = read(folder)
    if run.metrics.test is not None:
        yield Columns((tables.per_class(run.metrics.test),), (Images((confusion(run, run.metrics.test),)),))
    if images := filters.weights(run):
        yield Images(images)


def _search(folder: Path) -> Iterator[Block]:
    """What came out, and how the trials compare; its own report has its settings."""
    return (block for section in chapters_of_search(read_search(folder)) for block in section.blocks)


def _named(prefix: str, block: Block) -> Block:
    """With images under names that no other run's have."""
    if isinstance(block, Columns):
        left, right = (tuple(_named(prefix, each) for each in side) for side in (block.left, block.right))
        return Columns(left, right)
    if not isinstance(block, Images):
        return block
    images: Iterator[Image] = (replace(image, name=f"{prefix}-{image.name}") for image in block.items)
    return Images(tuple(images))
