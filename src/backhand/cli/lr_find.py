"""`backhand lr-find`: finds a learning rate by a range test."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from backhand.console.completion import studies
from backhand.console.options import Backend, DataDir, DataPath, InitFrom, Overrides, Seed, SkipBadImages, Threads
from backhand.files.paths import as_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from backhand.data.feed import Feed
    from backhand.experiments.command import Changes
    from backhand.training.range_test import RangeTest
    from backhand.training.solver import Solver


def lr_find(
    study: Annotated[
        str, typer.Argument(metavar="STUDY", help="The name of a study, or its .toml file.", autocompletion=studies)
    ],
    data_dir: DataDir = None,
    out: Annotated[
        Path, typer.Option(parser=as_path, metavar="FILE", help="Write the plot, a PNG, to this file.")
    ] = Path("lr-find.png"),
    path: DataPath = None,
    skip_bad_images: SkipBadImages = False,
    set_: Overrides = None,
    seed: Seed = None,
    init_from: InitFrom = None,
    low: Annotated[float, typer.Option(metavar="RATE", help="Start at this learning rate.")] = 1e-6,
    high: Annotated[float, typer.Option(metavar="RATE", help="End at this learning rate.")] = 10.0,
    steps: Annotated[int, typer.Option(metavar="N", help="Train on this number of mini-batches.")] = 200,
    backend: Backend = None,
    threads: Threads = None,
) -> dict[str, Any]:
    """Find a learning rate by a range test.

    The learning rate is raised after every mini-batch of the study. The loss is plotted, and a rate is suggested.
    """
    from backhand.experiments import engine
    from backhand.experiments.command import Changes
    from backhand.training.range_test import range_test

    engine.choose(backend, threads)
    changes = Changes.of(set_, path, skip_bad_images, seed, init_from)
    return _find(study, changes, data_dir, out, partial(range_test, low=low, high=high, steps=steps))


def _find(
    name: str, changes: "Changes", data_dir: Path | None, out: Path, make_test: "Callable[[Solver, Feed], RangeTest]"
) -> dict[str, Any]:
    from backhand.console.terminal import make_console
    from backhand.errors import BackhandError
    from backhand.experiments.decide import with_some_rate
    from backhand.experiments.trainer import Trainer, data_of
    from backhand.extras import MissingExtraError
    from backhand.files.refusals import refuse_inside_data, refuse_unwritable
    from backhand.page.range_test import draw
    from backhand.study import load
    from backhand.training.range_test import RatesTooHighError

    console = make_console()
    refuse_unwritable(out)
    study = load(name, changes.overrides, changes.seed)
    refuse_inside_data(out, study.data.places)
    feeds = data_of(study, data_dir)
    for remark in feeds.splits.remarks:
        console.print(remark)
    solver = Trainer.of(with_some_rate(study), feeds).solver
    try:
        test = make_test(solver, feeds.train)
    except RatesTooHighError as error:
        raise BackhandError(f"{error}; choose a lower --low") from error
    console.print(f"range test: {len(test.lr)} steps, learning rate {test.lr[0]:.2g} to {test.lr[-1]:.2g}")
    console.print(f"lowest loss at {test.lowest:.2g}; suggested: --set train.optimizer.lr={test.suggestion:.2g}")
    plot: str | None = None
    try:
        draw(test, study.title or study.name, out)
    except MissingExtraError as error:
        console.print(f"no plot: {error}")
    else:
        plot = str(out)
        console.print(f"plot: {plot}")
    curve = {"lr": list(test.lr), "loss": list(test.loss)}
    return {"suggestion": test.suggestion, "lowest": test.lowest, **curve, "plot": plot}
