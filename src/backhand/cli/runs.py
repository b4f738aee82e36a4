"""`backhand runs`: lists the experiments in a folder, with their results."""

from pathlib import Path
from typing import Annotated, Any

import typer

from backhand.files.paths import as_path


def runs(
    folder: Annotated[
        Path, typer.Argument(parser=as_path, metavar="FOLDER", help="The folder that holds the experiments.")
    ] = Path("runs"),
) -> list[dict[str, Any]]:
    """List the experiments in a folder, with their results."""
    from rich.table import Column, Table
    from rich.text import Text

    from backhand.console.terminal import make_console
    from backhand.errors import BackhandError
    from backhand.experiments.listing import as_json, experiments

    columns = Column("folder", no_wrap=True), "kind", "name", "data", "status", "result"
    table = Table(*columns, box=None, header_style="bold", pad_edge=False)
    found = list(experiments(folder))
    for experiment in found:
        row, (_, kind) = experiment.row, experiment.kind.name.split(" ", 1)  # without its article
        table.add_row(*map(Text, (experiment.folder.name, kind, row.name, row.data, row.status, row.result)))
    if not table.rows:
        raise BackhandError(f"there are no experiments in {folder}; start one with `backhand run digits`")
    make_console().print(table)
    return [as_json(experiment) for experiment in found]
