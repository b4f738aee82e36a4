"""All commands: those of the kinds of experiments, and those in this folder.

Each command imports what it needs when it runs, so that --help is instant.
"""

from importlib import import_module
from typing import Annotated

import typer

import backhand
from backhand.cli import data, search
from backhand.cli.added import Commands
from backhand.cli.bench import bench
from backhand.cli.check import check
from backhand.cli.doctor import doctor
from backhand.cli.exercise import exercise
from backhand.cli.export import export
from backhand.cli.hints import StudyCommand
from backhand.cli.list import list_
from backhand.cli.lr_find import lr_find
from backhand.cli.new import new
from backhand.cli.open import open_
from backhand.cli.plugins import plugins
from backhand.cli.predict import predict
from backhand.cli.report import report
from backhand.cli.runs import runs
from backhand.console.output import OUTPUT
from backhand.console.program import Json, Program, Quiet, Verbose
from backhand.experiments.kinds import KINDS

app = Program(
    cls=Commands,
    help="Train, check and report on neural networks with back-propagation by hand.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(show: bool) -> None:
    if show:
        typer.echo(f"backhand {backhand.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[  # noqa: ARG001, whose callback ends the program
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
    quiet: Quiet = False,
    verbose: Verbose = 0,
    json: Json = False,
) -> None:
    OUTPUT.choose(quiet=quiet, verbose=verbose, json=json)


for command, kind in reversed({kind.command: kind for kind in KINDS}.items()):
    app.command(cls=StudyCommand)(getattr(import_module(f"{kind.package}.command"), command))
for function in (list_, runs, open_, report, predict, export, new, check, doctor, exercise, plugins, bench):
    app.command(function.__name__.rstrip("_"))(function)
app.command("lr-find", cls=StudyCommand)(lr_find)
app.add_typer(data.app, name="data")
app.add_typer(search.app, name="search")
