"""`backhand new`: copies a shipped study to edit; for pictures of one's own, after an inspection of them."""

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from backhand.console.completion import studies
from backhand.console.options import DataPath, Force
from backhand.errors import BackhandError
from backhand.files.paths import as_path

if TYPE_CHECKING:
    from backhand.experiments.estimate import Estimate

IMAGES_STUDY = "images"  # the study for which the pictures are inspected
EXPECTED_EFFICIENCY = 0.5  # the share of the processor's peak that a convolutional network reaches, roughly
DATA_TABLE = re.compile(r"^\[data\]\n(?:.*\n)*?name = .*\n", re.MULTILINE)


def new(
    study: Annotated[
        str, typer.Argument(metavar="STUDY", help="The shipped study to copy, such as images.", autocompletion=studies)
    ],
    path: DataPath = None,
    out: Annotated[Path, typer.Option(parser=as_path, metavar="FILE", help="Write the study to this file.")] = Path(
        "mine.toml"
    ),
    force: Force = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", hidden=True)] = False,  # an earlier name of --force
) -> dict[str, Any]:
    """Write a study to edit, such as one for your own pictures.

    The study is a copy of one that ships. For `images`, the pictures are inspected first: how many there are, and
    what suits them.
    """
    from backhand.console.terminal import make_console
    from backhand.data.formats.members import printable
    from backhand.files.atomic import write_output
    from backhand.files.paths import command
    from backhand.files.refusals import refuse_inside_data, refuse_unwritable
    from backhand.study import load, shipped_text

    text = shipped_text(study)
    if out.exists() and not (force or overwrite):
        raise BackhandError(f"{out} exists already; name another file with --out, or replace it with --force")
    refuse_unwritable(out)
    refuse_inside_data(out, [path])
    text = text if path is None else _with_path(text, study, path, out)
    lines: list[str] = []
    if study == IMAGES_STUDY:
        from backhand.experiments.estimate import Estimate

        if path is None:
            raise BackhandError("name the folder of your pictures, as in `backhand new images --path PHOTOS`")
        estimate = Estimate.of(load(study), path)
        lines = [*estimate.remarks(), _describe_cost(estimate)]
        for line in lines:
            make_console().print(line)
        text = _with_size("".join(f"# {printable(line)}\n" for line in lines) + text, estimate)
    write_output(out, _with_name(text, out))
    run = command(["backhand", "run", out])
    make_console().print(f"study: {out}; edit it as you like, then: {run}")
    return {"study": str(out), "run": run, "remarks": lines}


def _describe_cost(estimate: "Estimate") -> str:
    """How much there is to train, and roughly how long it takes on this machine."""
    from backhand.bench.peak import peak as measure_peak
    from backhand.machine import cores
    from backhand.page.numbers import counted

    training = f"training: {counted(estimate.epochs, 'epoch')} of about {counted(estimate.samples, 'picture')}"
    peak = measure_peak()
    if peak is None:
        return training
    seconds = estimate.work / (EXPECTED_EFFICIENCY * peak * 1e9)
    return f"{training}, {_rough_duration(seconds)} on {counted(cores(), 'core')}"


def _rough_duration(seconds: float) -> str:
    """A duration as an estimate gives it: in minutes or hours, without more digits than it deserves."""
    if seconds < 45:
        return "less than a minute"
    minutes = round(seconds / 60)
    return f"about {minutes} min" if minutes < 100 else f"about {round(minutes / 60)} h"


def _with_name(text: str, out: Path) -> str:
    """The study with the name of its file, without the characters that a name of a study may not have."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", out.stem).lstrip("._-") or "mine"
    return re.sub(r'^name = ".*"', f'name = "{name}"', text, count=1, flags=re.MULTILINE)


def _with_path(text: str, study: str, path: Path, out: Path) -> str:
    """The study with the path of its data, relative to the folder of the file.

    Raises BackhandError for a study that reads no data from a path.
    """
    from backhand.data.entry import BuiltIn
    from backhand.data.registry import get_entry
    from backhand.study import load
    from backhand.study.values import inline, override

    table = DATA_TABLE.search(text)
    if table is None:
        raise BackhandError(f"{study} is a series of runs and has no data of its own; leave out --path")
    data = load(study, [override("data.path", str(path))]).data
    if isinstance(get_entry(data.name), BuiltIn):
        raise BackhandError(f"{data.name} is built in and not read from a file; leave out --path")
    try:
        relative = os.path.relpath(path.resolve(), out.resolve().parent)
    except ValueError:  # on Windows, where the two are on different drives
        relative = str(path.resolve())
    return f"{text[: table.end()]}path = {inline(Path(relative).as_posix())}\n{text[table.end() :]}"


def _with_size(text: str, estimate: "Estimate") -> str:
    height, width = estimate.size
    return text.replace('size = "auto"', f"size = {height if height == width else [height, width]}", 1)
