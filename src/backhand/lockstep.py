"""Several trainings in step, on the same batches: see `Stack` for what that saves."""

import time
from collections.abc import Collection, Sequence

import numpy as np

from backhand import backend
from backhand.arrays import Array, Labels
from backhand.data.feed import Feed
from backhand.errors import DivergenceError
from backhand.evaluate import evaluate_each
from backhand.solver import Solver
from backhand.stack import Stack


def fit_together(
    solvers: Sequence[Solver], train: Feed, validation: Feed | None = None, *, epochs: int
) -> list[DivergenceError | None]:
    """What `fit` of each solver does, to rounding; but a training that diverges ends alone, and its error is returned.

    Their models have one shape, and they agree in batch size and `evaluate_train`. Batches come in the order, and with
    the augmentation, of the first. An epoch's seconds are shared out evenly. Raises ValueError when they do not agree.
    """
    first = solvers[0]
    if any((s.batch_size, s.evaluate_train) != (first.batch_size, first.evaluate_train) for s in solvers):
        raise ValueError("trainings in step must agree in batch_size and evaluate_train")
    lost: dict[Solver, DivergenceError] = {}
    work = sum(solver.work(train) for solver in solvers)
    with np.errstate(over="ignore", invalid="ignore"), backend.threads_for(work):
        for solver in solvers:
            solver.begin_fit(train, epochs)
        going = _Going([solver for solver in solvers if solver.goes_on])
        while going.solvers:
            begin = time.perf_counter()
            for index in first.batches(train):
                going.train_step(*train.draw(index, first.augment_rng))
            lost |= going.lost
            going = going.without(lost)
            if going.solvers:
                going.end_epoch({"train": train if first.evaluate_train else None, "validation": validation}, begin)
                going = going.without([solver for solver in going.solvers if not solver.goes_on])
        for solver in solvers:
            if solver not in lost:
                _end(solver, lost)
    backend.trim()
    return [lost.get(solver) for solver in solvers]


def _end(solver: Solver, lost: dict[Solver, DivergenceError]) -> None:
    """The end of a training; one that leaves no weights to keep is lost."""
    try:
        solver.tell("on_fit_end")
    except DivergenceError as error:
        lost[solver] = error


class _Going:
    """The solvers that still train, and their models as a stack."""

    def __init__(self, solvers: Sequence[Solver]) -> None:
        self.solvers = solvers
        self.lost: dict[Solver, DivergenceError] = {}
        if solvers:
            self.stack = Stack([s.model for s in solvers], [s.draw_rng for s in solvers])

    def without(self, ended: Collection[Solver]) -> "_Going":
        """Those that go on without these."""
        rest = [solver for solver in self.solvers if solver not in ended]
        return self if len(rest) == len(self.solvers) else _Going(rest)

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
        self.stack.backward(slopes)
        self.stack.release()
        for s, solver in active:
            if solver not in self.lost:
                solver.end_step()
                solver.running.add(solver, scores[s])

    def end_epoch(self, parts: dict[str, Feed | None], begin: float) -> None:
        """Measure these parts of the data; begin: when the epoch began."""
        losses = [solver.loss for solver in self.solvers]
        measured = {name: evaluate_each(self.stack, losses, part) for name, part in parts.items() if part}
        seconds = (time.perf_counter() - begin) / len(self.solvers)
        for s, solver in enumerate(self.solvers):
            solver.end_epoch({name: each[s] for name, each in measured.items()}, seconds)
