"""`backhand lr-find`: a learning rate by a range test."""

from pathlib import Path
from typing import Annotated

import typer

from backhand.console.options import Backend, DataDir, DataPath, InitFrom, Seed, Set, Skip, Threads
from backhand.files.paths import as_path


def lr_find(
    study: Annotated[str, typer.Argument(metavar="STUDY", help="The name of a study, or its .toml file.")],
    data_dir: DataDir = None,
    out: Annotated[Path, typer.Option(parser=as_path, metavar="FILE", help="The plot, a PNG.")] = Path("lr-find.png"),
    path: DataPath = None,
    skip_bad_images: Skip = False,
    set_: Set = None,
    seed: Seed = None,
    init_from: InitFrom = None,
    low: Annotated[float, typer.Option(help="The first learning rate.")] = 1e-6,
    high: Annotated[float, typer.Option(help="The last learning rate.")] = 10.0,
    steps: Annotated[int, typer.Option(help="The number of mini-batches.")] = 200,
    backend: Backend = None,
    threads: Threads = None,
) -> None:
    """Find a learning rate by a range test.

    The rate is raised step by step over mini-batches of the study; the loss is plotted, and a rate suggested.
    """
    from backhand.experiments import engine
    from backhand.experiments.command import Changes

    engine.choose(backend, threads)
    changes = Changes.of(set_, path, skip_bad_images, seed, init_from)
    _find(study, changes.overrides, changes.seed, data_dir, out, low=low, high=high, steps=steps)


def _find(
    name: str, overrides: tuple[str, ...], seed: int | None, data_dir: Path | None, out: Path, **options: float
) -> None:
    from backhand.console.terminal import make_console
    from backhand.errors import BackhandError
    from backhand.experiments.decide import with_some_rate
    from backhand.experiments.trainer import Trainer, data_of
    from backhand.files.atomic import refuse_among, refuse_unwritable
    from backhand.page.range_test import draw
    from backhand.study import load
    from backhand.training.range_test import RatesTooHighError, range_test

    console = make_console()
    refuse_unwritable(out)
    study = load(name, overrides, seed)
    refuse_among(out, [study.data.path])
    feeds = data_of(study, data_dir)
    for remark in feeds.splits.remarks:
        console.print(remark)
    try:
        found = range_test(Trainer.of(with_some_rate(study), feeds).solver, feeds.train, **options)  # type: ignore[arg-type]
    except RatesTooHighError as error:
        raise BackhandError(f"{error}; choose a lower --low") from error
    draw(found, study.title or study.name, out)
    console.print(
        f"{len(found.lr)} steps, learning rate {found.lr[0]:.2g} to {found.lr[-1]:.2g}\n"
        f"lowest loss at {found.lowest:.2g}; suggested: --set train.optimizer.lr={found.suggestion:.2g}\nplot: {out}",
    )
