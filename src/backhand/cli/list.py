"""`backhand list`: the studies and the series that come with Backhand."""

from typing import Annotated, Any

import typer

from backhand.console.completion import studies


def list_(
    show: Annotated[
        str | None,
        typer.Option(metavar="STUDY", help="Print this study instead, with its comments.", autocompletion=studies),
    ] = None,
) -> dict[str, Any]:
    """List the studies and the series that come with Backhand."""
    from backhand.console.terminal import make_console
    from backhand.study.text import text_of

    if show is not None:
        text = text_of(show)
        make_console().print(text, end="", soft_wrap=True)
        return {"name": show, "text": text}
    return _list()


def _list() -> dict[str, Any]:
    from rich.table import Table

    from backhand.console.terminal import make_console
    from backhand.study import shipped, shipped_series

    studies, series_ = shipped().values(), shipped_series().values()
    runs = {one.name: sum(sum(1 for _ in part.cells()) * part.seeds for part in one.parts) for one in series_}
    table = Table("study", "data", "model", "epochs", "title", box=None, header_style="bold", pad_edge=False)
    for study in studies:
        table.add_row(study.name, study.data.name, study.model.name, str(study.train.epochs), study.title)
    for series in series_:
        table.add_row(series.name, "", f"{runs[series.name]} runs", "", series.title)
    make_console().print(table)
    return {
        "studies": [
            {
                "name": study.name,
                "data": study.data.name,
                "model": study.model.name,
                "epochs": study.train.epochs,
                "title": study.title,
            }
            for study in studies
        ],
        "series": [{"name": series.name, "runs": runs[series.name], "title": series.title} for series in series_],
    }
