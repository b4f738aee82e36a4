"""An extension from its studies to its figures; killed at any moment, it goes on where it was."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np

from backhand.arrays import Array
from backhand.data.ranks import Ranks
from backhand.errors import DivergenceError
from backhand.experiments import units
from backhand.experiments.build import load_feeds
from backhand.experiments.extension import KIND
from backhand.experiments.extension.plan import Plan, planned
from backhand.experiments.extension.record import (
    Extension,
    Figures,
    Trained,
    curves,
    read,
    read_studies,
    study_files,
    trained,
    write,
)
from backhand.experiments.run import work as single
from backhand.experiments.run.record import finished
from backhand.experiments.units import Workers
from backhand.experiments.workspace import Workspace
from backhand.files.paths import PathLike
from backhand.study import Study

TREE = "a decision tree"


def run(
    plan: Plan,
    path: PathLike,
    *,
    data_dir: PathLike | None = None,
    quiet: bool = False,
    workers: Workers = 1,
) -> Extension:
    """Begin the extension in the folder `path`, which is made, and train it; returns its record.

    data_dir: a data set that is not there is looked for where data sets lay for the run.   workers: as in `units`.
    Each way is a run in a folder of its own, and trained once. A training that diverges is noted in the record.
    Raises BackhandError, having written nothing, for a run, data or layers with which it cannot be done.
    """
    with Workspace.open(path, KIND, data_dir=data_dir, quiet=quiet, data=[plan.new.path]) as workspace:
        record, studies = planned(plan, workspace.data_dir)
        workspace.begin(plan.seed, study_files(studies))
        return _train(write(workspace.folder, record), studies, workspace, workers)


def resume(path: PathLike, *, data_dir: PathLike | None = None, quiet: bool = False, workers: Workers = 1) -> Extension:
    """Go on with the extension in this folder, as it was asked for."""
    with Workspace.open(path, KIND, resume=True, data_dir=data_dir, quiet=quiet) as workspace:
        record = read(workspace.folder)
        studies = read_studies(workspace.folder, record)
        workspace.begin(next(iter(studies.values())).seed, {})
        return _train(record, studies, workspace, workers)


def _train(record: Extension, studies: dict[str, Study], workspace: Workspace, workers: Workers) -> Extension:
    """Train whatever the record does not hold yet."""
    workspace.console.print(f"folder: {workspace.folder}")
    for name, found in units.results(_units(record, studies, workspace, quiet=workers != 1), workers):
        if isinstance(found, Trained):
            record = record.model_copy(update={"ways": record.ways | {name: found}})
        else:
            record = record.model_copy(update={"tree": found})
        write(workspace.folder, record)
    return record


def _units(
    record: Extension, studies: dict[str, Study], workspace: Workspace, *, quiet: bool
) -> Iterator[tuple[str, Callable[[], Figures]]]:
    """Each way that is not trained, then the tree; each is announced before."""
    for way, study in studies.items():
        if not record.ways[way].is_over:
            workspace.console.print(f"\n{way}:")
            folder, silent = workspace.folder / way, quiet or workspace.console.quiet
            yield way, partial(_trained, study, folder, workspace.data_dir, quiet=silent)
    if record.with_tree and record.tree is None:
        workspace.console.print(f"\n{TREE}")
        yield TREE, partial(_grown, _with_all(next(iter(studies.values()))), workspace.data_dir)


def _trained(study: Study, folder: Path, data_dir: Path | None, *, quiet: bool) -> Trained:
    """A unit: the run of one way; what it gets right, or why it stopped."""
    if finished(folder) is None:
        try:
            single.run(study, folder, data_dir=data_dir, resume=None, quiet=quiet)
        except DivergenceError as error:
            return Trained(stopped=str(error))
    return trained(folder).model_copy(update={"curves": curves(folder)})


def _with_all(study: Study) -> Study:
    """The study, with training on both old and new data."""
    assert study.extend is not None
    table = study.extend.model_copy(update={"old_data": True, "afresh": True})
    return study.model_copy(update={"extend": table})


def _grown(study: Study, data_dir: Path | None) -> Figures:
    """A unit: a decision tree, grown until its leaves are pure, on the training samples of all classes, not scaled."""
    from sklearn.tree import DecisionTreeClassifier

    feeds = load_feeds(study, data_dir)
    train, test = feeds.train.data, feeds.test.data
    rows = _rows if train.is_image else Ranks.fit(train.x).transform
    grown = DecisionTreeClassifier(random_state=study.seed).fit(rows(train.x), train.y)
    right = grown.predict(rows(test.x)) == test.y
    K = len(feeds.splits.classes)
    return Figures(
        right=tuple(np.bincount(test.y[right], minlength=K).tolist()),
        counts=tuple(np.bincount(test.y, minlength=K).tolist()),
        leaves=int(grown.get_n_leaves()),
    )


def _rows(x: Array) -> Array:
    return x.reshape(len(x), -1)
