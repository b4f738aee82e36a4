"""`backhand open`: shows a report in the browser."""

from pathlib import Path
from typing import Annotated, Any

import typer

from backhand.console.completion import folders
from backhand.files.paths import as_path


def open_(
    run: Annotated[
        Path, typer.Argument(parser=as_path, metavar="RUN", help="The folder of an experiment.", autocompletion=folders)
    ],
) -> dict[str, Any]:
    """Open the report of an experiment in the browser."""
    import webbrowser

    from backhand.console.terminal import make_console
    from backhand.experiments import reports
    from backhand.experiments.kind import REPORT

    page = run / REPORT[0]
    if not page.is_file():
        page = reports.write(run)
    make_console().print(f"report: {page}")
    opened = webbrowser.open(page.resolve().as_uri())
    if not opened:
        make_console().print("no browser could be opened; open the file yourself")
    return {"report": str(page), "opened": opened}
