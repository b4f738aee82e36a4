"""`backhand extend`: add classes to a trained network, and see what it forgets."""

from pathlib import Path
from typing import Annotated

import typer

from backhand.cli.options import Backend, DataDir, DataPath, Out, Resize, Skip, Threads
from backhand.paths import as_path


def extend(
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
    resume: Annotated[
        Path | None,
        typer.Option(parser=as_path, metavar="FOLDER", help="Go on with what is in this folder, with its options."),
    ] = None,
    backend: Backend = None,
    threads: Threads = None,
) -> None:
    """Add classes to a trained network, and see what it forgets.

    It goes on training with and without the old data.
    """
    from backhand import extend as extension
    from backhand import report
    from backhand.cli import commands, engine
    from backhand.cli.interrupted import interruptible
    from backhand.cli.tables import as_table
    from backhand.errors import BackhandError
    from backhand.experiment.workspace import named
    from backhand.extend.plan import AFRESH, WITH, WITHOUT
    from backhand.report.extension import summary
    from backhand.study import make_table
    from backhand.study.extend import Extend

    engine.choose(backend, threads, resume)
    asked = None
    if resume is None:
        if run is None or data is None:
            raise BackhandError("name a run and its new data, such as `backhand extend RUN --data mnist --classes 8,9`")
        names = tuple(filter(None, classes.split(","))) if classes else None
        options = {"resize": resize, "skip_bad_images": skip_bad_images}
        new = make_table(Extend, run=run, name=data, path=path, classes=names, **options)
        chosen = {None: (WITH, WITHOUT), True: (WITH,), False: (WITHOUT,)}[with_old]
        ways = (*chosen, *[AFRESH] * afresh)
        asked = extension.Asked(new, ways, epochs, lr, tuple(freeze or ()), tree, seed)
    elif run is not None or data is not None or out not in (None, resume):
        raise BackhandError("an extension that is resumed knows its run, data and folder; give --resume FOLDER alone")
    with named(resume or out, "extend") as place, interruptible(place):
        if asked is not None:
            extension.begin(asked, place, data_dir=data_dir)
        extension.run(place, data_dir=data_dir)
        points, table = summary(place)
        for title, sentence in points.items:
            commands.console.print(f"{title}: {sentence}")
        commands.console.print(as_table(table))
        commands.console.print(f"report: {report.write(place)}")
