"""The commands. Each imports what it needs when it runs, so that --help is instant."""

from pathlib import Path
from typing import Annotated

import typer

import backhand
from backhand.cli import data
from backhand.cli.ask import ask
from backhand.cli.bench import bench
from backhand.cli.check import check
from backhand.cli.compare import compare
from backhand.cli.extend import extend
from backhand.cli.hints import Command
from backhand.cli.new import new
from backhand.cli.options import Backend, DataDir, DataPath, InitFrom, Out, Resize, Resume, Seed, Set, Skip, Threads
from backhand.files.paths import as_path

app = typer.Typer(
    help="Neural networks with back-propagation by hand: train, check, report.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(show: bool) -> None:
    if show:
        typer.echo(f"backhand {backhand.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    pass


@app.command(cls=Command)
def run(
    study: Annotated[
        str | None,
        typer.Argument(metavar="STUDY", help="A study or a series: its name, or its .toml file; all: every series."),
    ] = None,
    data_dir: DataDir = None,
    out: Out = None,
    path: DataPath = None,
    skip_bad_images: Skip = False,
    set_: Set = None,
    seed: Seed = None,
    init_from: InitFrom = None,
    resume: Resume = None,
    storage: Annotated[
        str | None,
        typer.Option(metavar="URL", help="A database for the trials of a search, which several machines may share."),
    ] = None,
    backend: Backend = None,
    threads: Threads = None,
) -> None:
    """Train a study and test it, or run a search or a series.

    The results and a report go to a folder of their own.
    """
    from backhand.cli import commands, engine, series

    before = series.begun(out or commands.all_folder()) if study == series.ALL else resume
    engine.choose(backend, threads, before)
    changes = commands.Changes.of(set_, path, skip_bad_images, seed, init_from)
    commands.run(study, data_dir, out, changes, resume, storage)


@app.command("list")
def list_() -> None:
    """List the studies and the series that come with the package."""
    from backhand.cli import commands

    commands.list_studies()


@app.command()
def report(
    runs: Annotated[
        list[Path],
        typer.Argument(parser=as_path, metavar="FOLDER", help="Folders of runs, searches, series and so on."),
    ],
    results: Annotated[
        Path | None,
        typer.Option(parser=as_path, metavar="FILE", help="Also put the claims of these series into one file."),
    ] = None,
) -> None:
    """Write the reports of saved runs again, from their folders alone."""
    from backhand.cli import commands

    commands.write_reports(runs, results)


@app.command()
def predict(
    run: Annotated[Path, typer.Argument(parser=as_path, metavar="RUN", help="The folder of a run.")],
    images: Annotated[list[Path], typer.Argument(parser=as_path, metavar="IMAGE", help="Image files.")],
    resize: Resize = False,
) -> None:
    """Classify image files with a trained run."""
    from backhand.cli import commands

    commands.predict(run, images, resize)


@app.command("lr-find", cls=Command)
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
    from backhand.cli import commands, engine

    engine.choose(backend, threads)
    changes = commands.Changes.of(set_, path, skip_bad_images, seed, init_from)
    commands.lr_find(study, changes, data_dir, out, {"low": low, "high": high, "steps": steps})


app.command()(new)
app.command(cls=Command)(compare)
app.command(cls=Command)(extend)
app.command(cls=Command)(ask)
app.add_typer(data.app, name="data")
app.command()(check)
app.command()(bench)
