"""`backhand compare`: networks and scikit-learn's learners on the same folds of some data."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from backhand.cli.options import Backend, DataDir, DataPath, KeptOut, OneSize, Set, Skip, Threads
from backhand.errors import BackhandError

if TYPE_CHECKING:
    from backhand.experiments.comparison import Plan

Studies = Annotated[
    list[str] | None,
    typer.Option("--study", metavar="STUDY", help="A network; may be repeated.", show_default="a perceptron"),
]


def compare(
    data: Annotated[str, typer.Argument(metavar="DATA", help="A data set by name, such as digits.")],
    study: Studies = None,
    against: Annotated[
        str, typer.Option(metavar="NAME,...", help="The other learners.")
    ] = "tree,logistic,forest,neighbours",
    folds: Annotated[int, typer.Option(help="Parts of the samples; each is tested on once.")] = 10,
    seed: Annotated[int, typer.Option(min=0, help="The seed of all randomness.")] = 0,
    train_size: Annotated[int | None, typer.Option(help="Use only so many samples.", show_default="all")] = None,
    data_dir: DataDir = None,
    path: DataPath = None,
    skip_bad_images: Skip = False,
    resize: OneSize = False,
    out: KeptOut = None,
    set_: Set = None,
    backend: Backend = None,
    threads: Threads = None,
) -> None:
    """Compare networks with other learners on the same folds.

    The differences are tested, and a report is written.
    """
    from backhand.cli import engine
    from backhand.experiments.comparison import Plan
    from backhand.experiments.comparison.network import perceptron
    from backhand.experiments.workspace import named
    from backhand.study import load, make_table
    from backhand.study.auto import AUTO
    from backhand.study.schema import Data

    if train_size is not None and train_size < 1:
        raise BackhandError(f"--train-size {train_size} leaves no samples; give a count above 0")
    engine.choose(backend, threads, out)
    own = {"skip_bad_images": skip_bad_images, "train_size": train_size, "resize": AUTO if resize else None}
    table = make_table(Data, name=data, path=path, **own)
    networks = tuple(load(name, set_ or ()) for name in study or [perceptron()])
    names = tuple(name.strip() for name in against.split(",") if name.strip())
    plan = Plan(table, networks, names, folds, seed)
    with named(out, f"compare-{data}") as folder:
        _run(plan, folder, data_dir)


def _run(plan: "Plan", out: Path, data_dir: Path | None) -> None:
    from backhand.cli.commands import console
    from backhand.cli.interrupted import interruptible
    from backhand.experiments import comparison, reports
    from backhand.experiments.comparison.report.findings import findings

    with interruptible(out):
        found = comparison.run(plan, out, data_dir=data_dir)
        for _, sentence in findings(found):
            console.print(sentence)
        console.print(f"report: {reports.write(out)}")
