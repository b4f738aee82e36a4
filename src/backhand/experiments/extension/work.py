"""The work of an extension, from its studies to its figures. A killed extension is resumed where it was."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np

from backhand.arrays import Array
from backhand.data.ranks import Ranks
from backhand.errors import DivergenceError
from backhand.experiments import units
from backhand.experiments.build import load_feeds
from backhand.experiments.cluster.work import Work
from backhand.experiments.extension import KIND
from backhand.experiments.extension.plan import Plan, prepare
from backhand.experiments.extension.record import (
    Extension,
    Figures,
    RunFigures,
    curves,
    read,
    read_studies,
    run_figures,
    study_files,
    write,
)
from backhand.experiments.run import work as single
from backhand.experiments.run.record import finished_metrics
from backhand.experiments.trainer import fingerprint_of, weights_of
from backhand.experiments.units import Workers
from backhand.experiments.workspace import Workspace
from backhand.extras import COMPARE
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
    """Extend a run in the new folder `path`, and return the extension.

    data_dir: where data sets are; one that is not there is looked for where the run found it.   workers: as in `units`.
    Each way is trained once, as a run in a folder of its own. The extension notes a training that diverges.
    Raises BackhandError, before anything is written, for a run that cannot be extended by these data.
    """
    if plan.tree:
        COMPARE.require("the decision tree of an extension (--no-tree leaves it out)")
    with Workspace.open(path, KIND, data_dir=data_dir, quiet=quiet, data=[plan.new.path]) as workspace:
        extension, studies = prepare(plan, workspace.data_dir)
        workspace.begin(plan.seed, study_files(studies))
        return _train(write(workspace.folder, extension), studies, workspace, workers)


def resume(path: PathLike, *, data_dir: PathLike | None = None, quiet: bool = False, workers: Workers = 1) -> Extension:
    """Go on with the extension in this folder, by the studies that it holds."""
    with Workspace.open(path, KIND, resume=True, data_dir=data_dir, quiet=quiet) as workspace:
        extension = read(workspace.folder)
        studies = read_studies(workspace.folder, extension)
        workspace.begin(next(iter(studies.values())).seed, {})
        return _train(extension, studies, workspace, workers)


def _train(extension: Extension, studies: dict[str, Study], workspace: Workspace, workers: Workers) -> Extension:
    """Train every way that has no figures yet, and the tree; returns the extension with their figures."""
    workspace.console.print(f"folder: {workspace.folder}")
    work, progress = _units(extension, studies, workspace, quiet=workers != 1), workspace.progress()
    for name, figures in units.results(work, workers, progress):
        if isinstance(figures, RunFigures):
            extension = extension.model_copy(update={"ways": extension.ways | {name: figures}})
        else:
            extension = extension.model_copy(update={"tree": figures})
        write(workspace.folder, extension)
    return extension


def _units(
    extension: Extension, studies: dict[str, Study], workspace: Workspace, *, quiet: bool
) -> Iterator[tuple[str, Callable[[], Figures]]]:
    """A unit for each way that has no figures yet, then one for the tree; a line announces each of them."""
    for way, study in studies.items():
        if not extension.ways[way].is_tested:
            workspace.console.print(f"\n{way}:")
            train = partial(_train_way, study, quiet=quiet or workspace.console.quiet)
            folder, data = workspace.folder / way, partial(fingerprint_of, study)
            yield way, Work(train, data, workspace.data_dir, weights_of(study), folder)
    if extension.with_tree and extension.tree is None:
        workspace.console.print(f"\n{TREE}")
        study = _with_all_data(next(iter(studies.values())))
        yield (
            TREE,
            Work(partial(_grow_tree, study), partial(fingerprint_of, study), workspace.data_dir, weights_of(study)),
        )


def _train_way(study: Study, *, folder: Path, data_dir: Path | None, quiet: bool) -> RunFigures:
    """A unit of work: train the run of one way. Returns its figures, or why the training stopped."""
    if finished_metrics(folder) is None:
        try:
            single.run(study, folder, data_dir=data_dir, resume=None, quiet=quiet)
        except DivergenceError as error:
            return RunFigures(stopped=str(error))
    return run_figures(folder).model_copy(update={"curves": curves(folder)})


def _with_all_data(study: Study) -> Study:
    """The study with the old and the new data for training."""
    assert study.extend is not None
    table = study.extend.model_copy(update={"old_data": True, "afresh": True})
    return study.model_copy(update={"extend": table})


def _grow_tree(study: Study, data_dir: Path | None) -> Figures:
    """A unit of work: grow a decision tree on the unscaled training samples of all classes, until its leaves are pure.

    Returns its figures on the test samples.
    """
    from sklearn.tree import DecisionTreeClassifier

    feeds = load_feeds(study, data_dir)
    train, test = feeds.train.data, feeds.test.data
    rows = _rows if train.is_image else Ranks.fit(train.x).transform
    tree = DecisionTreeClassifier(random_state=study.seed).fit(rows(train.x), train.y)
    right = tree.predict(rows(test.x)) == test.y
    K = len(feeds.splits.classes)
    return Figures(
        right=tuple(np.bincount(test.y[right], minlength=K).tolist()),
        counts=tuple(np.bincount(test.y, minlength=K).tolist()),
        leaves=int(tree.get_n_leaves()),
    )


def _rows(x: Array) -> Array:
    """Images (N, H, W, C) as rows (N, H * W * C)."""
    return x.reshape(len(x), -1)
