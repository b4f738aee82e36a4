"""The blocks of a report as a terminal shows them; plots and pictures are left to the page."""

from rich.console import Console
from rich.table import Table as RichTable

from backhand.page.blocks import Block, Code, Columns, Notice, Points, Table, Text, Tiles


def show(console: Console, block: Block) -> None:
    """Print one block on the console."""
    match block:
        case Text(text) | Notice(text) | Code(text):
            console.print(text, soft_wrap=True)
        case Points(items):
            for title, sentence in items:
                console.print(f"{title}: {sentence}", soft_wrap=True)
        case Tiles(items):
            for name, figure, remark in items:
                console.print(f"{name}: {figure}" + (f" ({remark})" if remark else ""), soft_wrap=True)
        case Table():
            console.print(_table(block))
        case Columns(left, right):
            for inner in (*left, *right):
                show(console, inner)


def _table(block: Table) -> RichTable:
    """The table as Rich prints it, without its caption."""
    table = RichTable(*block.head, box=None, header_style="bold", pad_edge=False)
    for column, letter in zip(table.columns, block.align, strict=True):
        column.justify = "left" if letter == "l" else "right"
    for row in block.rows:
        table.add_row(*row)
    return table
