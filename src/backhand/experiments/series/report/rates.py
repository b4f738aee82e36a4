"""The range test of a part: where the loss falls as the learning rate rises, and what that suggests."""

from backhand.experiments import rates as saved
from backhand.experiments.series.record import Cell
from backhand.page.blocks import Block, Image, Images, Text
from backhand.page.numbers import significant
from backhand.page.range_test import plot
from backhand.study.series import Part


def rates(part: Part, cells: tuple[Cell, ...]) -> list[Block]:
    """The plot and its reading; nothing where no test was asked for. Raises CheckpointError for a damaged file."""
    found = saved.read(cells[0].runs[0].folder.parent) if part.range_test else None
    if found is None:
        return []
    edge = "and rises beyond it" if found.lowest < found.lr[-1] else "the highest rate that was tried"
    text = (
        f"A range test raised the learning rate step by step from {significant(found.lr[0], 2)}. The smoothed loss was "
        f"lowest at {significant(found.lowest, 2)}, {edge}. A tenth of that, {significant(found.suggestion, 2)}, is a "
        "safe choice."
    )
    caption = (
        "Loss of each batch while the learning rate rises. The lines mark the suggested rate and the rate with the "
        "lowest loss."
    )
    return [Text(text), Images((Image(f"{part.name}-range", plot(found), "loss against learning rate", caption),))]
