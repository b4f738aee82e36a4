"""`backhand compare`: compare networks with other learners on the same folds."""

from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from backhand.console.completion import studies
from backhand.console.options import (
    Backend,
    Cluster,
    DataDir,
    DataPath,
    Label,
    Names,
    Out,
    Overrides,
    ResizeAll,
    Resume,
    SkipBadImages,
    Targets,
    Threads,
    Workers,
)
from backhand.errors import BackhandError
from backhand.experiments.command import Launch, carry_out, refuse_another_kind
from backhand.experiments.completion import data_sets_and_folders
from backhand.files.paths import as_path

if TYPE_CHECKING:
    from backhand.study.data import DataTable

Studies = Annotated[
    list[str] | None,
    typer.Option(
        metavar="STUDY",
        help="Let the network of this study take part; may be repeated.",
        show_default="a perceptron",
        autocompletion=studies,
    ),
]
Against = Annotated[
    str | None,
    typer.Option(
        metavar="NAME,...",
        help="Let these learners of scikit-learn take part: tree, logistic (for numbers: linear), forest, neighbours.",
        show_default="all of them",
    ),
]
TrainSize = Annotated[
    int | None, typer.Option(metavar="N", help="Use only this number of samples.", show_default="all")
]


def compare(
    data: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="DATA",
            help="A data set by name, such as digits; or the folders of finished runs.",
            autocompletion=data_sets_and_folders,
        ),
    ] = None,
    study: Studies = None,
    against: Against = None,
    folds: Annotated[int, typer.Option(metavar="N", help="Divide the samples into this number of folds.")] = 10,
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Set the seed of all randomness.")] = 0,
    train_size: TrainSize = None,
    data_dir: DataDir = None,
    path: DataPath = None,
    label: Label = None,
    target: Targets = None,
    skip_bad_images: SkipBadImages = False,
    resize: ResizeAll = False,
    out: Out = None,
    resume: Resume = None,
    set_: Overrides = None,
    workers: Workers = None,
    cluster: Cluster = None,
    backend: Backend = None,
    threads: Threads = None,
) -> Any:
    """Compare networks with other learners on the same folds.

    The differences are tested, and a report is written. Folders of finished runs are shown side by side.
    """
    from backhand.data.registry import DATASETS
    from backhand.experiments.comparison import work
    from backhand.experiments.comparison.network import perceptron
    from backhand.experiments.comparison.plan import Plan
    from backhand.study import load

    if resume is not None:
        refuse_another_kind(resume, "compare")
    elif data and (len(data) > 1 or (data[0] not in DATASETS and as_path(data[0]).is_dir())):
        return _show_runs(data)
    launch = Launch(out, resume, data_dir, backend, threads, workers, cluster)
    if not data:
        if resume is None:
            raise BackhandError("name a data set, such as `backhand compare digits`, or a comparison to --resume")
        return carry_out("", work.resume, launch)
    columns = {"label": label, "target": target}
    table = _table(data[0], path, train_size, columns, skip_bad_images=skip_bad_images, resize=resize)
    networks = tuple(load(name, set_ or ()) for name in study or [perceptron(regression=table.is_regression)])
    plan = Plan(table, networks, None if against is None else Names.parse(against), folds, seed)
    return carry_out(f"compare-{data[0]}", partial(work.run, plan, resume=resume is not None), launch)


def _show_runs(folders: list[str]) -> dict[str, Any]:
    """Print finished runs side by side: their figures and the settings in which they differ; returns all of it."""
    from backhand.console.terminal import make_console
    from backhand.experiments.listing import as_json, listed
    from backhand.experiments.run.record import read_tested
    from backhand.experiments.run.side_by_side import differing, pairs, side_by_side
    from backhand.page.terminal import show

    if len(folders) < 2:
        raise BackhandError(f"{folders[0]} is a folder; name the folders of two finished runs, or a data set by name")
    console, runs = make_console(), read_tested(folders)
    for number, block in enumerate(side_by_side(runs)):
        if number:
            console.print()
        show(console, block)
    found = (listed(as_path(folder)) for folder in folders)
    return {
        "runs": [as_json(experiment, whole=True) for experiment in found if experiment is not None],
        "differing": differing(runs),
        "pairs": [asdict(pair) for pair in pairs(runs)],
    }


def _table(
    name: str,
    path: Path | None,
    train_size: int | None,
    columns: dict[str, Any],
    *,
    skip_bad_images: bool,
    resize: bool,
) -> "DataTable":
    """The data table of the plan. Raises BackhandError for a wrong name, path, column or number of samples."""
    from backhand.study import make_table
    from backhand.study.auto import AUTO
    from backhand.study.data import DataTable

    if train_size is not None and train_size < 1:
        raise BackhandError(f"--train-size {train_size} leaves no samples; give a count above 0")
    options = {"skip_bad_images": skip_bad_images, "train_size": train_size, "resize": AUTO if resize else None}
    return make_table(DataTable, name=name, path=path, **options, **columns)
