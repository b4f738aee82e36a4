"""`backhand extend`: add classes to a trained network, and measure what it forgets."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from backhand.console.completion import folders
from backhand.console.options import (
    Backend,
    Cluster,
    DataDir,
    DataPath,
    Out,
    ResizeOthers,
    Resume,
    SkipBadImages,
    Threads,
    Workers,
)
from backhand.errors import BackhandError
from backhand.experiments.command import Launch, carry_out, refuse_another_kind, refuse_other_options
from backhand.files.paths import as_path

if TYPE_CHECKING:
    from backhand.study.extend import ExtendTable

WithOld = Annotated[
    bool | None,
    typer.Option("--with-old/--without-old", help="Train with the old data, or without them.", show_default="both"),
]


def extend(
    context: typer.Context,
    run: Annotated[
        Path | None,
        typer.Argument(parser=as_path, metavar="RUN", help="The folder of a finished run.", autocompletion=folders),
    ] = None,
    data: Annotated[str | None, typer.Option(metavar="NEW", help="Take the new classes from this data set.")] = None,
    path: DataPath = None,
    classes: Annotated[
        str | None, typer.Option(metavar="NAME,...", help="Add only these of its classes.", show_default="all")
    ] = None,
    resize: ResizeOthers = False,
    skip_bad_images: SkipBadImages = False,
    with_old: WithOld = None,
    afresh: Annotated[bool, typer.Option(help="Train a fresh network on all data, for comparison.")] = True,
    tree: Annotated[bool, typer.Option(help="Grow a decision tree on all data, for comparison.")] = True,
    epochs: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Train for this number of epochs.", show_default="as RUN")
    ] = None,
    lr: Annotated[
        float | None, typer.Option(metavar="RATE", help="Set the learning rate.", show_default="as RUN")
    ] = None,
    freeze: Annotated[
        list[str] | None, typer.Option(metavar="PLACE", help="Keep the weights of these layers; may be repeated.")
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Set the seed of all randomness.")] = 0,
    data_dir: DataDir = None,
    out: Out = None,
    resume: Resume = None,
    workers: Workers = None,
    cluster: Cluster = None,
    backend: Backend = None,
    threads: Threads = None,
) -> dict[str, Any]:
    """Add classes to a trained network, and see what it forgets.

    The network is trained further, once with the old data and once without them.
    """
    from backhand.experiments.extension import work
    from backhand.experiments.extension.plan import Plan

    launch = Launch(out, resume, data_dir, backend, threads, workers, cluster)
    if resume is not None:
        refuse_another_kind(resume, "extend")
        refuse_other_options(context, resume)
        return carry_out("", work.resume, launch)
    options: dict[str, Any] = {"path": path, "classes": classes, "resize": resize, "skip_bad_images": skip_bad_images}
    new, ways = _extend_table(run, data, **options), _ways(with_old, afresh=afresh)
    plan = Plan(new, ways, epochs, lr, tuple(freeze or ()), tree, seed)
    return carry_out("extend", partial(work.run, plan), launch)


def _extend_table(run: Path | None, data: str | None, *, classes: str | None, **options: Any) -> "ExtendTable":
    """The table of the run that is extended and of its new data. Raises BackhandError if either has no name."""
    from backhand.study import make_table
    from backhand.study.extend import ExtendTable

    if run is None or data is None:
        raise BackhandError("name a run and its new data, such as `backhand extend RUN --data mnist --classes 8,9`")
    names = tuple(filter(None, classes.split(","))) if classes else None
    return make_table(ExtendTable, run=run, name=data, classes=names, **options)


def _ways(with_old: bool | None, *, afresh: bool) -> tuple[str, ...]:
    """The ways of training: with the old data, without them, or both; and for comparison one that starts afresh."""
    from backhand.experiments.extension import AFRESH, WITH, WITHOUT

    ways = {None: (WITH, WITHOUT), True: (WITH,), False: (WITHOUT,)}[with_old]
    return (*ways, *[AFRESH] * afresh)
