"""A question from its first cell to its last; killed at any moment, it goes on with the cells that are left."""

import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from rich.console import Console

from backhand.errors import CheckpointError, DivergenceError
from backhand.experiments import settings, units
from backhand.experiments.build import Feeds
from backhand.experiments.questions import FILE, KIND
from backhand.experiments.questions.plan import question
from backhand.experiments.questions.record import Cell, Data, QuestionRecord, read_question, write
from backhand.experiments.run.kinks import activation
from backhand.experiments.search.loop import value_text
from backhand.experiments.search.space import Assignment, grid
from backhand.experiments.search.trial import data_with_validation
from backhand.experiments.trainer import data_of
from backhand.experiments.units import Workers
from backhand.experiments.workspace import Workspace
from backhand.files.paths import PathLike, as_path
from backhand.study import Study, changed
from backhand.study.search import Entry


def run(
    name: str,
    study: Study,
    path: PathLike,
    *,
    data_dir: PathLike | None = None,
    resume: bool | None = False,
    quiet: bool = False,
    workers: Workers = 1,
) -> QuestionRecord:
    """Train every cell of the grid that question.json does not hold yet; returns what it then holds.

    study: as `Question.study` gives it.   workers: as in `units`.
    Raises BackhandError for what a user can mend: an unknown question, data that are missing, a folder of another.
    """
    question(name).refuse_unfit(study)
    reads = [study.data.path]
    with Workspace.open(path, KIND, resume=resume, data_dir=data_dir, quiet=quiet, data=reads) as workspace:
        if workspace.resumed:
            settings.refuse_another_study(workspace.folder, settings.read_study(workspace.folder), study)
        feeds = data_with_validation(changed(study, {}), workspace.data_dir)
        asked = _opened(name, study, feeds, workspace)
        workspace.begin(study.seed, settings.study_file(study))
        write(workspace.folder, asked)
        what = f"{study.title}  {asked.planned} cells on {asked.data.title}"
        workspace.console.print("\n".join((f"folder: {workspace.folder}", what, *feeds.splits.remarks)))
        for _, cell in units.results(_units(name, study, asked, workspace.data_dir), workers):
            asked = write(workspace.folder, _with(asked, cell, study))
            _report_progress(workspace.console, cell, asked)
        return asked


def resume(
    path: PathLike, *, data_dir: PathLike | None = None, quiet: bool = False, workers: Workers = 1
) -> QuestionRecord:
    """Go on with the question in this folder, as it was asked."""
    folder = as_path(path)
    name, study = read_question(folder).question, settings.read_study(folder)
    return run(name, study, path, data_dir=data_dir, resume=True, quiet=quiet, workers=workers)


def _units(
    name: str, study: Study, asked: QuestionRecord, data_dir: Path | None
) -> Iterator[tuple[Assignment, Callable[[], Cell]]]:
    """A unit for every cell of the grid that has not been trained yet."""
    done = [cell.values for cell in asked.cells]
    for values in grid(_space(study)):
        if _plain(values) not in done:
            yield values, partial(_looked_at, name, changed(study, values), values, data_dir)


def _looked_at(name: str, study: Study, values: Assignment, data_dir: Path | None) -> Cell:
    """A unit: train one cell, and look at it. Raises DivergenceError, naming the cell, where that is no answer."""
    begin = time.perf_counter()
    try:
        found = question(name).look(study, data_of(study, data_dir))
    except DivergenceError as error:
        raise DivergenceError(f"{_words(values)}: {error}") from None
    return Cell(values=_plain(values), seconds=time.perf_counter() - begin, found=found)


def _opened(name: str, study: Study, feeds: Feeds, workspace: Workspace) -> QuestionRecord:
    """What was found before, or a record without cells. Raises CheckpointError for other data or a damaged file."""
    data = _described(feeds)
    if not workspace.resumed:
        planned, first = sum(1 for _ in grid(_space(study))), activation(study.model.make(1))
        return QuestionRecord(question=name, data=data, planned=planned, activation=first)
    asked = read_question(workspace.folder)
    if asked.question != name:
        raise CheckpointError(f"{workspace.folder} holds the question {asked.question}, and {name} is asked")
    if asked.data.sha256 != data.sha256:
        raise CheckpointError(
            f"{workspace.folder / FILE} was begun with other data; give it the same --data-dir, or choose another --out"
        )
    return asked


def _space(study: Study) -> dict[str, Entry]:
    assert study.search is not None
    return study.search.space


def _with(asked: QuestionRecord, cell: Cell, study: Study) -> QuestionRecord:
    """The record with one more cell, in the order of the grid."""
    order = [_plain(values) for values in grid(_space(study))]
    cells = sorted((*asked.cells, cell), key=lambda each: order.index(each.values))
    return asked.model_copy(update={"cells": tuple(cells)})


def _described(feeds: Feeds) -> Data:
    counts = feeds.counts()
    return Data(
        title=feeds.splits.title,
        source=feeds.splits.source,
        classes=len(feeds.splits.classes),
        counts={split: int(each.sum()) for split, each in counts.items()},
        baseline=float(counts["validation"].max() / counts["validation"].sum()),
        sha256=feeds.fingerprint(),
    )


def _report_progress(console: Console, cell: Cell, asked: QuestionRecord) -> None:
    done, planned = len(asked.cells), asked.planned
    left = asked.seconds / done * (planned - done)
    console.print(f"cell {f'{done}/{planned}':>7}  {_words(cell.values)}  {cell.seconds:.1f} s  {left:.0f} s left")


def _words(values: Assignment) -> str:
    return "  ".join(f"{key.rpartition('.')[2]}={value_text(value)}" for key, value in values.items())


def _plain(values: Assignment) -> Assignment:
    """The value as JSON gives it back: tuples become lists."""
    return json.loads(json.dumps(values))
