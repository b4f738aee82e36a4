"""`backhand data`: lists, verifies, shows and fetches data sets, and manages the cache of decoded pictures."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from backhand.console.completion import studies
from backhand.console.options import DataDir, DataPath, Label, ResizeAll, SkipBadImages, Targets
from backhand.console.program import Program
from backhand.experiments.completion import data_sets
from backhand.files.paths import as_path

if TYPE_CHECKING:
    from backhand.data.dataset import Splits

BATCH = 40  # samples of a batch that is drawn
app = Program(help="List, verify, show and fetch data sets.", no_args_is_help=True, rich_markup_mode=None)

DataSetName = Annotated[
    str,
    typer.Argument(
        metavar="NAME", help="The name of a data set; `backhand data list` shows all names.", autocompletion=data_sets
    ),
]
TABLE_STYLE: dict[str, Any] = {"box": None, "header_style": "bold", "footer_style": "bold", "pad_edge": False}


@app.command("list")
def list_(data_dir: DataDir = None) -> list[dict[str, Any]]:
    """List every data set, with its location or how to get it."""
    from rich.table import Column, Table
    from rich.text import Text

    from backhand.console.terminal import make_console
    from backhand.data import DATASETS
    from backhand.data.entry import BuiltIn
    from backhand.files import locations

    folder = data_dir or locations.data_dir()
    columns = "name", Column("content", no_wrap=True), "classes", Column("location", overflow="fold")
    table, found = Table(*columns, **TABLE_STYLE), []
    for entry in DATASETS.values():
        path = None if isinstance(entry, BuiltIn) or folder is None else entry.find(folder)
        location = "built in" if isinstance(entry, BuiltIn) else str(path or entry.instructions)
        table.add_row(entry.name, entry.title, entry.classes, Text(location))
        known = {"name": entry.name, "title": entry.title, "classes": entry.classes}
        place = {"path": None if path is None else str(path), "instructions": None}
        if path is None and not isinstance(entry, BuiltIn):
            place["instructions"] = entry.instructions
        found.append({**known, "built_in": isinstance(entry, BuiltIn), **place})
    make_console().print(table)
    return found


@app.command()
def verify(
    name: DataSetName,
    data_dir: DataDir = None,
    path: DataPath = None,
    label: Label = None,
    target: Targets = None,
    skip_bad_images: SkipBadImages = False,
    resize: ResizeAll = False,
) -> dict[str, Any]:
    """Read a whole data set, and compare it with what its authors published.

    The checksums of files and the number of samples are compared, as far as they were published.
    """
    from rich.table import Table
    from rich.text import Text

    from backhand.console.terminal import make_console
    from backhand.data.formats.resize import Resize
    from backhand.data.frames.options import TableOptions
    from backhand.data.verify import verify

    scaling, table = Resize() if resize else None, TableOptions(label=label, targets=tuple(target or ()))
    verified = verify(name, data_dir=data_dir, path=path, skip_bad_images=skip_bad_images, resize=scaling, table=table)
    counts = verified.splits.counts()
    head = ", ".join(verified.splits.targets) or "class"
    listing = Table(head, *counts, show_footer=True, **TABLE_STYLE)
    totals = (f"{split_counts.sum():,}" for split_counts in counts.values())
    for column, total in zip(listing.columns, ["all", *totals], strict=True):
        column.footer = total
    for column in listing.columns[1:]:
        column.justify = "right"
    for k, label in enumerate(verified.splits.classes):
        listing.add_row(Text(label), *(f"{split_counts[k]:,}" for split_counts in counts.values()))
    console = make_console()
    console.print(verified.splits.source, soft_wrap=True)
    console.print(listing)
    for line in (*verified.findings, *verified.splits.remarks):
        console.print(line, soft_wrap=True)
    return {
        "source": verified.splits.source,
        "classes": list(verified.splits.classes),
        "targets": list(verified.splits.targets),
        "counts": {split: numbers.tolist() for split, numbers in counts.items()},
        "findings": list(verified.findings),
        "remarks": list(verified.splits.remarks),
    }


@app.command()
def show(
    name: DataSetName,
    out: Annotated[
        Path | None,
        typer.Option(parser=as_path, metavar="FILE", help="Write the PNG to this file.", show_default="NAME.png"),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, metavar="N", help="Set the seed by which samples are drawn.")] = 0,
    augmented: Annotated[
        str | None,
        typer.Option(metavar="STUDY", help="Draw a training batch as this study augments it.", autocompletion=studies),
    ] = None,
    data_dir: DataDir = None,
    path: DataPath = None,
    label: Label = None,
    target: Targets = None,
    skip_bad_images: SkipBadImages = False,
    resize: ResizeAll = False,
) -> dict[str, Any]:
    """Draw samples of every class into one picture, or a training batch as a study augments it."""
    from backhand.console.terminal import make_console
    from backhand.data import load
    from backhand.data.formats.resize import Resize
    from backhand.data.frames.options import TableOptions
    from backhand.data.show import draw_samples
    from backhand.extras import REPORT
    from backhand.files.refusals import refuse_inside_data, refuse_unwritable

    REPORT.require("a picture of samples")
    picture = out or Path(f"{name}.png")
    refuse_unwritable(picture)
    refuse_inside_data(picture, [path])
    scaling, table = Resize() if resize else None, TableOptions(label=label, targets=tuple(target or ()))
    splits = load(name, data_dir=data_dir, path=path, skip_bad_images=skip_bad_images, resize=scaling, table=table)
    console = make_console()
    for remark in splits.remarks:
        console.print(remark, soft_wrap=True)
    if augmented is None:
        draw_samples(splits, picture, seed=seed)
    else:
        _draw_augmented(splits, augmented, picture, seed)
    console.print(f"picture: {picture}", soft_wrap=True)
    return {"picture": str(picture), "remarks": list(splits.remarks)}


def _draw_augmented(splits: "Splits", study: str, picture: Path, seed: int) -> None:
    """Draw a batch of the training split as the study augments it. Raises DataError for a table."""
    from backhand.data.show_batch import Rows, show_batch
    from backhand.errors import DataError
    from backhand.experiments.build import make_feeds
    from backhand.experiments.splits import StudySplits
    from backhand.files.atomic import write_output
    from backhand.study import load

    feeds = make_feeds(load(study), StudySplits(splits, splits.train, None, None))
    drawing = show_batch(feeds.train, BATCH, classes=splits.classes, seed=seed)
    if isinstance(drawing, Rows):
        raise DataError(f"only images are augmented, and {splits.name} is a table; leave out --augmented")
    write_output(picture, drawing.png())


@app.command()
def fetch(name: DataSetName, data_dir: DataDir = None) -> dict[str, list[str]]:
    """Download a data set; files that are there already are checked and kept."""
    from backhand.console.terminal import make_console
    from backhand.data.download import fetch_data_set

    console, files = make_console(), []
    for file in fetch_data_set(name, data_dir):
        console.print(f"file: {file}", soft_wrap=True)
        files.append(str(file))
    return {"files": files}


@app.command()
def cache(
    clear: Annotated[bool, typer.Option("--clear", help="Remove the entries.")] = False,
    older_than: Annotated[
        float, typer.Option(metavar="DAYS", min=0, help="Take only entries that were last used this many days ago.")
    ] = 0,
) -> dict[str, Any]:
    """Show the cache of decoded pictures, or clear it."""
    from rich.table import Column, Table
    from rich.text import Text

    from backhand.console.terminal import make_console
    from backhand.data import cache
    from backhand.files import locations

    console, folder = make_console(), locations.cache_dir()
    if folder is None:
        return {"folder": None, "entries": [], "removed": False}
    entries = [entry for entry in cache.entries() if entry.days >= older_than]
    entries.sort(key=lambda entry: entry.days)
    columns = Column("decoded from", overflow="fold"), "form", Column("MB", justify="right"), "last used"
    table, found = Table(*columns, **TABLE_STYLE), []
    for entry in entries:
        source = entry.source or entry.path.name
        table.add_row(Text(source), entry.decoding, f"{entry.size / 1e6:,.1f}", _describe_age(entry.days))
        found.append({"source": source, "form": entry.decoding, "bytes": entry.size, "days": entry.days})
    if entries:
        console.print(table)
    if clear:
        entries = cache.clear(older_than)
    noun = "entry" if len(entries) == 1 else "entries"
    amount = f"{len(entries)} {noun}, {sum(entry.size for entry in entries) / 1e6:,.1f} MB"
    limit = f"at most {cache.MAX_BYTES / 1e9:.0f} GB are kept; --clear removes the entries"
    console.print(f"removed {amount} from {folder}" if clear else f"{amount} in {folder}; {limit}", soft_wrap=True)
    return {"folder": str(folder), "entries": found, "removed": clear}


def _describe_age(days: float) -> str:
    return f"{days:.0f} days ago" if days >= 2 else f"{days * 24:.0f} hours ago" if days >= 1 / 12 else "just now"
