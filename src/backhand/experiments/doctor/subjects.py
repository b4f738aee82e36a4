"""Studies and the folders of runs as the doctor examines them: made ready to train, and with what was trained."""

from collections.abc import Callable
from math import nan
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backhand.arrays import Array
from backhand.data.feed import Feed
from backhand.doctor.examination import examine
from backhand.doctor.records import Diagnosis
from backhand.doctor.subject import Course, Network, Samples, Split, Subject
from backhand.errors import CheckpointError, DataError
from backhand.experiments import environment
from backhand.experiments.build import Feeds
from backhand.experiments.doctor.network import SolverNetwork
from backhand.experiments.kinds import kind_of
from backhand.experiments.regressions import refuse_regression
from backhand.experiments.run import KIND
from backhand.experiments.run.metrics import Metrics
from backhand.experiments.run.record import Run, read
from backhand.experiments.run.saved import read_best
from backhand.experiments.trainer import Trainer, data_of
from backhand.files.names import BEST
from backhand.files.paths import PathLike, as_path
from backhand.layers import BatchNorm
from backhand.model.sequential import Sequential
from backhand.page.numbers import counted, shape
from backhand.study import Study
from backhand.training.saving import has_state, load_state
from backhand.training.stateful import without_prefix

MOST, FEWEST = 512, 32  # training samples that are looked at
WORK = 1e10  # multiply-adds of a forward pass over all of them, for the time and the memory of large networks
REMEDY = "read the report of `backhand run`, which says where a training failed and what its network depends on"
Index = NDArray[np.intp]
Progress = Callable[[str], None]


def examine_study(study: Study, data_dir: PathLike | None = None, progress: Progress = lambda _: None) -> Diagnosis:
    """Make a study ready to train, and examine it. Raises BackhandError for what makes the study impossible."""
    refuse_regression(study, "the doctor", REMEDY)
    progress("the data")
    feeds = data_of(study, data_dir)
    progress("the network")
    trainer = Trainer.of(study, feeds)
    return examine(_subject(trainer), study.name, "a study", _facts(trainer), progress)


def examine_run(folder: PathLike, data_dir: PathLike | None = None, progress: Progress = lambda _: None) -> Diagnosis:
    """Examine a run, finished or not: its study at the start, the weights that it has saved, and its course.

    Raises CheckpointError where the folder is no run, or is damaged. Where the data cannot be read, the diagnosis has
    the course alone, and says so.
    """
    path = as_path(folder)
    kind = kind_of(path)
    if kind is not None and kind is not KIND:
        raise CheckpointError(f"{path} holds {kind.name}; name a run in it")
    run = read(path)
    refuse_regression(run.study, "the doctor", REMEDY)
    try:
        progress("the data")
        feeds = data_of(run.study, environment.data_dir(path, data_dir, resume=True))
        progress("the network")
        trainer = _trainer(run.study, feeds)
        subject = _subject(trainer, course_of(run), _saved_networks(path, trainer))
    except DataError as error:
        missing = f"the data cannot be read: {error}"
        subject = Subject(None, np.zeros((0, 1)), np.zeros(0, int), 0, course=course_of(run), missing=missing)
        diagnosis = examine(subject, str(path), "a run", _run_facts(run), progress)
        return Diagnosis(
            diagnosis.target, diagnosis.subject, diagnosis.looked_at, diagnosis.results, diagnosis.seconds, missing
        )
    return examine(subject, str(path), "a run", (*_run_facts(run), *_facts(trainer)), progress)


def _trainer(study: Study, feeds: Feeds) -> Trainer:
    """The study made ready to train; without its first weights where their file is gone."""
    try:
        return Trainer.of(study, feeds)
    except CheckpointError:
        return Trainer.of(study, feeds, initial_weights=False)


def _subject(trainer: Trainer, course: Course | None = None, trained: dict[str, Network] | None = None) -> Subject:
    solver, feeds, study = trainer.solver, trainer.feeds, trainer.study
    count = int(np.clip(WORK / solver.model.work(), FEWEST, MOST))
    index = np.random.default_rng(0).permutation(len(feeds.train))[:count]
    x, labels = feeds.train.batch(index)[:2]
    return Subject(
        SolverNetwork(solver),
        np.array(x),
        np.array(labels),
        len(feeds.splits.classes),
        samples=samples_of(feeds),
        batch_size=min(solver.batch_size, len(feeds.train)),
        normalises=_normalises(solver.model),
        weighted=study.train.class_weights is not None,
        pretrained=study.train.init_from is not None or study.extend is not None,
        trained=trained or {},
        course=course,
    )


def _normalises(model: Sequential) -> bool:
    return any(isinstance(layer, BatchNorm) and not layer.frozen for _, layer in model.walk())


def samples_of(feeds: Feeds) -> Samples:
    """The splits of a study's data, raw and as the network takes them."""
    validation = None if feeds.validation is None else _split(feeds.validation)
    return Samples(_split(feeds.train), feeds.splits.classes, validation, _split(feeds.test))


def _split(feed: Feed) -> Split:
    def scale(index: Index) -> Array:
        return np.array(feed.batch(index)[0])

    return Split(feed.data.x, feed.data.y, scale)


def _saved_networks(folder: Path, trainer: Trainer) -> dict[str, Network]:
    """The networks whose weights the run has saved: the best, and the last where a state is kept."""
    saved: dict[str, dict[str, Array]] = {}
    if (folder / BEST).exists():
        saved["with the best weights"] = read_best(folder).model
    if has_state(folder):
        arrays, _, _ = load_state(folder)
        saved["with the last weights"] = without_prefix("model", arrays)
    networks: dict[str, Network] = {}
    for name, weights in saved.items():
        network = SolverNetwork(trainer.solver)
        network.model.load(weights)
        networks[name] = network
    return networks


def course_of(run: Run) -> Course:
    """The losses and accuracies of the epochs of a run."""
    metrics = run.metrics
    constant = metrics.training.constant_loss
    return Course(
        _numbers(run, "train_loss"),
        _numbers(run, "validation_loss"),
        _numbers(run, "validation_accuracy"),
        None if constant is None or not np.isfinite(constant) else float(constant),
        metrics.message if metrics.status == "diverged" else "",
        _chance(metrics),
    )


def _numbers(run: Run, key: str) -> tuple[float, ...]:
    return tuple(float(value) if np.isfinite(value) else nan for value in run.series(key))


def _chance(metrics: Metrics) -> float:
    """The share of the most frequent class among the samples of the validation split, or of the test split."""
    splits: dict[str, Any] = metrics.data.splits
    counts = splits.get("validation") or splits.get("test") or splits.get("train") or (1,)
    return max(counts) / max(sum(counts), 1)


def _run_facts(run: Run) -> tuple[tuple[str, str], ...]:
    return (("run", f"{run.study.name}, {run.metrics.status} after {counted(len(run.history), 'epoch')}"),)


def _facts(trainer: Trainer) -> tuple[tuple[str, str], ...]:
    feeds, solver = trainer.feeds, trainer.solver
    sizes = ", ".join(f"{len(feed):,} {name}" for name, feed in feeds.by_split.items())
    samples = feeds.train.data.x.shape[1:]
    trained = sum(parameter.value.size for parameter in solver.model.parameters)
    optimizer = f"{type(solver.optimizer).__name__} at {solver.optimizer.lr:g}"
    return (
        ("data", f"{feeds.splits.title}: {sizes} samples of {shape(samples)}, {len(feeds.splits.classes)} classes"),
        ("network", f"{counted(len(solver.model.layers), 'layer')}, {trained:,} parameters"),
        (
            "training",
            f"{trainer.study.train.loss}, {optimizer}, batches of {solver.batch_size}",
        ),
    )
