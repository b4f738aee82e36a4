"""An ensemble from its runs to its figures; what the runs have saved suffices, so nothing is trained or loaded anew."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from backhand.errors import BackhandError
from backhand.experiments.comparison.statistics import mcnemar
from backhand.experiments.ensemble import KIND
from backhand.experiments.ensemble.record import Ensemble, Member, read, write
from backhand.experiments.run.evidence import Predictions
from backhand.experiments.run.record import Run, read_tested
from backhand.experiments.workspace import Workspace
from backhand.files.paths import PathLike, as_path


def run(runs: Sequence[PathLike], path: PathLike, *, data_dir: PathLike | None = None, quiet: bool = False) -> Ensemble:
    """Average the test probabilities of finished runs into the folder `path`; returns its ensemble.json.

    Raises BackhandError for fewer than two runs, for one that is not finished, and for runs on different data.
    """
    folders = [as_path(each) for each in runs]
    with Workspace.open(path, KIND, data_dir=data_dir, quiet=quiet) as workspace:
        found = _averaged(folders)
        workspace.begin(0, {})
        write(workspace.folder, found)
        workspace.console.print(f"folder: {workspace.folder}")
        return found


def resume(path: PathLike, *, data_dir: PathLike | None = None, quiet: bool = False) -> Ensemble:
    """An ensemble is found at once, so there is nothing to go on with: returns what there is."""
    with Workspace.open(path, KIND, resume=True, data_dir=data_dir, quiet=quiet) as workspace:
        return read(workspace.folder)


def _averaged(folders: Sequence[Path]) -> Ensemble:
    if len(folders) < 2:
        raise BackhandError("an ensemble averages several runs; name two folders of finished runs at least")
    members = read_tested(folders)
    _refuse_unlike(members)
    tested = [_tested(member) for member in members]
    labels = tested[0].labels
    probabilities = np.stack([each.probabilities for each in tested]).astype(np.float64)
    alone = probabilities.argmax(-1) == labels  # (members, N)
    together = probabilities.cumsum(0).argmax(-1) == labels  # after each member; a sum has the largest of the mean
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
        if member.classes != first.classes or not np.array_equal(_tested(member).labels, _tested(first).labels):
            raise BackhandError(
                f"{member.folder} was tested on other samples than {first.folder}; average runs of one data set"
            )


def _tested(member: Run) -> Predictions:
    """What a run has saved of its test samples. Raises BackhandError for one without a test result."""
    if member.evidence.predictions is None:
        raise BackhandError(f"{member.folder} has no test probabilities; bring the run to its end first")
    return member.evidence.predictions
