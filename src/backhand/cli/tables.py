"""Tables as a terminal shows them."""

from rich.table import Table

from backhand.page.blocks import Table as Block


def as_table(block: Block) -> Table:
    """A table of a report, without its caption."""
    table = Table(*block.head, box=None, header_style="bold", pad_edge=False)
    for column, letter in zip(table.columns, block.align, strict=True):
        column.justify = "left" if letter == "l" else "right"
    for row in block.rows:
        table.add_row(*row)
    return table
