"""`backhand exercise`: the built-in layers as exercises for students, in the convention of a course."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from backhand.console.options import Names
from backhand.errors import BackhandError
from backhand.files.paths import as_path

if TYPE_CHECKING:
    from rich.table import Table


def exercise(
    folder: Annotated[
        Path | None, typer.Argument(parser=as_path, metavar="DIR", help="Write the exercises to this folder.")
    ] = None,
    convention: Annotated[
        str | None, typer.Option(metavar="NAME", help="Write them in this convention, such as cs231n.")
    ] = None,
    layers: Annotated[
        Names | None,
        typer.Option(parser=Names.parse, metavar="NAME,...", help="Write only these layers.", show_default="all"),
    ] = None,
    solution: Annotated[
        bool, typer.Option("--solution/--no-solution", help="Add the complete files, in the folder solution.")
    ] = True,
    list_: Annotated[
        bool, typer.Option("--list", help="List the conventions; with --convention, the layers of one.")
    ] = False,
) -> dict[str, Any]:
    """Write layers as exercises in the convention of a course.

    Signatures and docstrings stay, and students write the bodies. The derivations lie beside them as hints.
    """
    from backhand.console.terminal import make_console
    from backhand.exercises.catalogue import find_convention
    from backhand.exercises.handout import README, SOLUTION, write_handout
    from backhand.page.numbers import counted

    console = make_console()
    if list_:
        console.print(_conventions() if convention is None else ", ".join(find_convention(convention).layers()))
        return {"layers": list(find_convention(convention).layers())} if convention else {"conventions": _known()}
    if folder is None or convention is None:
        raise BackhandError(
            "name a folder and a convention, as in `backhand exercise course --convention cs231n`; "
            "`backhand exercise --list` shows the conventions"
        )
    handout = write_handout(folder, find_convention(convention), layers, solution=solution)
    console.print(f"exercises: {', '.join(map(str, handout.files))}", soft_wrap=True)
    console.print(f"to write: {counted(handout.functions, 'function')} of {', '.join(handout.layers)}", soft_wrap=True)
    if solution:
        console.print(f"solution: {folder / SOLUTION}; remove it before you hand the folder out", soft_wrap=True)
    console.print(f"students read: {folder / README}; they check their work with `backhand check`", soft_wrap=True)
    return {
        "files": list(map(str, handout.files)),
        "layers": list(handout.layers),
        "functions": handout.functions,
        "solution": str(folder / SOLUTION) if solution else None,
        "readme": str(folder / README),
    }


def _known() -> list[dict[str, str]]:
    """The conventions as JSON can hold them."""
    from backhand.exercises.catalogue import CONVENTIONS

    return [
        {key: getattr(convention, key) for key in ("name", "course", "form", "arrays")} for convention in CONVENTIONS
    ]


def _conventions() -> "Table":
    from rich.table import Column, Table

    from backhand.exercises.catalogue import CONVENTIONS

    columns = Column("convention", no_wrap=True), "course", "form", Column("arrays", no_wrap=True)
    table = Table(*columns, box=None, header_style="bold", pad_edge=False)
    for convention in CONVENTIONS:
        table.add_row(convention.name, convention.course, convention.form, convention.arrays)
    return table
