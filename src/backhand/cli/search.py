"""`backhand search`: lists the processes that are at work on a search which several hosts share."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from backhand.console.program import Program
from backhand.files.paths import as_path

if TYPE_CHECKING:
    from backhand.experiments.search.workers import SearchAtWork

app = Program(help="Show who is at work on a search.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _group() -> None:
    """Keep `workers` a command of its own while it is the only one."""


@app.command()
def workers(
    folder: Annotated[
        Path | None,
        typer.Argument(parser=as_path, metavar="FOLDER", help="The folder of a search; else all of the storage."),
    ] = None,
    storage: Annotated[
        str | None, typer.Option(metavar="URL", help="Where its trials are kept, if not in its folder.")
    ] = None,
) -> list[dict[str, Any]]:
    """List the processes that are at work on a search, with their trials.

    The last heartbeat of a process is compared with the clock of this machine.
    """
    from backhand.console.terminal import make_console
    from backhand.experiments.search import workers as at_work

    searches, console = at_work.read(folder, storage), make_console()
    for search in searches:
        limit = "" if search.budget.trials is None else f" of {search.budget.trials}"
        console.print(f"{search.name}: {search.ended}{limit} trials have ended, {len(search.workers)} are in training")
        if search.workers:
            console.print(_table(search))
    if not any(search.workers for search in searches):
        console.print("nobody is at work")
    return [search.as_json() for search in searches]


def _table(search: "SearchAtWork") -> Any:
    from rich.table import Column, Table
    from rich.text import Text

    from backhand.page.numbers import duration

    names = "host", "pid", "processor", "threads", "trial", "epochs", "value", "for", "heartbeat", "finished"
    columns = [Column(name, no_wrap=name != "processor", justify="left") for name in names]
    table = Table(*columns, box=None, header_style="bold", pad_edge=False)
    for each in search.workers:
        age = "none" if each.silent is None else f"{duration(each.silent)} ago"
        words = (each.host, each.pid, each.cpu, each.threads, each.trial, each.epochs, search.text(each.value))
        times = (duration(each.seconds), age, each.finished)
        table.add_row(*(Text(str(word)) for word in (*words, *times)))
    return table
