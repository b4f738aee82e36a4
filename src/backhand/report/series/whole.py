"""Runs that a series keeps whole: what the page of the series shows of each."""

from collections.abc import Iterator
from dataclasses import replace

from backhand.report import filters, tables
from backhand.report.blocks import Block, Code, Columns, Image, Images, Text
from backhand.report.chapters import confusion
from backhand.report.run import read
from backhand.report.series.saved import Cell
from backhand.study.series import Part


def kept_whole(part: Part, cell: Cell) -> Iterator[Block]:
    """Of each run of the cell: its test result class by class, and its first weights.

    Raises CheckpointError where a piece is missing or damaged.
    """
    for place in (result["place"] for result in cell.runs):
        run = read(place)
        yield Text(f"{cell.name.capitalize()}: a run of its own, with its own report, which this makes:")
        yield Code(f"backhand report {part.name}/{place.name}")
        prefix = f"{part.name}-{place.name}"
        if run.metrics.test is not None:
            shown = (Images(_named(prefix, confusion(run, run.metrics.test))),)
            yield Columns((tables.per_class(run.metrics.test),), shown)
        if images := filters.weights(run):
            yield Images(_named(prefix, *images))


def _named(prefix: str, *images: Image) -> tuple[Image, ...]:
    """Under names that no other run's images have."""
    return tuple(replace(image, name=f"{prefix}-{image.name}") for image in images)
