"""A study made ready to train: the same assembly for every kind of experiment, alone or several in step."""

import json
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeVar

from backhand.errors import DivergenceError
from backhand.experiments.build import (
    Feeds,
    build_solver,
    init_weights,
    load_feeds,
    model_for,
)
from backhand.experiments.decide import decide
from backhand.experiments.settings import read_study
from backhand.experiments.units import latest
from backhand.files.paths import PathLike
from backhand.study import Study
from backhand.training.callback_tables import make_callback
from backhand.training.callbacks import Callback, DivergenceGuard, EarlyStopping
from backhand.training.evaluate import Evaluation, evaluate
from backhand.training.lockstep import fit_together, trains_alone
from backhand.training.range_test import RangeTest
from backhand.training.solver import Solver
from backhand.weights import Transfer

# The keys of the table `train` in which trainings in step may differ. Their seeds may differ, too, where data.seed
# gives all of them the same order of the samples.
MAY_DIFFER = {
    *("optimizer", "schedule", "momentum_schedule", "l2", "l2_form", "clip_norm", "clip_value"),
    *("label_smoothing", "class_weights", "early_stopping"),
}
Item = TypeVar("Item")


@dataclass(eq=False)
class Trainer:
    """A study, its data, and the solver that trains it.

    study: has a number for every key that was "auto".   stopping: decides which epoch's weights are kept.   rates: the
    range test that gave the learning rate, if one did.   transfer: the source of the first weights, if they were read.
    seconds: the time of the training; of several in step, the share of this one.   error: of a training that diverged.
    """

    study: Study
    feeds: Feeds
    solver: Solver
    stopping: EarlyStopping
    rates: RangeTest | None = None
    transfer: Transfer | None = None
    seconds: float = 0.0
    error: DivergenceError | None = None

    @classmethod
    def of(cls, study: Study, feeds: Feeds, *, initial_weights: bool = True) -> Self:
        """Decide what is "auto", build the model with its first weights, and the solver.

        initial_weights: False where a saved state brings them, so that no file of weights is read.
        Raises BackhandError for what makes the study impossible with this data.
        """
        study, rates = decide(study, feeds)
        model = model_for(study, feeds)
        transfer = init_weights(study, model) if initial_weights else None
        solver = build_solver(study, model, feeds)
        stopping = study.train.early_stopping.make(has_validation=feeds.validation is not None)
        limits = [] if study.train.limit is None else [study.train.limit]
        own = map(make_callback, study.callbacks)
        solver.callbacks = [DivergenceGuard(), *limits, *own, stopping]
        return cls(study, feeds, solver, stopping, rates, transfer)

    @property
    def chosen_epoch(self) -> int:
        """The epoch whose weights the model has at the end of `fit`."""
        return self.stopping.best_epoch if self.stopping.restore_best else self.solver.epoch

    def with_callbacks(self, *callbacks: Callback) -> Self:
        """Add callbacks, to be called after the guard against divergence and early stopping; returns the trainer."""
        self.solver.callbacks = [*self.solver.callbacks, *callbacks]
        return self

    def fit(self) -> Self:
        """Train to the last epoch of the study; returns the trainer, with an `error` if the training diverged."""
        start = time.perf_counter()
        try:
            self.solver.fit(self.feeds.train, self.feeds.validation, epochs=self.study.train.epoch_count)
        except DivergenceError as error:
            self.error = error
        self.seconds += time.perf_counter() - start
        return self

    def raise_divergence(self) -> Self:
        """Raises the `error` of a training that diverged; returns the trainer of one that did not."""
        if self.error is not None:
            raise self.error
        return self

    def test(self) -> Evaluation:
        """How well the weights that the model has do on the test split, as the study's views say."""
        return evaluate(self.solver.model, self.solver.loss, self.feeds.test, self.study.train.evaluation_augment)

    def validate(self) -> Evaluation | None:
        """How well the weights that the model has do on the validation split, where there is one."""
        if self.feeds.validation is None:
            return None
        return evaluate(self.solver.model, self.solver.loss, self.feeds.validation, self.study.train.evaluation_augment)


def _data_key(study: Study, data_dir: PathLike | None = None) -> object:
    """A key that is equal for studies that have their data in common."""
    return study.data, study.data_seed, study.train.evaluation_augment, study.extend, data_dir


@latest(_data_key)
def data_of(study: Study, data_dir: PathLike | None = None) -> Feeds:
    """The data of a study, divided and scaled; loaded once for successive studies that share it."""
    return load_feeds(study, data_dir)


def fingerprint_of(study: Study, data_dir: PathLike | None = None) -> str:
    """The fingerprint of the data of a study; computed once for successive studies that share them."""
    return _fingerprint(study, data_dir)


@latest(_data_key)
def _fingerprint(study: Study, data_dir: PathLike | None = None) -> str:
    return data_of(study, data_dir).fingerprint()


def weights_of(*studies: Study) -> tuple[Path, ...]:
    """The runs and files of weights that the trainings of these studies read, each once.

    A run that is extended may extend another one.
    """
    runs = list(dict.fromkeys(study.extend.run for study in studies if study.extend is not None))
    weights = [path for study in studies if (path := study.train.init_from) is not None and path.exists()]
    below = weights_of(*map(read_study, runs)) if runs else ()
    return tuple(dict.fromkeys((*runs, *weights, *below)))


def train(studies: Sequence[Study], feeds: Feeds, callbacks: Sequence[Callback]) -> list[Trainer]:
    """Train each study, with its own callback. Several must be `alike`; they are trained in step.

    Raises BackhandError for what makes a study impossible; a training that diverges is one of the results.
    """
    start = time.perf_counter()
    pairs = zip(studies, callbacks, strict=True)
    trainers = [Trainer.of(study, feeds).with_callbacks(callback) for study, callback in pairs]
    if len(trainers) == 1:
        trainers[0].fit()
    else:
        solvers, epochs = [trainer.solver for trainer in trainers], trainers[0].study.train.epoch_count
        errors = fit_together(solvers, feeds.train, feeds.validation, epochs=epochs)
        for trainer, error in zip(trainers, errors, strict=True):
            trainer.error = error
    for trainer in trainers:
        trainer.seconds = (time.perf_counter() - start) / len(trainers)
    return trainers


def alike(study: Study) -> str:
    """A key that is equal for studies that can train in step: those of one model, on the same batches."""
    flat = study.model_dump(mode="json", exclude={"name", "title", "seed", "search", "changes"})
    train = {key: value for key, value in flat["train"].items() if key not in MAY_DIFFER}
    return json.dumps(flat | {"train": train, "data_seed": study.data_seed}, sort_keys=True)


def in_step(items: Iterable[tuple[Study, Item]], limit: int) -> Iterator[list[Item]]:
    """The items in groups of at most `limit` that can train in step, in the order of the first item of each."""
    groups: dict[str, list[Item]] = {}
    for number, (study, item) in enumerate(items):
        key = f"{number} alone" if trains_alone(study.train) or study.callbacks else alike(study)
        groups.setdefault(key, []).append(item)
    for group in groups.values():
        for start in range(0, len(group), limit):
            yield group[start : start + limit]
