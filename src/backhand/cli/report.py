"""`backhand report`: writes the reports of saved experiments again."""

from pathlib import Path
from typing import Annotated, Any

import typer

from backhand.console.completion import folders
from backhand.files.paths import as_path


def report(
    runs: Annotated[
        list[Path],
        typer.Argument(
            parser=as_path, metavar="FOLDER", help="The folders of saved experiments.", autocompletion=folders
        ),
    ],
    results: Annotated[
        Path | None,
        typer.Option(parser=as_path, metavar="FILE", help="Also write the claims of these series to this file."),
    ] = None,
) -> dict[str, Any]:
    """Write the reports of saved experiments again."""
    from backhand.console.terminal import make_console
    from backhand.experiments import reports
    from backhand.files.refusals import refuse_unwritable

    console = make_console()
    if results is not None:
        refuse_unwritable(results)
    pages = []
    for run in runs:
        pages.append(reports.write(run))
        console.print(f"report: {pages[-1]}")
    if results is not None:
        console.print(f"results: {reports.write_results(runs, results)}")
    return {"reports": list(map(str, pages)), "results": None if results is None else str(results)}
