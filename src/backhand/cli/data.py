"""`backhand data`: list, verify, show and fetch data sets."""

from pathlib import Path
from typing import Annotated, Any

import typer

from backhand.console.options import DataDir, DataPath, OneSize, Skip
from backhand.files.paths import as_path

app = typer.Typer(help="List, verify, show and fetch data sets.", no_args_is_help=True, rich_markup_mode=None)

Name = Annotated[str, typer.Argument(metavar="NAME_PATTERN", help="A data set; `backhand data list` shows them.")]
LOOK: dict[str, Any] = {"box": None, "header_style": "bold", "footer_style": "bold", "pad_edge": False}


@app.command("list")
def list_(data_dir: DataDir = None) -> None:
    """List every data set, and where it lies or how to get it."""
    from rich.table import Column, Table
    from rich.text import Text

    from backhand.console.terminal import make_console
    from backhand.data import DATASETS
    from backhand.data.entry import BuiltIn
    from backhand.files import locations

    folder = data_dir or locations.data_dir()
    table = Table("name", Column("what", no_wrap=True), "classes", Column("where", overflow="fold"), **LOOK)
    for entry in DATASETS.values():
        found = None if isinstance(entry, BuiltIn) or folder is None else entry.find(folder)
        where = "built in" if isinstance(entry, BuiltIn) else str(found or entry.instructions)
        table.add_row(entry.name, entry.title, entry.classes, Text(where))
    make_console().print(table)


@app.command()
def verify(
    name: Name,
    data_dir: DataDir = None,
    path: DataPath = None,
    skip_bad_images: Skip = False,
    resize: OneSize = False,
) -> None:
    """Read a data set whole, and compare it with the original.

    What its authors published are checksums of files, and the number of samples.
    """
    from rich.table import Table
    from rich.text import Text

    from backhand.console.terminal import make_console
    from backhand.data.formats.resize import Resize
    from backhand.data.verify import verify

    way = Resize() if resize else None
    result = verify(name, data_dir=data_dir, path=path, skip_bad_images=skip_bad_images, resize=way)
    counts = result.splits.counts()
    table = Table("class", *counts, show_footer=True, **LOOK)
    for column, total in zip(table.columns, ["all", *(f"{sum(c):,}" for c in counts.values())], strict=True):
        column.footer = total
    for column in table.columns[1:]:
        column.justify = "right"
    for k, label in enumerate(result.splits.classes):
        table.add_row(Text(label), *(f"{count[k]:,}" for count in counts.values()))
    console = make_console()
    console.print(result.splits.source, soft_wrap=True)
    console.print(table)
    for line in (*result.findings, *result.splits.remarks):
        console.print(line, soft_wrap=True)


@app.command()
def show(
    name: Name,
    out: Annotated[
        Path | None, typer.Option(parser=as_path, metavar="FILE", help="The PNG.", show_default="NAME_PATTERN.png")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The seed by which samples are drawn.")] = 0,
    data_dir: DataDir = None,
    path: DataPath = None,
    skip_bad_images: Skip = False,
    resize: OneSize = False,
) -> None:
    """Draw samples of every class into a picture."""
    from backhand.console.terminal import make_console
    from backhand.data import load
    from backhand.data.formats.resize import Resize
    from backhand.data.show import draw_samples
    from backhand.files.atomic import refuse_among, refuse_unwritable

    picture = out or Path(f"{name}.png")
    refuse_unwritable(picture)
    refuse_among(picture, [path])
    way = Resize() if resize else None
    splits = load(name, data_dir=data_dir, path=path, skip_bad_images=skip_bad_images, resize=way)
    console = make_console()
    for remark in splits.remarks:
        console.print(remark, soft_wrap=True)
    console.print(draw_samples(splits, picture, seed=seed), soft_wrap=True)


@app.command()
def fetch(name: Name, data_dir: DataDir = None) -> None:
    """Download a data set; what is there is checked and kept."""
    from backhand.console.terminal import make_console
    from backhand.data.download import fetch_data_set

    console = make_console()
    for file in fetch_data_set(name, data_dir):
        console.print(file, soft_wrap=True)


@app.command()
def cache(
    clear: Annotated[bool, typer.Option("--clear", help="Remove the entries.")] = False,
    older_than: Annotated[
        float, typer.Option(metavar="DAYS", min=0, help="Only entries that were not used for so many days.")
    ] = 0,
) -> None:
    """Show the decoded pictures that are kept, or remove them."""
    from rich.table import Column, Table
    from rich.text import Text

    from backhand.console.terminal import make_console
    from backhand.data import cache as kept
    from backhand.files import locations

    console, folder = make_console(), locations.cache_dir()
    if folder is None:
        return
    old = sorted((entry for entry in kept.entries() if entry.days >= older_than), key=lambda entry: entry.days)
    table = Table(Column("decoded from", overflow="fold"), "as", Column("MB", justify="right"), "last used", **LOOK)
    for entry in old:
        source = Text(entry.source or entry.path.name)
        table.add_row(source, entry.decoding, f"{entry.size / 1e6:,.1f}", _ago(entry.days))
    if old:
        console.print(table)
    if clear:
        old = kept.clear(older_than)
    said = f"{len(old)} {'entry' if len(old) == 1 else 'entries'}, {sum(entry.size for entry in old) / 1e6:,.1f} MB"
    limit = f"at most {kept.MAX_BYTES / 1e9:.0f} GB are kept; --clear removes them"
    console.print(f"removed {said} from {folder}" if clear else f"{said} in {folder}; {limit}", soft_wrap=True)


def _ago(days: float) -> str:
    return f"{days:.0f} days ago" if days >= 2 else f"{days * 24:.0f} hours ago" if days >= 1 / 12 else "just now"
