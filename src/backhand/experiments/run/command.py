"""`backhand run`: a study, a search or a series, new or resumed; or all series that ship."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from backhand.console.completion import studies
from backhand.console.options import (
    Backend,
    Cluster,
    DataDir,
    DataPath,
    InitFrom,
    Out,
    Overrides,
    Resume,
    Seed,
    SkipBadImages,
    Threads,
    Workers,
)
from backhand.errors import BackhandError, CheckpointError
from backhand.experiments.command import Changes, Launch, carry_out, refuse_another_kind, write_reports
from backhand.files.names import SERIES, STUDY

ALL, RESULTS = "all", "RESULTS.md"


def run(
    study: Annotated[
        str | None,
        typer.Argument(
            metavar="STUDY",
            help="A study or a series: its name, or its .toml file; all: every series.",
            autocompletion=studies,
        ),
    ] = None,
    data_dir: DataDir = None,
    out: Out = None,
    path: DataPath = None,
    skip_bad_images: SkipBadImages = False,
    set_: Overrides = None,
    seed: Seed = None,
    init_from: InitFrom = None,
    resume: Resume = None,
    storage: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Where the trials of a search are kept, for several machines to share."),
    ] = None,
    workers: Workers = None,
    cluster: Cluster = None,
    backend: Backend = None,
    threads: Threads = None,
) -> dict[str, Any]:
    """Train a study and test it, or run a search or a series.

    The results and a report go to a folder of their own.
    """
    launch = Launch(out, resume, data_dir, backend, threads, workers, cluster)
    changes = Changes.of(set_, path, skip_bad_images, seed, init_from)
    if study == ALL:
        return _run_all(launch, changes, storage)
    if resume is not None:
        refuse_another_kind(resume, "run")
        if not any((resume / name).is_file() for name in (SERIES, STUDY)):
            raise CheckpointError(f"{resume} is not the folder of a run: it has no {STUDY}")
        _refuse_damaged(resume)
        study = study or str(resume / (SERIES if (resume / SERIES).exists() else STUDY))
    if study is None:
        raise BackhandError("name a study, such as `backhand run digits`, or a run to --resume")
    return _run(study, launch, changes, storage)


def _refuse_damaged(folder: Path) -> None:
    """Raises CheckpointError, which says what to do, where the study or series in the folder cannot be read."""
    from backhand.experiments.series.record import read_series
    from backhand.experiments.settings import read_study

    (read_series if (folder / SERIES).exists() else read_study)(folder)


def _run(name: str, launch: Launch, changes: Changes, storage: str | None) -> dict[str, Any]:
    """Run the study or series of this name or file."""
    from backhand.experiments.settings import reopen
    from backhand.study import is_series, load, load_series

    resumed = launch.resume is not None
    if is_series(name):
        if storage is not None:
            raise BackhandError(f"--storage is for searches, and {name} is a series of runs")
        from backhand.experiments.series import work as series_work

        series = load_series(name, changes.overrides, changes.seed)
        return carry_out(series.name, partial(series_work.run, series, resume=resumed), launch)
    load_it = partial(load, name, changes.overrides, changes.seed)
    study = load_it() if launch.resume is None else reopen(launch.resume, load_it)
    if study.search is not None:
        from backhand.experiments.search import work as search_work

        url = search_work.url_of(launch.resume, storage)
        options = () if storage is None else ("--storage", storage)
        return carry_out(study.name, partial(search_work.run, study, resume=resumed, url=url), launch, *options)
    if storage is not None:
        raise BackhandError(f"--storage is for searches, and {study.name} is none: it has no search table")
    alone = launch.alone(study.name)
    from backhand.experiments.run import work
    from backhand.training.parallel.ranks import launched

    ranks = launched()
    if ranks is not None and launch.threads is None:
        alone = replace(alone, threads=ranks.threads())
    return carry_out(study.name, partial(work.run, study, resume=resumed, ranks=ranks), alone)


def _run_all(launch: Launch, changes: Changes, storage: str | None) -> dict[str, Any]:
    """Run every series that ships, each in a folder of its own; runs that are finished there are not repeated."""
    from backhand.console.terminal import make_console
    from backhand.experiments import engine, environment, reports
    from backhand.experiments.folders import ROOT, refuse_others
    from backhand.experiments.interrupted import interruptible
    from backhand.experiments.series import work as series_work
    from backhand.page.terminal import show
    from backhand.study import shipped_series

    if changes != Changes((), None) or launch.resume is not None or storage is not None:
        raise BackhandError(
            "all series are run as they ship, into --out, and go on there when started again; "
            "to change a series, run it by its name"
        )
    out, shipped, console = launch.out or ROOT / ALL, shipped_series(), make_console()
    saved = next((out / name for name in shipped if (out / name / SERIES).exists()), None)
    engine.choose(launch.backend, launch.threads, saved)
    refuse_others(out, {RESULTS, *shipped})
    if saved is not None:
        launch = replace(launch, data_dir=environment.data_dir(saved, launch.data_dir, resume=True))
    minutes = sum(series.minutes for series in shipped.values())
    console.print(f"{len(shipped)} series, about {minutes / 60:.1f} hours in all, into {out}")
    with launch.connected() as options, interruptible(out, again=True):
        for name, series in shipped.items():
            series_work.run(series, out / name, resume=None, **options)
            for block in reports.closing(out / name):
                show(console, block)
            write_reports(out / name, console)
        results = reports.write_results([out / name for name in shipped], out / RESULTS)
        console.print(f"results: {results}")
    return {"results": str(results), "series": {name: str(out / name) for name in shipped}}
