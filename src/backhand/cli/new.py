"""`backhand new`: a copy of a shipped study to edit; for pictures of one's own, with what was seen of them."""

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from backhand.console.options import DataPath
from backhand.errors import BackhandError
from backhand.files.paths import as_path

if TYPE_CHECKING:
    from backhand.experiments.sketch import Sketch

PICTURES = "images"  # the study that looks at what it is for
EFFICIENCY = 0.5  # of the processor's peak, about, that a convolutional network reaches
DATA = re.compile(r"^\[data\]\n(?:.*\n)*?name = .*\n", re.MULTILINE)


def new(
    study: Annotated[str, typer.Argument(metavar="STUDY", help="The shipped study to copy, such as images.")],
    path: DataPath = None,
    out: Annotated[Path, typer.Option(parser=as_path, metavar="FILE", help="The file to write.")] = Path("mine.toml"),
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file that is there.")] = False,
) -> None:
    """Write a study to edit, such as one for your own pictures.

    It is a copy of a study that ships. For `images`, the pictures are looked at: how many there are, and what suits
    them.
    """
    from backhand.console.terminal import make_console
    from backhand.data.formats.members import printable
    from backhand.files.atomic import refuse_among, refuse_unwritable, write_output
    from backhand.files.paths import command
    from backhand.study import load, shipped_text

    text = shipped_text(study)
    if out.exists() and not overwrite:
        raise BackhandError(f"{out} is there already; name another file with --out, or replace it with --overwrite")
    refuse_unwritable(out)
    refuse_among(out, [path])
    text = text if path is None else _with_path(text, study, path, out)
    if study == PICTURES:
        from backhand.experiments.sketch import Sketch

        if path is None:
            raise BackhandError("say where your pictures are: backhand new images --path PHOTOS")
        sketch = Sketch.of(load(study), path)
        said = [*sketch.remarks(), _cost(sketch)]
        for line in said:
            make_console().print(line)
        text = _with_size("".join(f"# {printable(line)}\n" for line in said) + text, sketch)
    write_output(out, _with_name(text, out))
    make_console().print(f"study: {out}; edit it as you like, then: {command(['backhand', 'run', out])}")


def _cost(sketch: "Sketch") -> str:
    """How much there is to train, and about how long it takes on this machine."""
    from backhand.bench.peak import fma_peak
    from backhand.machine import cores
    from backhand.page.numbers import counted

    training = f"training: {counted(sketch.epochs, 'epoch')} of about {counted(sketch.samples, 'picture')}"
    peak = fma_peak()
    if peak is None:
        return training
    return f"{training}, {_roughly(sketch.work / (EFFICIENCY * peak * 1e9))} on {counted(cores(), 'core')}"


def _roughly(seconds: float) -> str:
    """A time as one tells it beforehand."""
    if seconds < 45:
        return "less than a minute"
    minutes = round(seconds / 60)
    return f"about {minutes} min" if minutes < 100 else f"about {round(minutes / 60)} h"


def _with_name(text: str, out: Path) -> str:
    """The study under the name of its file, as far as that may be one."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", out.stem).lstrip("._-") or "mine"
    return re.sub(r'^name = ".*"', f'name = "{name}"', text, count=1, flags=re.MULTILINE)


def _with_path(text: str, study: str, path: Path, out: Path) -> str:
    """The study with its data's path, which counts from the file's folder. Raises BackhandError where none can be."""
    from backhand.data.entry import BuiltIn
    from backhand.data.registry import get_entry
    from backhand.study import load
    from backhand.study.values import inline, override

    table = DATA.search(text)
    if table is None:
        raise BackhandError(f"{study} is a series of runs, which has no data of its own; leave out --path")
    data = load(study, [override("data.path", str(path))]).data
    if isinstance(get_entry(data.name), BuiltIn):
        raise BackhandError(f"{data.name} is built in and read from no file; leave out --path")
    try:
        place = os.path.relpath(path.resolve(), out.resolve().parent)
    except ValueError:  # another drive
        place = str(path.resolve())
    return f"{text[: table.end()]}path = {inline(Path(place).as_posix())}\n{text[table.end() :]}"


def _with_size(text: str, sketch: "Sketch") -> str:
    height, width = sketch.size
    return text.replace('size = "auto"', f"size = {height if height == width else [height, width]}", 1)
