"""Several trainings in step, on the same batches: see `Stack` for what that saves."""

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from copy import deepcopy

import numpy as np
from numpy.typing import NDArray

from backhand import backend
from backhand.arrays import Array, Labels
from backhand.data.feed import BatchSource, TrainingSource
from backhand.errors import DivergenceError
from backhand.model.stack import Stack
from backhand.training.evaluate import Evaluation, evaluate_stack
from backhand.training.solver import Solver
from backhand.training.stateful import stateful_by_key


def fit_together(
    solvers: Sequence[Solver], train: TrainingSource, validation: BatchSource | None = None, *, epochs: int
) -> list[DivergenceError | None]:
    """Train as `fit` of each solver would, to rounding. Returns the error of each training that diverged, else None.

    A training that diverges ends; the others go on. The models have one shape, and the solvers agree in batch size and
    `evaluate_train`. The order of the batches and the augmentation are those of the first solver; an epoch's seconds
    are divided evenly. Raises ValueError where the solvers do not agree, share an object that a training changes, or
    were resumed at different batches.
    """
    if not solvers:
        return []
    _refuse_shared(solvers)
    first = solvers[0]
    if any((s.batch_size, s.evaluate_train) != (first.batch_size, first.evaluate_train) for s in solvers):
        raise ValueError("trainings in step must agree in batch_size and evaluate_train")
    if any(not solver.can_train_in_step for solver in solvers):
        raise ValueError("trainings in step cannot accumulate, unfreeze layers or average weights; fit each alone")
    splits = {"train": train if first.evaluate_train else None, "validation": validation}
    feeds = {split: feed for split, feed in splits.items() if feed is not None}
    diverged: dict[Solver, DivergenceError] = {}
    work = sum(solver.work(train) for solver in solvers)
    with np.errstate(over="ignore", invalid="ignore"), backend.threads_for(work), ExitStack() as guards:
        guards.callback(_separate_streams, solvers)
        for solver in solvers:
            guards.enter_context(solver.guarded())
            solver.begin_fit(train, epochs)
        group = _Group.aligned([solver for solver in solvers if solver.unfinished])
        while group.solvers:
            start = _training_clock(solvers)
            for index in group.begin_epoch(train):
                group.train_step(*train.draw(index, group.solvers[0].streams.augment))
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
    """The solvers that still train, with their models in a stack."""

    def __init__(self, solvers: Sequence[Solver]) -> None:
        self.solvers = solvers
        self.diverged: dict[Solver, DivergenceError] = {}
        if solvers:
            self.stack = Stack([s.model for s in solvers], [s.streams.draw for s in solvers])

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
        return self if len(rest) == len(self.solvers) else _Group(rest)

    def begin_epoch(self, train: TrainingSource) -> Iterator[NDArray[np.intp]]:
        """The batches of the epoch, or those that remain of it after an interruption."""
        for solver in self.solvers:
            solver.begin_epoch()
        return self.solvers[0].remaining_batches(train)

    def train_step(self, x: Array, labels: Labels | Array, weights: Array | None = None) -> None:
        """One step of every solver that has not diverged."""
        active = [(s, solver) for s, solver in enumerate(self.solvers) if solver not in self.diverged]
        if not active:
            return
        for _, solver in active:
            solver.begin_step(x, labels, weights)
        scores = self.stack.forward(x)
        gradients = np.zeros_like(scores)
        for s, solver in active:
            try:
                gradients[s] = solver.loss_gradient(scores[s])
            except DivergenceError as error:
                self.diverged[solver] = error
                solver.notify("on_exception")
        self.stack.backward(gradients)
        self.stack.release()
        for s, solver in active:
            if solver not in self.diverged:
                solver.end_step(scores[s])

    def evaluate(self, feeds: Mapping[str, BatchSource]) -> dict[str, list[Evaluation]]:
        """Evaluate every model on each split."""
        losses = [solver.loss for solver in self.solvers]
        return {split: evaluate_stack(self.stack, losses, feed) for split, feed in feeds.items()}

    def end_epoch(self, evaluations: Mapping[str, Sequence[Evaluation]], seconds: float) -> None:
        """Write every solver's record. seconds: that the epoch, or the rest of it, took all solvers together."""
        for s, solver in enumerate(self.solvers):
            earlier = 0.0 if solver.epoch_totals is None else solver.epoch_totals.seconds
            by_split = {split: models[s] for split, models in evaluations.items()}
            solver.end_epoch(by_split, earlier + seconds / len(self.solvers))
