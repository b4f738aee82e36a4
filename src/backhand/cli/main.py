"""The program `backhand`. Every command imports what it needs when it runs, so that --help is instant."""

import sys
from pathlib import Path
from typing import Annotated

import typer

import backhand
from backhand import exits
from backhand.cli import data
from backhand.cli.ask import ask
from backhand.cli.bench import bench
from backhand.cli.check import check
from backhand.cli.compare import compare
from backhand.cli.extend import extend
from backhand.cli.options import Backend, DataDir, DataPath, InitFrom, Seed, Set, Skip, Threads

app = typer.Typer(
    help="Neural networks with back-propagation by hand: train, check, report.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(data.app, name="data")
app.command()(ask)
app.command()(check)
app.command()(bench)
app.command()(compare)
app.command()(extend)

StudyName = Annotated[str, typer.Argument(metavar="STUDY", help="The name of a shipped study, or a .toml file.")]
Run = Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run.")]


def _version(show: bool) -> None:
    if show:
        typer.echo(f"backhand {backhand.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show it.")] = False,
) -> None:
    pass


@app.command()
def run(
    study: Annotated[str | None, typer.Argument(metavar="[STUDY]", help="A shipped study, or a .toml file.")] = None,
    data_dir: DataDir = None,
    out: Annotated[Path | None, typer.Option(help="The run's folder.", show_default="runs/STUDY-TIME")] = None,
    path: DataPath = None,
    skip_bad_images: Skip = False,
    set_: Set = None,
    seed: Seed = None,
    init_from: InitFrom = None,
    resume: Annotated[Path | None, typer.Option(metavar="RUN", help="Go on with this run.")] = None,
    storage: Annotated[str | None, typer.Option(metavar="URL", help="Where a search keeps its trials.")] = None,
    backend: Backend = None,
    threads: Threads = None,
) -> None:
    """Train a study, or search as it says; test once, and write the report."""
    from backhand.cli import commands, engine, series

    before = series.begun(out or commands.all_folder()) if study == series.ALL else resume
    engine.choose(backend, threads, before)
    changes = commands.Changes.of(set_, path, skip_bad_images, seed, init_from)
    commands.run(study, data_dir, out, changes, resume, storage)


@app.command("list")
def list_() -> None:
    """Show the studies that ship with the package."""
    from backhand.cli import commands

    commands.list_studies()


@app.command()
def report(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Folders of runs.")],
    results: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Put the claims of these series into one file, too.")
    ] = None,
) -> None:
    """Write reports anew from the folders of runs."""
    from backhand.cli import commands

    commands.write_reports(runs, results)


@app.command()
def predict(
    run: Run,
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE...", help="Image files.")],
    resize: Annotated[bool, typer.Option("--resize", help="Scale images of another size.")] = False,
) -> None:
    """Classify image files with a trained run."""
    from backhand.cli import commands

    commands.predict(run, images, resize)


@app.command("lr-find")
def lr_find(
    study: StudyName,
    data_dir: DataDir = None,
    out: Annotated[Path, typer.Option(help="Where the plot goes.")] = Path("lr-find.png"),
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
    """Find a learning rate: raise it step by step, plot the loss, suggest a value."""
    from backhand.cli import commands, engine

    engine.choose(backend, threads)
    changes = commands.Changes.of(set_, path, skip_bad_images, seed, init_from)
    commands.lr_find(study, changes, data_dir, out, {"low": low, "high": high, "steps": steps})


def main() -> None:
    """Run the program, and end the process with its exit status."""
    sys.exit(exits.status_of(app))
