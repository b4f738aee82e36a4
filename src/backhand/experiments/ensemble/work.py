"""The work of an ensemble: it averages the test probabilities that its runs have saved, and trains nothing."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from backhand.errors import BackhandError
from backhand.experiments.comparison.statistics import mcnemar
from backhand.experiments.ensemble import KIND
from backhand.experiments.ensemble.record import Ensemble, Member, read, write
from backhand.experiments.run.evidence_groups import Predictions
from backhand.experiments.run.record import Run, read_tested
from backhand.experiments.workspace import Workspace
from backhand.files.paths import PathLike, as_path


def run(runs: Sequence[PathLike], path: PathLike, *, data_dir: PathLike | None = None, quiet: bool = False) -> Ensemble:
    """Average the test probabilities of finished runs, write the ensemble into the folder `path`, and return it.

    Raises BackhandError for fewer than two runs, for one that is not finished, and for runs on different data.
    """
    folders = [as_path(run) for run in runs]
    with Workspace.open(path, KIND, data_dir=data_dir, quiet=quiet) as workspace:
        ensemble = _average(folders)
        workspace.begin(0, {})
        write(workspace.folder, ensemble)
        workspace.console.print(f"folder: {workspace.folder}")
        return ensemble


def resume(path: PathLike, *, data_dir: PathLike | None = None, quiet: bool = False) -> Ensemble:
    """Return the ensemble in the folder. An ensemble is written all at once, so nothing is left to do."""
    with Workspace.open(path, KIND, resume=True, data_dir=data_dir, quiet=quiet) as workspace:
        return read(workspace.folder)


def _average(folders: Sequence[Path]) -> Ensemble:
    """The ensemble of the runs in these folders. Raises BackhandError where they cannot be averaged."""
    if len(folders) < 2:
        raise BackhandError("an ensemble averages several runs; name two folders of finished runs at least")
    members = read_tested(folders)
    _refuse_unlike(members)
    predictions = [_predictions(member) for member in members]
    labels = predictions[0].labels
    probabilities = np.stack([p.probabilities for p in predictions]).astype(np.float64)  # (members, N, K)
    alone = probabilities.argmax(-1) == labels  # (members, N)
    together = probabilities.cumsum(0).argmax(-1) == labels  # the class with the largest sum has the largest mean
    best, mean = alone[alone.sum(1).argmax()], together[-1]
    only_best, only_mean = int((best & ~mean).sum()), int((mean & ~best).sum())
    return Ensemble(
        data=members[0].metrics.data.title,
        count=len(labels),
        members=tuple(
            Member(
                folder=str(member.folder),
                title=member.title,
                alone=int(alone[i].sum()),
                together=int(together[i].sum()),
            )
            for i, member in enumerate(members)
        ),
        only_best=only_best,
        only_mean=only_mean,
        mcnemar=mcnemar(only_best, only_mean),
        any_member=int(alone.any(0).sum()),
    )


def _refuse_unlike(members: Sequence[Run]) -> None:
    """Raises BackhandError for a run whose scores are not all finite, or that was tested on other samples."""
    first = members[0]
    for member in members:
        if member.metrics.test is not None and member.metrics.test.not_finite:
            raise BackhandError(f"{member.folder} has scores that are not finite, which have no mean; leave it out")
        labels, first_labels = _predictions(member).labels, _predictions(first).labels
        if member.classes != first.classes or not np.array_equal(labels, first_labels):
            raise BackhandError(
                f"{member.folder} was tested on other samples than {first.folder}; average runs of one data set"
            )


def _predictions(member: Run) -> Predictions:
    """The labels and class probabilities that a run saved for its test samples. Raises BackhandError without them."""
    if member.evidence.predictions is None:
        raise BackhandError(f"{member.folder} has no test probabilities; bring the run to its end first")
    return member.evidence.predictions
