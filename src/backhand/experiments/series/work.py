"""A series from its first training to the table of claims. A series that was killed goes on where it was."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import groupby
from pathlib import Path

from backhand.errors import StudyError
from backhand.experiments import rates, settings, units
from backhand.experiments.cluster.work import Work
from backhand.experiments.decide import with_some_rate
from backhand.experiments.regressions import refuse_regression
from backhand.experiments.run.logs import refuse_missing_loggers
from backhand.experiments.search.space import refuse_changes
from backhand.experiments.series import KIND
from backhand.experiments.series.claims import verdicts
from backhand.experiments.series.figures import check
from backhand.experiments.series.forms import Result, Verdict
from backhand.experiments.series.progress import SeriesProgress
from backhand.experiments.series.record import (
    read_result,
    read_series,
    refuse_later_claims,
    result_file,
    series_file,
    write_claims,
    write_result,
)
from backhand.experiments.series.training import Training, train_group, train_whole
from backhand.experiments.trainer import Trainer, data_of, fingerprint_of, in_step, weights_of
from backhand.experiments.units import Workers
from backhand.experiments.workspace import Workspace
from backhand.extras import SEARCH
from backhand.files.names import RANGE_TEST
from backhand.files.paths import PathLike, as_path
from backhand.files.temporary import sweep
from backhand.study import changed, load
from backhand.study.series import Series
from backhand.training.range_test import range_test

REMEDY = "train each setting by `backhand run`, and show the runs side by side by `backhand compare RUN RUN`"


def run(
    series: Series,
    path: PathLike,
    *,
    data_dir: PathLike | None = None,
    resume: bool | None = False,
    quiet: bool = False,
    workers: Workers = 1,
) -> list[Verdict]:
    """Do every training that has no result yet; returns the claims beside our figures.

    workers: as in `units`.
    Raises StudyError, before anything runs, for values that make no study and for another series than the one to be
    resumed. Raises BackhandError as runs do.
    """
    trainings = list(expand(series, path))
    for training in trainings:
        refuse_regression(training.study, "a series", REMEDY)
        _refuse_missing_packages(training)
    data_paths = {place for training in trainings for place in training.study.data.places}
    with Workspace.open(path, KIND, resume=resume, data_dir=data_dir, quiet=quiet, data=data_paths) as workspace:
        if workspace.resumed:
            _refuse_another(series, workspace.folder, trainings)
        for folder in {training.file.parent for training in trainings}:
            sweep(folder, {training.file.name for training in trainings} | {RANGE_TEST})
        workspace.begin(series.seed, {} if workspace.resumed else series_file(series))
        left = [training for training in trainings if not training.file.exists()]
        workspace.console.print(f"folder: {workspace.folder}")
        workspace.console.print(
            f"{series.title}: {len(trainings)} runs, about {series.minutes:g} min and {series.memory:g} GiB"
            + (f"; {len(trainings) - len(left)} are done" if len(left) < len(trainings) else "")
        )
        who = workspace.progress()
        progress = SeriesProgress(who, left, 60 * series.minutes * len(left) / len(trainings))
        for group, group_results in units.results(_units(left, workspace, quiet=workers != 1), workers, who):
            for training, result in zip(group, group_results, strict=True):
                write_result(training.file, result)
                progress.print_result(training, result)
            if progress.part_is_done(group[0]):
                _compare_claims(series, workspace.folder)
        return _compare_claims(series, workspace.folder)


def resume(
    path: PathLike, *, data_dir: PathLike | None = None, quiet: bool = False, workers: Workers = 1
) -> list[Verdict]:
    """Go on with the series in this folder, as its series.toml says."""
    return run(read_series(as_path(path)), path, data_dir=data_dir, resume=True, quiet=quiet, workers=workers)


def expand(series: Series, path: PathLike) -> Iterator[Training]:
    """Yield every training, in order. Raises StudyError, naming the cell, for values that make no study."""
    path = as_path(path)
    for part in series.parts:
        base = load(part.study)
        for claim in part.claims:
            check(claim.metric)
        if base.search is not None:
            refuse_changes(series.changes_of(part), base.search.space)
            if not part.whole:
                raise StudyError(f"{series.name}, part {part.name}: {base.name} is a search; add whole = true")
        for number, (labels, values) in enumerate(part.cells()):
            for seed in range(series.seed, series.seed + part.seeds):
                changes = {key: seed if key == "seed" else value for key, value in series.changes_of(part).items()}
                try:
                    extra = {"search": base.search, "changes": changes}
                    study = changed(base, values | {"seed": seed}).model_copy(update=extra)
                except StudyError as error:
                    raise StudyError(f"{series.name}, part {part.name}, {labels}: {error}") from None
                yield Training(part, labels, study, result_file(path, part.name, number, seed))


def results(series: Series, path: PathLike) -> dict[str, list[Result]]:
    """Read the results of each part. Raises StudyError for a result of other settings than the series has now."""
    by_part: dict[str, list[Result]] = {part.name: [] for part in series.parts}
    for training in expand(series, path):
        if training.file.exists():
            result = read_result(training.file)
            saved = settings.completed(result.settings, training.study)
            settings.refuse_another(training.file, saved, settings.settings(training.study))
            by_part[training.part.name].append(result)
    return by_part


def _refuse_missing_packages(training: Training) -> None:
    """Raise MissingExtraError for what a whole run needs and is not installed; other trainings write no logs."""
    if training.part.whole:
        refuse_missing_loggers(training.study)
        if training.study.search is not None:
            SEARCH.require("a search")


def _refuse_another(series: Series, path: Path, trainings: list[Training]) -> None:
    """Raises StudyError unless the series in the folder and all its results have the settings of this series."""
    saved = list(expand(read_series(path), path))
    for old, new in zip(saved, trainings, strict=False):
        settings.refuse_another(path, settings.settings(old.study), settings.settings(new.study), decided=False)
    if [training.file for training in saved] != [training.file for training in trainings]:
        raise StudyError(f"{path} holds a series of other parts, axes or seeds; resume it as it began, or start anew")
    results(series, path)
    refuse_later_claims(path)


def _compare_claims(series: Series, path: Path) -> list[Verdict]:
    """Compare the claims with the results so far, and write them into claims.json."""
    claims = verdicts(series, results(series, path))
    write_claims(path, claims)
    return claims


def _units(
    left: list[Training], workspace: Workspace, *, quiet: bool
) -> Iterator[tuple[list[Training], Callable[[], list[Result]]]]:
    """Yield groups of trainings with their work: several in step where the part says so, else one by one."""
    console, data_dir = workspace.console, workspace.data_dir
    for _, group_of_part in groupby(left, key=lambda training: training.part.name):
        trainings = list(group_of_part)
        part = trainings[0].part
        _prepare(trainings[0], workspace)
        together = 1 if part.whole else part.together
        for group in in_step([(training.study, training) for training in trainings], together):
            if part.whole:
                kind = "run" if group[0].study.search is None else "search"
                console.print(f"{group[0]}: a whole {kind} in {group[0].file.with_suffix('')}")
            train = train_whole if part.whole else train_group
            yield (
                group,
                Work(
                    partial(train, group, quiet=quiet or console.quiet),
                    partial(fingerprint_of, group[0].study),
                    data_dir,
                    weights_of(*[training.study for training in group]),
                    group[0].file.with_suffix("") if part.whole else None,
                ),
            )


def _prepare(first: Training, workspace: Workspace) -> None:
    """Print the remarks on a part's data, and make its range test where there is none, both with its first study."""
    if first.part.whole:
        return
    feeds, folder = data_of(first.study, workspace.data_dir), first.file.parent
    for remark in feeds.splits.remarks:
        workspace.console.print(f"{first.part.name}: {remark}")
    if first.part.range_test and not (folder / RANGE_TEST).exists():
        test = range_test(Trainer.of(with_some_rate(first.study), feeds).solver, feeds.train)
        folder.mkdir(parents=True, exist_ok=True)
        rates.write(folder, test)
        workspace.console.print(f"{first.part.name}: a range test suggests a learning rate of {test.suggestion:.2g}")
