"""The learning-rate range test of a part: its plot, and the learning rate that it suggests."""

from backhand.experiments import rates
from backhand.experiments.series.record import Cell
from backhand.page.blocks import Block, Image, Images, Text
from backhand.page.numbers import significant
from backhand.page.range_test import plot
from backhand.study.series import Part


def range_test_blocks(part: Part, cells: tuple[Cell, ...]) -> list[Block]:
    """Write the plot of the range test and its reading, where the part has one.

    Raises CheckpointError where its file is damaged.
    """
    test = rates.read(cells[0].runs[0].folder.parent) if part.range_test else None
    if test is None:
        return []
    edge = "and rises beyond it" if test.lowest < test.lr[-1] else "the highest rate that was tried"
    text = (
        f"A range test raised the learning rate step by step from {significant(test.lr[0], 2)}. The smoothed loss was "
        f"lowest at {significant(test.lowest, 2)}, {edge}. A tenth of that, {significant(test.suggestion, 2)}, is a "
        "safe choice."
    )
    caption = (
        "Loss of each batch while the learning rate rises. The lines mark the suggested rate and the rate with the "
        "lowest loss."
    )
    return [Text(text), Images((Image(f"{part.name}-range", plot(test), "loss against learning rate", caption),))]
