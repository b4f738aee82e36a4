"""The work of an ensemble: it averages the test predictions that its runs have saved, and trains nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from backhand.arrays import Array
from backhand.errors import BackhandError
from backhand.experiments.comparison.statistics import errors_of, mcnemar
from backhand.experiments.ensemble import KIND
from backhand.experiments.ensemble.record import Ensemble, Member, read, write
from backhand.experiments.run.errors import errors_of_target
from backhand.experiments.run.record import Run, read_tested
from backhand.experiments.run.split_scores import TargetErrors
from backhand.experiments.workspace import Workspace
from backhand.files.paths import PathLike, as_path


def run(runs: Sequence[PathLike], path: PathLike, *, data_dir: PathLike | None = None, quiet: bool = False) -> Ensemble:
    """Average the test predictions of finished runs, write the ensemble into the folder `path`, and return it.

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
    tested = _errors(members) if members[0].is_regression else _hits(members)
    figures = zip(members, tested.alone, tested.together, strict=True)
    return Ensemble(
        data=members[0].metrics.data.title,
        count=len(_truth(members[0])),
        members=tuple(
            Member(folder=str(member.folder), title=member.title, alone=alone, together=together)
            for member, alone, together in figures
        ),
        only_best=tested.only_best,
        only_mean=tested.only_mean,
        mcnemar=mcnemar(tested.only_best, tested.only_mean),
        any_member=tested.any_member,
        per_target=tested.per_target,
    )


@dataclass(frozen=True)
class _Tested:
    """The fields of an ensemble and its members, under the names of these, that come from the predictions."""

    alone: list[Any]
    together: list[Any]
    only_best: int
    only_mean: int
    any_member: int = 0
    per_target: tuple[TargetErrors, ...] = ()


def _hits(members: Sequence[Run]) -> _Tested:
    """The numbers of samples that the members, and the means of their probabilities, classify correctly."""
    labels = _truth(members[0])
    saved = [member.evidence.predictions.probabilities for member in members if member.evidence.predictions]
    probabilities = np.stack(saved).astype(np.float64)  # (members, N, K)
    alone = probabilities.argmax(-1) == labels  # (members, N)
    together = probabilities.cumsum(0).argmax(-1) == labels  # the class with the largest sum has the largest mean
    best, mean = alone[alone.sum(1).argmax()], together[-1]
    return _Tested(
        alone=alone.sum(1).tolist(),
        together=together.sum(1).tolist(),
        only_best=int((best & ~mean).sum()),
        only_mean=int((mean & ~best).sum()),
        any_member=int(alone.any(0).sum()),
    )


def _errors(members: Sequence[Run]) -> _Tested:
    """The errors of the members, and of the means of their predictions, on the targets (N, T)."""
    truth, targets = _truth(members[0]).astype(np.float64), members[0].metrics.data.targets
    saved = [member.evidence.fitted.predictions for member in members if member.evidence.fitted]
    predictions = np.stack(saved).astype(np.float64)  # (members, N, T)
    means = predictions.cumsum(0) / np.arange(1, len(members) + 1)[:, None, None]
    units = np.array([target.deviation for target in targets])
    alone, together = ([errors_of(each, truth, units) for each in group] for group in (predictions, means))
    best = min(alone, key=lambda errors: errors["rmse"])
    far, near = (np.array(errors["distances"]) for errors in (best, together[-1]))
    return _Tested(
        alone=[errors["rmse"] for errors in alone],
        together=[errors["rmse"] for errors in together],
        only_best=int((far < near).sum()),
        only_mean=int((near < far).sum()),
        per_target=tuple(
            errors_of_target(target.name, means[-1, :, k], truth[:, k], target.mean) for k, target in enumerate(targets)
        ),
    )


def _refuse_unlike(members: Sequence[Run]) -> None:
    """Raises BackhandError for a run whose scores are not all finite, or that was tested on other samples."""
    first = members[0]
    for member in members:
        score = member.metrics.test or member.metrics.test_errors
        if score is not None and score.not_finite:
            raise BackhandError(f"{member.folder} has scores that are not finite, which have no mean; leave it out")
        same = np.array_equal(_truth(member), _truth(first))
        if member.classes != first.classes or _targets(member) != _targets(first) or not same:
            raise BackhandError(
                f"{member.folder} was tested on other samples than {first.folder}; average runs of one data set"
            )


def _targets(member: Run) -> list[str]:
    return [target.name for target in member.metrics.data.targets]


def _truth(member: Run) -> Array:
    """The labels (N,), or targets (N, T), of the test samples of a run. Raises BackhandError where they are missing."""
    if member.evidence.fitted is not None:
        return member.evidence.fitted.targets
    if member.evidence.predictions is not None:
        return member.evidence.predictions.labels
    raise BackhandError(f"{member.folder} has no test predictions; bring the run to its end first")
