"""The work of a question: it trains the cells of the grid, and after an interruption those that are left."""

import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from backhand.errors import CheckpointError, DivergenceError
from backhand.experiments import settings, units
from backhand.experiments.build import Feeds
from backhand.experiments.cluster.progress import Progress
from backhand.experiments.cluster.work import Work
from backhand.experiments.questions import FILE, KIND
from backhand.experiments.questions.plan import question
from backhand.experiments.questions.record import Cell, Data, QuestionRecord, read_question, write
from backhand.experiments.run.kinks import activation
from backhand.experiments.search.space import Assignment, grid
from backhand.experiments.search.trial import data_with_validation
from backhand.experiments.trainer import data_of, fingerprint_of, weights_of
from backhand.experiments.units import Workers
from backhand.experiments.workspace import Workspace
from backhand.files.paths import PathLike, as_path
from backhand.page.numbers import brief
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
    """Train every cell of the grid that question.json does not hold yet; returns the complete record.

    study: as `Question.study` gives it.   workers: as in `units`.
    Raises BackhandError for what a user can mend: an unknown question, missing data, a folder of another experiment.
    """
    question(name).refuse_unfit(study)
    reads = study.data.places
    with Workspace.open(path, KIND, resume=resume, data_dir=data_dir, quiet=quiet, data=reads) as workspace:
        if workspace.resumed:
            settings.refuse_another_study(workspace.folder, settings.read_study(workspace.folder), study)
        feeds = data_with_validation(changed(study, {}), workspace.data_dir)
        record = _read_or_create(name, study, feeds, workspace)
        workspace.begin(study.seed, settings.study_file(study))
        write(workspace.folder, record)
        heading = f"{study.title}  {record.planned} cells on {record.data.title}"
        workspace.console.print("\n".join((f"folder: {workspace.folder}", heading, *feeds.splits.remarks)))
        progress = workspace.progress()
        for _, cell in units.results(_units(name, study, record, workspace.data_dir), workers, progress):
            record = write(workspace.folder, _with_cell(record, cell, study))
            _report_progress(progress, cell, record)
        return record


def resume(
    path: PathLike, *, data_dir: PathLike | None = None, quiet: bool = False, workers: Workers = 1
) -> QuestionRecord:
    """Go on with the question in this folder, with the settings that its study file holds."""
    folder = as_path(path)
    name, study = read_question(folder).question, settings.read_study(folder)
    return run(name, study, path, data_dir=data_dir, resume=True, quiet=quiet, workers=workers)


def _units(
    name: str, study: Study, record: QuestionRecord, data_dir: Path | None
) -> Iterator[tuple[Assignment, Callable[[], Cell]]]:
    """A unit for every cell of the grid that has not been trained yet."""
    trained = [cell.values for cell in record.cells]
    for values in grid(_space(study)):
        if _as_json(values) not in trained:
            cell = changed(study, values)
            train = partial(_train_cell, name, cell, values)
            yield values, Work(train, partial(fingerprint_of, cell), data_dir, weights_of(cell))


def _train_cell(name: str, study: Study, values: Assignment, data_dir: Path | None) -> Cell:
    """Train one cell, and measure what the question is about.

    Raises DivergenceError, naming the cell, where the training diverges and the question is about something else.
    """
    start = time.perf_counter()
    try:
        observation = question(name).measure(study, data_of(study, data_dir))
    except DivergenceError as error:
        raise DivergenceError(f"{_settings_text(values)}: {error}") from None
    return Cell(values=_as_json(values), seconds=time.perf_counter() - start, found=observation)


def _read_or_create(name: str, study: Study, feeds: Feeds, workspace: Workspace) -> QuestionRecord:
    """The record in the folder, or a new one without cells. Raises CheckpointError for other data or a damaged file."""
    data = _describe_data(feeds)
    if not workspace.resumed:
        planned, first = sum(1 for _ in grid(_space(study))), activation(study.model.make(1))
        return QuestionRecord(question=name, data=data, planned=planned, activation=first)
    saved = read_question(workspace.folder)
    if saved.question != name:
        raise CheckpointError(f"{workspace.folder} holds the question {saved.question}, and {name} is asked")
    if saved.data.sha256 != data.sha256:
        raise CheckpointError(
            f"{workspace.folder / FILE} was begun with other data; give it the same --data-dir, or choose another --out"
        )
    return saved


def _space(study: Study) -> dict[str, Entry]:
    assert study.search is not None
    return study.search.space


def _with_cell(record: QuestionRecord, cell: Cell, study: Study) -> QuestionRecord:
    """The record with one more cell, in the order of the grid."""
    order = [_as_json(values) for values in grid(_space(study))]
    cells = sorted((*record.cells, cell), key=lambda trained: order.index(trained.values))
    return record.model_copy(update={"cells": tuple(cells)})


def _describe_data(feeds: Feeds) -> Data:
    counts = feeds.counts()
    return Data(
        title=feeds.splits.title,
        source=feeds.splits.source,
        classes=len(feeds.splits.classes),
        counts={split: int(per_class.sum()) for split, per_class in counts.items()},
        baseline=float(counts["validation"].max() / counts["validation"].sum()),
        sha256=feeds.fingerprint(),
    )


def _report_progress(progress: Progress, cell: Cell, record: QuestionRecord) -> None:
    trained, planned = len(record.cells), record.planned
    remaining = progress.shared(record.seconds / trained * (planned - trained))
    line = f"cell {f'{trained}/{planned}':>7}  {_settings_text(cell.values)}  {cell.seconds:.1f} s"
    progress.console.print(f"{line}  {remaining:.0f} s left{progress.by}")


def _settings_text(values: Assignment) -> str:
    return "  ".join(f"{key.rpartition('.')[2]}={brief(value)}" for key, value in values.items())


def _as_json(values: Assignment) -> Assignment:
    """The values as they are after JSON has been written and read: tuples become lists."""
    return json.loads(json.dumps(values))
