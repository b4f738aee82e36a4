"""`backhand check`: every gradient of this installation against numerical derivatives, as a table."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from backhand.check import Result

MAX_FAILURES = 3  # the failures of a row that are printed


def check(
    only: Annotated[
        str | None, typer.Option(metavar="NAME", help="Check only this op, layer or network, such as linear.")
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, metavar="N", help="Set the seed of the random inputs and upstream gradients.")
    ] = 0,
) -> None:
    """Check every gradient against numerical derivatives.

    The gradients are those of every op, of every layer, and of a few whole networks.
    """
    from backhand.check import suite
    from backhand.console.terminal import make_console

    console = make_console()
    results = []
    with console.status("checking") as status:
        for row in suite.row_names(only):
            status.update(f"checking {row}")
            results.append(suite.check_row(row, seed))
    console.print(_make_table(results))
    failed = [result for result in results if not result.passed]
    for result in failed:
        for failure in result.failures[:MAX_FAILURES]:
            console.print(f"{result.name}: {failure}", style="red", soft_wrap=True)
        if (more := len(result.failures) - MAX_FAILURES) > 0:
            console.print(f"{result.name}: and {more} more", style="red")
    if failed:
        names = ", ".join(result.name for result in failed)
        console.print(f"{len(failed)} of {len(results)} failed: {names}.", soft_wrap=True)
        raise typer.Exit(1)
    points = sum(result.compared for result in results)
    console.print(f"All {len(results)} agree with numerical derivatives, at {points:,} points.")


def _make_table(results: "Sequence[Result]") -> "Table":
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("name", no_wrap=True)
    for heading in ("cases", "points", "at kinks", "largest error", "limit"):
        table.add_column(heading, justify="right")
    table.add_column("result")
    for result in results:
        counts = (f"{count:,}" for count in (result.configurations, result.compared, result.skipped))
        verdict = Text("pass", "green") if result.passed else Text("FAIL", "red")
        table.add_row(result.name, *counts, f"{result.error:.1e}", f"{result.limit:.0e}", verdict)
    return table
