"""`backhand doctor`: what is wrong with a training, from its study, its run, or a person's own file."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from backhand.console.completion import studies_and_folders
from backhand.console.options import DataDir, DataPath, Overrides, Seed
from backhand.console.output import OUTPUT
from backhand.files.paths import as_path

if TYPE_CHECKING:
    from backhand.doctor.records import Diagnosis
    from backhand.experiments.command import Changes

CODE = {".py", ".ipynb"}
Outcome = TypeVar("Outcome")


def doctor(
    target: Annotated[
        str,
        typer.Argument(
            metavar="TARGET",
            help="The name or the .toml file of a study, the folder of a run, or a Python file.",
            autocompletion=studies_and_folders,
        ),
    ],
    html: Annotated[
        Path | None, typer.Option(parser=as_path, metavar="FILE", help="Write the diagnosis to this file as a page.")
    ] = None,
    data_dir: DataDir = None,
    path: DataPath = None,
    set_: Overrides = None,
    seed: Seed = None,
    timeout: Annotated[
        float, typer.Option(min=1, metavar="SECONDS", help="End the examination of a Python file after this time.")
    ] = 120,
    memory: Annotated[
        float, typer.Option(min=0.25, metavar="GIB", help="Let the code of a Python file use this much memory.")
    ] = 4,
) -> None:
    """Find out what is wrong with a training.

    The network, its step and its data are measured, and each problem is named with its evidence and a remedy.
    """
    from backhand.cli import diagnosis as forms
    from backhand.experiments.command import Changes
    from backhand.extras import REPORT
    from backhand.files.refusals import refuse_unwritable

    if html is not None:
        REPORT.require("--html")
        refuse_unwritable(html)
    changes = Changes.of(set_, path, False, seed)
    if Path(target).suffix in CODE:
        results = _examine_file(target, timeout, memory, changes, data_dir)
    else:
        results = [_examine_training(target, data_dir, changes)]
    if OUTPUT.json:
        forms.show_json(results)
    else:
        for result in results:
            forms.show(result)
    if html is not None:
        forms.write_html(results, html)
    raise typer.Exit(_status(results))


def _examine_training(name: str, data_dir: Path | None, changes: "Changes") -> "Diagnosis":
    """Examine a study or the folder of a run."""
    from backhand.errors import BackhandError
    from backhand.experiments.doctor.subjects import examine_run, examine_study
    from backhand.study import load, shipped

    if as_path(name).is_dir() and name not in shipped():
        if changes.overrides or changes.seed is not None:
            raise BackhandError(
                f"{name} is examined as it was trained; leave out --set, --seed and --path, or name its study"
            )
        return _with_status(name, lambda progress: examine_run(name, data_dir, progress))
    study = load(name, changes.overrides, changes.seed)
    return _with_status(name, lambda progress: examine_study(study, data_dir, progress))


def _examine_file(
    name: str, timeout: float, memory: float, changes: "Changes", data_dir: Path | None
) -> "list[Diagnosis]":
    """Examine the networks of a Python file, in a process of its own."""
    from backhand.check.doctor.process import examine_file
    from backhand.check.review.process import GIB, Limits
    from backhand.errors import BackhandError

    if changes.overrides or changes.seed is not None or data_dir is not None:
        raise BackhandError(
            f"{name} is examined on small synthetic data; leave out --set, --seed, --path and --data-dir"
        )
    limits = Limits(timeout, round(memory * GIB))
    found = _with_status(name, lambda progress: examine_file(name, limits, progress))
    if all(each.failure and not each.results for each in found) and not found[0].subject:
        raise BackhandError(found[0].failure)
    return found


def _with_status(name: str, work: Callable[[Callable[[str], None]], Outcome]) -> Outcome:
    """Do the work while a line says what is looked at."""
    from backhand.check.review.forms.terminal import page_console

    with page_console(stderr=True).status(f"examining {name}") as status:
        return work(lambda part: status.update(f"examining {name}: {part}"))


def _status(results: "list[Diagnosis]") -> int:
    """The exit status: 1 where something is wrong, else 2 where something could not be looked at, else 0."""
    statuses = {result.status for result in results}
    return 1 if 1 in statuses else 2 if 2 in statuses or not results else 0
