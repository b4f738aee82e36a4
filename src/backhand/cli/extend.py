"""`backhand extend`: add classes to a trained network, and see what it forgets."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from backhand.cli.options import Backend, DataDir, DataPath, Out, Resize, Resume, Skip, Threads
from backhand.errors import BackhandError
from backhand.files.paths import as_path

if TYPE_CHECKING:
    from backhand.experiments.extension import Asked
    from backhand.study.extend import Extend

AGAIN = {"resume", "data_dir", "backend", "threads"}  # the options of an extension that goes on


def extend(
    ctx: typer.Context,
    run: Annotated[
        Path | None, typer.Argument(parser=as_path, metavar="RUN", help="The folder of a finished run.")
    ] = None,
    data: Annotated[str | None, typer.Option(metavar="NEW", help="The data set that has the new classes.")] = None,
    path: DataPath = None,
    classes: Annotated[
        str | None, typer.Option(metavar="NAME,...", help="Only these of its classes.", show_default="all")
    ] = None,
    resize: Resize = False,
    skip_bad_images: Skip = False,
    with_old: Annotated[
        bool | None,
        typer.Option("--with-old/--without-old", help="Go on with or without the old data.", show_default="both"),
    ] = None,
    afresh: Annotated[bool, typer.Option(help="For comparison, train a fresh network on all data.")] = True,
    tree: Annotated[bool, typer.Option(help="For comparison, grow a decision tree on all data.")] = True,
    epochs: Annotated[int | None, typer.Option(min=1, help="How long to train.", show_default="as RUN")] = None,
    lr: Annotated[float | None, typer.Option(help="The learning rate.", show_default="as RUN")] = None,
    freeze: Annotated[
        list[str] | None, typer.Option(metavar="PLACE", help="Layers that keep their weights; may be repeated.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The seed of all randomness.")] = 0,
    data_dir: DataDir = None,
    out: Out = None,
    resume: Resume = None,
    backend: Backend = None,
    threads: Threads = None,
) -> None:
    """Add classes to a trained network, and see what it forgets.

    It goes on training with and without the old data.
    """
    from backhand.cli import engine
    from backhand.experiments.extension import Asked

    engine.choose(backend, threads, resume)
    if resume is not None:
        _refuse_more(ctx, resume)
        asked = None
    else:
        table: dict[str, Any] = {"path": path, "classes": classes, "resize": resize, "skip_bad_images": skip_bad_images}
        new, ways = _new(run, data, **table), _ways(with_old, afresh=afresh)
        asked = Asked(new, ways, epochs, lr, tuple(freeze or ()), tree, seed)
    _extend(asked, resume or out, data_dir)


def _refuse_more(ctx: typer.Context, resume: Path) -> None:
    """Raises BackhandError for an option that the extension in this folder has since it began."""
    names = {each.name: "/".join((*each.opts, *each.secondary_opts)) for each in ctx.command.params}
    given = (key for key in names if (source := ctx.get_parameter_source(key)) and source.name == "COMMANDLINE")
    more = [names[key] for key in given if key not in AGAIN and (key, ctx.params[key]) != ("out", resume)]
    if more:
        raise BackhandError(
            f"an extension that is resumed keeps the options that it began with; leave out {', '.join(more)} and "
            f"give --resume FOLDER alone, or begin another one"
        )


def _new(run: Path | None, data: str | None, *, classes: str | None, **more: Any) -> "Extend":
    """Whose network grows, by which classes of which data."""
    from backhand.study import make_table
    from backhand.study.extend import Extend

    if run is None or data is None:
        raise BackhandError("name a run and its new data, such as `backhand extend RUN --data mnist --classes 8,9`")
    names = tuple(filter(None, classes.split(","))) if classes else None
    return make_table(Extend, run=run, name=data, classes=names, **more)


def _ways(with_old: bool | None, *, afresh: bool) -> tuple[str, ...]:
    """The trainings: with or without the old data, or both; and for comparison a fresh one."""
    from backhand.experiments.extension.plan import AFRESH, WITH, WITHOUT

    chosen = {None: (WITH, WITHOUT), True: (WITH,), False: (WITHOUT,)}[with_old]
    return (*chosen, *[AFRESH] * afresh)


def _extend(asked: "Asked | None", folder: Path | None, data_dir: Path | None) -> None:
    """Begin the extension that is asked for, or go on with the one in the folder; then report."""
    from backhand.cli.commands import console
    from backhand.cli.interrupted import interruptible
    from backhand.cli.tables import as_table
    from backhand.experiments import extension, reports
    from backhand.experiments.extension.report.chapters import summary
    from backhand.experiments.workspace import named

    with named(folder, "extend") as place, interruptible(place):
        if asked is not None:
            extension.begin(asked, place, data_dir=data_dir)
        extension.run(place, data_dir=data_dir)
        points, table = summary(place)
        for title, sentence in points.items:
            console.print(f"{title}: {sentence}")
        console.print(as_table(table))
        console.print(f"report: {reports.write(place)}")
