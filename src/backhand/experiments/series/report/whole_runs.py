"""Runs and searches that a series keeps whole: what the page of the series shows of them."""

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


def whole_run_blocks(part: Part, cell: Cell) -> Iterator[Block]:
    """Yield the results of the cell's runs or searches. Raises CheckpointError where one is incomplete or damaged."""
    for folder in (result.folder for result in cell.runs):
        kind, blocks = ("search", _search(folder)) if kind_of(folder) is SEARCH else ("run", _run(folder))
        subject = f"{cell.name}: this" if cell.labels else "This"
        yield Text(f"{subject} {kind} has a folder and a report of its own. To write that report:")
        yield Code(f"backhand report {part.name}/{folder.name}")
        yield from (_prefixed(f"{part.name}-{folder.name}", block) for block in blocks)


def _run(folder: Path) -> Iterator[Block]:
    """Yield the test result class by class, and images of the first layer's weights."""
    run = read(folder)
    if run.metrics.test is not None:
        yield Columns((tables.per_class(run.metrics.test),), (Images((confusion(run, run.metrics.test),)),))
    if images := filters.weights(run):
        yield Images(images)


def _search(folder: Path) -> Iterator[Block]:
    """Yield the results and the comparison of the trials. The settings are in the search's own report."""
    return (block for section in chapters_of_search(read_search(folder)) for block in section.blocks)


def _prefixed(prefix: str, block: Block) -> Block:
    """Return the block with a prefix to the names of its images, so that they differ from those of other runs."""
    if isinstance(block, Columns):
        left, right = (tuple(_prefixed(prefix, inner) for inner in side) for side in (block.left, block.right))
        return Columns(left, right)
    if not isinstance(block, Images):
        return block
    images: Iterator[Image] = (replace(image, name=f"{prefix}-{image.name}") for image in block.items)
    return Images(tuple(images))
