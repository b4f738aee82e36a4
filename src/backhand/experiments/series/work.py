"""A series from its first cell to the table of claims; killed at any moment, it goes on where it was."""

import itertools
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from backhand.console.terminal import make_console
from backhand.errors import StudyError
from backhand.experiments import environment, folder, workspace
from backhand.experiments.kinds import SERIES_OF_RUNS
from backhand.experiments.search.space import refuse_changes
from backhand.experiments.series import cell
from backhand.experiments.series.claims import Verdict, verdicts
from backhand.experiments.series.figures import Result, check
from backhand.experiments.trainer import Trainer, in_step
from backhand.files import jsontext
from backhand.files.atomic import sweep
from backhand.files.paths import PathLike, as_path
from backhand.study import Study, changed, load, load_series
from backhand.study.series import Part, Series
from backhand.training.progress import time_left
from backhand.training.range_test import FILE as RANGE
from backhand.training.range_test import range_test
from backhand.training.solver import Callback, Solver


@dataclass(frozen=True)
class Cell:
    """One training to be: its part, its place on each axis, its study, and the file of its result."""

    part: Part
    labels: dict[str, str]
    study: Study
    file: Path

    def __str__(self) -> str:
        """As progress names it."""
        where = ", ".join([*self.labels.values(), *[f"seed {self.study.seed}"] * (self.part.seeds > 1)])
        return f"{self.part.name}: {where}" if where else self.part.name


def run(
    series: Series, path: PathLike, *, data_dir: PathLike | None = None, resume: bool = False, quiet: bool = False
) -> list[Verdict]:
    """Run every cell that has no result yet; returns the claims beside our figures.

    Raises StudyError for a cell that makes no study, and for a series other than the one that is resumed, before
    anything runs, and BackhandError as runs do.
    """
    path, console = as_path(path), make_console(quiet=quiet)
    data_dir, cells = environment.data_dir(path, data_dir, resume=resume), list(expand(series, path))
    with workspace.taken(path, SERIES_OF_RUNS, resume=resume, data={each.study.data.path for each in cells}):
        if resume:
            _refuse_another(series, path, cells)
        for place in {each.file.parent for each in cells}:
            sweep(place, {each.file.name for each in cells} | {RANGE})
        workspace.begin(path, series, data_dir, resume=resume)
        console.print(f"folder: {path}")
        left = [each for each in cells if not each.file.exists()]
        console.print(
            f"{series.title}: {len(cells)} runs, about {series.minutes:g} min and {series.memory:g} GiB"
            + (f"; {len(cells) - len(left)} are done" if len(left) < len(cells) else "")
        )
        seconds = 60 * series.minutes * len(left) / len(cells)
        progress, trainer = _Progress(console, left, seconds), Trainer(data_dir)
        for _, part in itertools.groupby(left, key=lambda each: each.part.name):
            _train(list(part), trainer, progress)
            _judge(series, path)
        return _judge(series, path)


def expand(series: Series, path: PathLike) -> Iterator[Cell]:
    """Every cell, in order. Raises StudyError naming the cell that makes no study."""
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
                    kept = {"search": base.search, "changes": changes}
                    study = changed(base, values | {"seed": seed}).model_copy(update=kept)
                except StudyError as error:
                    raise StudyError(f"{series.name}, part {part.name}, {labels}: {error}") from None
                yield Cell(part, labels, study, path / part.name / f"{number:03}-seed-{seed}.json")


def _refuse_another(series: Series, path: Path, cells: list[Cell]) -> None:
    """Raises StudyError unless the series in the folder, and every result of it, has the settings of this one."""
    own = list(expand(load_series(path / folder.SERIES), path))
    for before, now in zip(own, cells, strict=False):
        folder.refuse_another(path, folder.settings(before.study), folder.settings(now.study), decided=False)
    if [each.file for each in own] != [each.file for each in cells]:
        raise StudyError(f"{path} holds a series of other parts, axes or seeds; resume it as it began, or start anew")
    results(series, path)


def results(series: Series, path: PathLike) -> dict[str, list[Result]]:
    """What there is of each part. Raises StudyError for a result of other settings than the series has now."""
    found: dict[str, list[Result]] = {part.name: [] for part in series.parts}
    for each in expand(series, path):
        if each.file.exists():
            result = Result.from_json(jsontext.loads(each.file.read_text("utf-8")))
            own = folder.completed(result.settings, each.study)
            folder.refuse_another(each.file, own, folder.settings(each.study))
            found[each.part.name].append(result)
    return found


def _judge(series: Series, path: Path) -> list[Verdict]:
    """The claims beside the figures that there are, also in claims.json."""
    found = verdicts(series, results(series, path))
    folder.write_json(path / "claims.json", [each.as_json() for each in found])
    return found


def _train(part: list[Cell], trainer: Trainer, progress: "_Progress") -> None:
    """Cells of one part: in step, where it asks for that; else one by one."""
    if not part[0].part.whole:
        for remark in trainer.material(part[0].study).splits.remarks:
            progress.console.print(f"{part[0].part.name}: {remark}")
    if part[0].part.range_test:
        _test_rates(part[0], trainer, progress.console)
    together = 1 if part[0].part.whole else part[0].part.together
    for group in in_step([(each.study, each) for each in part], together):
        for each, result in zip(group, _results(group, trainer, progress.console), strict=True):
            folder.write_json(each.file, result.as_json())
            progress.note(each, result)


def _test_rates(first: Cell, trainer: Trainer, console: Console) -> None:
    """The range test of a part, on its first cell's study, in range.json; one that is there is left."""
    file = first.file.with_name(RANGE)
    if not file.exists():
        found = range_test(trainer.solver(first.study), trainer.material(first.study).train)
        file.parent.mkdir(parents=True, exist_ok=True)
        folder.write_json(file, found.as_json())
        console.print(f"{first.part.name}: a range test suggests a learning rate of {found.suggestion:.2g}")


def _results(group: list[Cell], trainer: Trainer, console: Console) -> Iterator[Result]:
    first = group[0]
    first.file.parent.mkdir(parents=True, exist_ok=True)
    if first.part.whole:
        place = first.file.with_suffix("")
        console.print(f"{first}: a whole {'run' if first.study.search is None else 'search'} in {place}")
        made = cell.whole if first.study.search is None else cell.searched
        yield made(first.study, place, first.labels, trainer.data_dir, quiet=console.quiet)
        return
    name = str(first) if len(group) == 1 else f"{first}, and {len(group) - 1} more in step"
    with _Bar(name, console) as bar:
        trainings = trainer.train([each.study for each in group], [bar] * len(group))
    for each, training in zip(group, trainings, strict=True):
        yield cell.tested(training, trainer.material(each.study), each.labels)


class _Progress:
    """A line for each cell that is done, with the time that the rest may take.

    seconds: what the series says that all of these cells take, for parts that have not begun.
    """

    def __init__(self, console: Console, cells: list[Cell], seconds: float) -> None:
        self.console, self.total, self.seconds = console, len(cells), seconds
        self.left = Counter(each.part.name for each in cells)
        self.begin = self.part_begin = time.perf_counter()
        self.part = ("", 0)  # that of the latest cell, and how many of its cells are done

    def note(self, each: Cell, result: Result) -> None:
        """Another one."""
        name, done = self.part
        self.part = each.part.name, done + 1 if name == each.part.name else 1
        self.left[each.part.name] -= 1
        left = self.left.total()
        rest = f"; {time_left(self._rest(each.part.name))}" if left else ""
        self.console.print(f"{self.total - left:>4}/{self.total}  {each}: {_outcome(result)}{rest}")

    def _rest(self, part: str) -> float:
        """The cells of this part as long as those before them; the other parts as long as the series says."""
        now = time.perf_counter()
        own = (now - self.part_begin) / self.part[1] * self.left[part]
        if not self.left[part]:
            self.part_begin = now  # the next cell is that of another part
        others = self.left.total() - self.left[part]
        mean = (now - self.begin) / (self.total - self.left.total())
        return own + (max(self.seconds - (now - self.begin) - own, mean * others) if others else 0.0)


def _outcome(result: Result) -> str:
    if result.status != "finished":
        return f"diverged after {len(result.history)} epochs"
    figures = result.figures
    validation = f"validation {figures['validation_accuracy']:.2%}, " if "validation_accuracy" in figures else ""
    said = filter(None, (result.message, f"the training failed. {result.failure}" if result.failure else ""))
    remark = "".join(f"; {each}" for each in said)
    return f"{validation}test {figures['test_accuracy']:.2%}, {figures['seconds']:.1f} s{remark}"


class _Bar(Callback):
    """A bar over one run's epochs, in a terminal."""

    def __init__(self, name: str, console: Console) -> None:
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("epoch {task.completed}/{task.total}"),
        )
        self.bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self.task = self.bar.add_task(name, total=None)

    def __enter__(self) -> "_Bar":
        self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()

    def on_epoch_end(self, solver: Solver) -> None:
        """Move the bar."""
        self.bar.update(self.task, completed=solver.epoch, total=solver.epochs)
