"""Several trainings in step, on the same batches: see `Stack` for what that saves."""

import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from copy import deepcopy
from typing import Protocol

import numpy as np

from backhand import backend
from backhand.arrays import Array, Labels
from backhand.data.feed import BatchSource, TrainingSource
from backhand.errors import DivergenceError
from backhand.model.stack import Stack
from backhand.precision import training_in
from backhand.training.evaluate import Evaluation, evaluate, evaluate_stack
from backhand.training.solver import Solver
from backhand.training.stateful import stateful_by_key


class Options(Protocol):
    """What says whether a training can go in step with others: a `Solver`, or the table `train` of a study."""

    @property
    def accumulate(self) -> int:
        """The micro-batches of a batch."""

    @property
    def unfreeze(self) -> Collection[object]:
        """The epochs at which layers begin to train."""

    @property
    def average(self) -> object:
        """The average of the weights, or None."""


def trains_alone(options: Options) -> bool:
    """Whether a training with these options cannot go in step with others."""
    return options.accumulate > 1 or bool(options.unfreeze) or options.average is not None


def fit_together(
    solvers: Sequence[Solver], train: TrainingSource, validation: BatchSource | None = None, *, epochs: int
) -> list[DivergenceError | None]:
    """Train as `fit` of each solver would, to rounding. Returns the error of each training that diverged, else None.

    A training that diverges or is stopped ends; the others go on. The models have one shape, and the solvers agree in
    batch size, `evaluate_train` and precision. The order of the batches and the augmentation are those of the first
    solver; an epoch's seconds are divided evenly. Raises ValueError where the solvers do not agree, share an object
    that a training changes, or were resumed at different batches.
    """
    if not solvers:
        return []
    _refuse_shared(solvers)
    first = solvers[0]
    if len({(s.batch_size, s.evaluate_train, s.precision) for s in solvers}) > 1:
        raise ValueError("trainings in step must agree in batch_size, evaluate_train and precision")
    if any(map(trains_alone, solvers)):
        raise ValueError("trainings in step cannot accumulate, unfreeze layers or average weights; fit each alone")
    splits = {"train": train if first.evaluate_train else None, "validation": validation}
    feeds = {split: feed for split, feed in splits.items() if feed is not None}
    diverged: dict[Solver, DivergenceError] = {}
    with np.errstate(over="ignore", invalid="ignore"), ExitStack() as guards:
        guards.callback(_separate_streams, solvers)
        for solver in solvers:
            guards.enter_context(solver.guarded())
            solver.begin_fit(train, epochs)
        group = _Group.aligned([solver for solver in solvers if solver.unfinished])
        while group.solvers:
            start = _training_clock(solvers)
            group.train_epoch(train)
            diverged |= group.diverged
            group = group.without(group.diverged)
            if group.solvers:
                group.end_epoch(group.evaluate(feeds), _training_clock(solvers) - start)
                group = group.without([solver for solver in group.solvers if not solver.unfinished])
        for solver in solvers:
            if solver not in diverged:
                _end_fit(solver, diverged)
    backend.trim()
    return [diverged.get(solver) for solver in solvers]


def _refuse_shared(solvers: Sequence[Solver]) -> None:
    """Raise ValueError where two solvers have one object that a training changes; schedules without state may be."""
    seen: set[int] = set()
    for solver in solvers:
        schedules = [s for s in (solver.schedule, solver.momentum_schedule) if s is not None and s.state()]
        mutable = [solver.model, solver.optimizer, *schedules, *stateful_by_key(solver.callbacks).values()]
        classes = {id(item): type(item).__name__ for item in mutable}
        for shared in classes.keys() & seen:
            raise ValueError(f"two trainings in step share one {classes[shared]}; give each of them its own")
        seen |= classes.keys()


def _end_fit(solver: Solver, diverged: dict[Solver, DivergenceError]) -> None:
    """End a training; one without an epoch whose weights can be kept counts as diverged."""
    try:
        solver.notify("on_fit_end")
    except DivergenceError as error:
        diverged[solver] = error
        solver.notify("on_exception")


def _training_clock(solvers: Sequence[Solver]) -> float:
    """A clock in seconds that stands still while any of the solvers saves."""
    return time.perf_counter() - sum(solver.saving_seconds for solver in solvers)


def _separate_streams(solvers: Collection[Solver]) -> None:
    """Give each solver random streams of its own, in the state of those that they share."""
    for solver in solvers:
        solver.streams.shuffle, solver.streams.augment = deepcopy((solver.streams.shuffle, solver.streams.augment))


class _Group:
    """The solvers in step.   running: those that have neither diverged nor been stopped, with their models in a stack.

    One that is stopped within an epoch takes no more steps, and is evaluated with the others when the epoch ends.
    """

    def __init__(self, solvers: Sequence[Solver]) -> None:
        self.solvers = list(solvers)
        self.diverged: dict[Solver, DivergenceError] = {}
        self._restack()

    def _restack(self) -> None:
        self.running = [solver for solver in self.solvers if not (solver in self.diverged or solver.stopped)]
        if self.running:
            self.stack = Stack([s.model for s in self.running], [s.streams.draw for s in self.running])

    @classmethod
    def aligned(cls, solvers: Sequence[Solver]) -> "_Group":
        """A group that shares the first solver's order and augmentation. All must stand at the same batch."""
        epochs = [solver.epoch_totals for solver in solvers]
        positions = [totals and (totals.steps, totals.order) for totals in epochs]
        if any(position != positions[0] for position in positions):
            raise ValueError(
                "trainings in step must be at the same batch of an epoch; resume them from states saved together"
            )
        for solver in solvers:
            solver.streams.shuffle, solver.streams.augment = solvers[0].streams.shuffle, solvers[0].streams.augment
        return cls(solvers)

    def without(self, ended: Collection[Solver]) -> "_Group":
        """The group without these solvers, which have random streams of their own again."""
        _separate_streams(ended)
        rest = [solver for solver in self.solvers if solver not in ended]
        return self if rest == self.solvers == self.running else _Group(rest)

    def train_epoch(self, train: TrainingSource) -> None:
        """Train on the batches of the epoch, or on those that remain of it after an interruption."""
        for solver in self.solvers:
            solver.begin_epoch().start_clock(len(self.solvers))
        for index in self.solvers[0].remaining_batches(train):
            if not self.running:
                break
            self._train_step(*train.draw(index, self.solvers[0].streams.augment))

    def _train_step(self, x: Array, labels: Labels | Array, weights: Array | None = None) -> None:
        """One step of every solver that is running."""
        for solver in self.running:
            solver.begin_step(x, labels, weights)
        with training_in(self.running[0].precision):
            scores = self.stack.forward(x)
        gradients = np.zeros_like(scores)
        for s, solver in enumerate(self.running):
            try:
                gradients[s] = solver.loss_gradient(scores[s])
            except DivergenceError as error:
                self.diverged[solver] = error
                solver.notify("on_exception")
        self.stack.backward(gradients)
        self.stack.release()
        for s, solver in enumerate(self.running):
            if solver not in self.diverged:
                solver.end_step(scores[s])
        if any(solver in self.diverged or solver.stopped for solver in self.running):
            self._restack()

    def evaluate(self, feeds: Mapping[str, BatchSource]) -> dict[str, list[Evaluation]]:
        """Evaluate every model on each split."""
        return {split: self._evaluate(feed) for split, feed in feeds.items()}

    def _evaluate(self, feed: BatchSource) -> list[Evaluation]:
        losses = [solver.loss for solver in self.running]
        stacked = dict(zip(self.running, evaluate_stack(self.stack, losses, feed), strict=True)) if losses else {}
        return [stacked.get(solver) or evaluate(solver.model, solver.loss, feed) for solver in self.solvers]

    def end_epoch(self, evaluations: Mapping[str, Sequence[Evaluation]], seconds: float) -> None:
        """Write every solver's record. seconds: that the epoch, or the rest of it, took all solvers together."""
        for s, solver in enumerate(self.solvers):
            earlier = 0.0 if solver.epoch_totals is None else solver.epoch_totals.seconds
            by_split = {split: models[s] for split, models in evaluations.items()}
            solver.end_epoch(by_split, earlier + seconds / len(self.solvers))
