"""Shows progress: a bar in a terminal, one plain line elsewhere, and nothing for short tasks."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress_bar(
    what: str, total: int, *, quiet_below: int = 0, is_bytes: bool = False
) -> Iterator[Callable[[int], None]]:
    """Yield a function `advance(n)`. The bar is drawn on standard error, so that piped output stays clean.

    what: the text before the bar.   quiet_below: nothing is shown for a smaller total.
    """
    if total < quiet_below:
        yield lambda _: None
        return
    from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from backhand.console.terminal import make_console

    console = make_console(stderr=True)
    if not console.is_terminal:
        console.print(what)
        yield lambda _: None
        return
    amount = DownloadColumn() if is_bytes else MofNCompleteColumn()
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), amount, TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(what, total=total or None)
        yield lambda n: bar.advance(task, n)
