"""Several trainings in step, on the same batches: see `Stack` for what that saves."""

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from copy import deepcopy

import numpy as np
from numpy.typing import NDArray

from backhand import backend
from backhand.arrays import Array, Labels
from backhand.data.feed import BatchSource, TrainSource
from backhand.errors import DivergenceError
from backhand.model.stack import Stack
from backhand.training.evaluate import Evaluation, evaluate_each
from backhand.training.solver import Solver
from backhand.training.stateful import keyed


def fit_together(
    solvers: Sequence[Solver], train: TrainSource, validation: BatchSource | None = None, *, epochs: int
) -> list[DivergenceError | None]:
    """What `fit` of each solver does, to rounding; but a training that diverges ends alone, and its error is returned.

    Their models have one shape, and they agree in batch size and `evaluate_train`. Batches come in the order, and with
    the augmentation, of the first. An epoch's seconds are shared out evenly. Raises ValueError when they do not agree,
    when they share what each must have for itself, or when they have been resumed at different batches of an epoch.
    """
    if not solvers:
        return []
    _refuse_shared(solvers)
    first = solvers[0]
    if any((s.batch_size, s.evaluate_train) != (first.batch_size, first.evaluate_train) for s in solvers):
        raise ValueError("trainings in step must agree in batch_size and evaluate_train")
    parts = {"train": train if first.evaluate_train else None, "validation": validation}
    lost: dict[Solver, DivergenceError] = {}
    work = sum(solver.work(train) for solver in solvers)
    with np.errstate(over="ignore", invalid="ignore"), backend.threads_for(work), ExitStack() as watches:
        watches.callback(_part, solvers)
        for solver in solvers:
            watches.enter_context(solver.watched())
            solver.begin_fit(train, epochs)
        going = _Going.in_step([solver for solver in solvers if solver.goes_on])
        while going.solvers:
            begin = _clock(solvers)
            for index in going.begin_epoch(train):
                going.train_step(*train.draw(index, going.solvers[0].augment_rng))
            lost |= going.lost
            going = going.without(going.lost)
            if going.solvers:
                measured = going.measure({name: part for name, part in parts.items() if part is not None})
                going.end_epoch(measured, _clock(solvers) - begin)
                going = going.without([solver for solver in going.solvers if not solver.goes_on])
        for solver in solvers:
            if solver not in lost:
                _end(solver, lost)
    backend.trim()
    return [lost.get(solver) for solver in solvers]


def _refuse_shared(solvers: Sequence[Solver]) -> None:
    """Raises ValueError where two solvers have one object that a training changes; a plain schedule may be shared."""
    seen: set[int] = set()
    for solver in solvers:
        schedules = [each for each in (solver.schedule, solver.momentum_schedule) if each is not None and each.state()]
        parts = [solver.model, solver.optimizer, *schedules, *keyed(solver.callbacks).values()]
        own = {id(part): type(part).__name__ for part in parts}
        for shared in own.keys() & seen:
            raise ValueError(f"two trainings in step have the same {own[shared]}; give each its own")
        seen |= own.keys()


def _end(solver: Solver, lost: dict[Solver, DivergenceError]) -> None:
    """The end of a training; one that leaves no weights to keep is lost."""
    try:
        solver.tell("on_fit_end")
    except DivergenceError as error:
        lost[solver] = error
        solver.tell("on_exception")


def _clock(solvers: Sequence[Solver]) -> float:
    """Seconds that go by, but for those that any of them spends on saving."""
    return time.perf_counter() - sum(solver.saving_seconds for solver in solvers)


def _part(solvers: Collection[Solver]) -> None:
    """Give each streams of its own, which stand where the common ones do."""
    for solver in solvers:
        solver.shuffle_rng, solver.augment_rng = deepcopy((solver.shuffle_rng, solver.augment_rng))


class _Going:
    """The solvers that still train, and their models as a stack."""

    def __init__(self, solvers: Sequence[Solver]) -> None:
        self.solvers = solvers
        self.lost: dict[Solver, DivergenceError] = {}
        if solvers:
            self.stack = Stack([s.model for s in solvers], [s.draw_rng for s in solvers])

    @classmethod
    def in_step(cls, solvers: Sequence[Solver]) -> "_Going":
        """Those that go on from one place, and from now on by the streams of the first."""
        places = [solver.running and (solver.running.steps, solver.running.order) for solver in solvers]
        if any(place != places[0] for place in places):
            raise ValueError("trainings in step must stand at the same batch of an epoch")
        for solver in solvers:
            solver.shuffle_rng, solver.augment_rng = solvers[0].shuffle_rng, solvers[0].augment_rng
        return cls(solvers)

    def without(self, ended: Collection[Solver]) -> "_Going":
        """Those that go on without these, which have streams of their own again."""
        _part(ended)
        rest = [solver for solver in self.solvers if solver not in ended]
        return self if len(rest) == len(self.solvers) else _Going(rest)

    def begin_epoch(self, train: TrainSource) -> Iterator[NDArray[np.intp]]:
        """The batches of the epoch, or those that are left of it."""
        for solver in self.solvers:
            solver.begin_epoch()
        return self.solvers[0].batches_left(train)

    def train_step(self, x: Array, labels: Labels | Array) -> None:
        """One step of all that are not lost yet."""
        active = [(s, solver) for s, solver in enumerate(self.solvers) if solver not in self.lost]
        if not active:
            return
        for _, solver in active:
            solver.begin_step(x, labels)
        scores = self.stack.forward(x)
        slopes = np.zeros_like(scores)
        for s, solver in active:
            try:
                slopes[s] = solver.judge(scores[s])
            except DivergenceError as error:
                self.lost[solver] = error
                solver.tell("on_exception")
        self.stack.backward(slopes)
        self.stack.release()
        for s, solver in active:
            if solver not in self.lost:
                solver.end_step(scores[s])

    def measure(self, parts: Mapping[str, BatchSource]) -> dict[str, list[Evaluation]]:
        """Each model on these parts of the data."""
        losses = [solver.loss for solver in self.solvers]
        return {name: evaluate_each(self.stack, losses, part) for name, part in parts.items()}

    def end_epoch(self, measured: Mapping[str, Sequence[Evaluation]], seconds: float) -> None:
        """seconds: that the epoch took all of them, or what was left of it."""
        for s, solver in enumerate(self.solvers):
            before = 0.0 if solver.running is None else solver.running.seconds
            own = {name: each[s] for name, each in measured.items()}
            solver.end_epoch(own, before + seconds / len(self.solvers))
