"""`backhand check`: anybody's layers, or every gradient of this installation, against numerical derivatives."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from backhand.console.output import OUTPUT, print_json
from backhand.errors import BackhandError
from backhand.files.paths import as_path

if TYPE_CHECKING:
    from rich.table import Table

    from backhand.check import Result

MAX_FAILURES = 3  # the failures of a row that are printed


def check(
    targets: Annotated[
        list[str] | None,
        typer.Argument(metavar="PATH", help="Check the layers in these files, notebooks, folders or modules."),
    ] = None,
    all_: Annotated[
        bool, typer.Option("--all", help="Check each file and folder in the folder PATH as one submission of many.")
    ] = False,
    html: Annotated[
        Path | None, typer.Option(parser=as_path, metavar="FILE", help="Write the result to this file as a page.")
    ] = None,
    junit: Annotated[
        Path | None, typer.Option(parser=as_path, metavar="FILE", help="Write a JUnit report to this file.")
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Check again whenever the file is saved, until Ctrl-C.")
    ] = False,
    timeout: Annotated[
        float, typer.Option(min=1, metavar="SECONDS", help="End the check of a file after this time.")
    ] = 120,
    memory: Annotated[
        float, typer.Option(min=0.25, metavar="GIB", help="Let the code of a file use this much memory.")
    ] = 4,
    workers: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="With --all, check this number at a time.", show_default="all cores"),
    ] = None,
    only: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Without PATH: check only this op, layer or network, such as linear."),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            min=0, metavar="N", help="Without PATH: set the seed of inputs and upstream gradients.", show_default="0"
        ),
    ] = None,
) -> list[dict[str, Any]]:
    """Check the layers in your file, and name their mistakes.

    Without PATH, every op, layer and network of Backhand itself is checked.
    """
    if not targets:
        if all_ or html or junit or watch or workers:
            raise BackhandError("name what to check, such as layers.py or a folder of submissions")
        return _check_own(only, seed or 0)
    if only is not None or seed is not None:
        raise BackhandError("--only and --seed are for Backhand's own layers; leave them out, or name no file")
    from backhand.check.review.process import GIB, Limits
    from backhand.cli import review
    from backhand.extras import REPORT

    limits = Limits(timeout, round(memory * GIB))
    outputs = review.Outputs(OUTPUT.json, html, junit)
    if html is not None:
        REPORT.require("--html")
    if watch:
        raise typer.Exit(review.watch_target(review.single(targets, all_, outputs), limits))
    if all_:
        raise typer.Exit(review.review_submissions([Path(target) for target in targets], limits, outputs, workers))
    raise typer.Exit(review.review_targets(targets, limits, outputs))


def _check_own(only: str | None, seed: int) -> list[dict[str, Any]]:
    """Check the ops, layers and networks of Backhand, and print a table; returns its rows."""
    from backhand.check import suite
    from backhand.check.derivations import derivation
    from backhand.console.terminal import make_console

    console = make_console()
    results = []
    with console.status("checking") as status:
        for row in suite.row_names(only):
            status.update(f"checking {row}")
            results.append(suite.check_row(row, seed))
    console.print(_make_table(results))
    rows = [
        {
            "name": result.name,
            "passed": result.passed,
            "cases": result.configurations,
            "points": result.compared,
            "at_kinks": result.skipped,
            "error": result.error,
            "limit": result.limit,
            "failures": list(result.failures),
        }
        for result in results
    ]
    failed = [result for result in results if not result.passed]
    for result in failed:
        for failure in result.failures[:MAX_FAILURES]:
            console.print(f"{result.name}: {failure}", style="red", soft_wrap=True)
        if (more := len(result.failures) - MAX_FAILURES) > 0:
            console.print(f"{result.name}: and {more} more", style="red")
        if result.name.startswith("op ") and (page := derivation(result.name.removeprefix("op "))):
            console.print(f"{result.name} is derived in {page}", soft_wrap=True)
    if failed:
        names = ", ".join(result.name for result in failed)
        console.print(f"{len(failed)} of {len(results)} failed: {names}.", soft_wrap=True)
        if OUTPUT.json:
            print_json(rows)
        raise typer.Exit(1)
    points = sum(result.compared for result in results)
    console.print(f"All {len(results)} agree with numerical derivatives, at {points:,} points.")
    return rows


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
