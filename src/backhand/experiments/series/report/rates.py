"""The range test of a part: where the loss falls as the learning rate rises, and what that suggests."""

from backhand.experiments.run.record import read_rates
from backhand.experiments.series.record import Cell
from backhand.files.names import RANGE_TEST
from backhand.page.blocks import Block, Image, Images, Text
from backhand.page.range_test import plot
from backhand.study.series import Part


def rates(part: Part, cells: tuple[Cell, ...]) -> list[Block]:
    """The plot and its reading; nothing where no test was asked for. Raises CheckpointError for a damaged file."""
    file = cells[0].runs[0].place.with_name(RANGE_TEST)
    found = read_rates(file) if part.range_test else None
    if found is None:
        return []
    edge = "beyond which it rises" if found.lowest < found.lr[-1] else "the highest rate tried"
    text = (
        f"A range test raised the learning rate from {found.lr[0]:.2g} step by step. The smoothed loss was lowest at "
        f"{found.lowest:.2g}, {edge}; a tenth of that, {found.suggestion:.2g}, keeps clear of this edge."
    )
    caption = "Loss of each batch while the learning rate rises; what is suggested, and where the loss was lowest."
    return [Text(text), Images((Image(f"{part.name}-range", plot(found), "loss against learning rate", caption),))]
