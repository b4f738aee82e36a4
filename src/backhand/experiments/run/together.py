"""A run by several processes of mpiexec: rank 0 reads, writes and prints; the others train with it.

Rank 0 is the program that the person started, and gives orders, functions that every other process calls. So the others
need no folder, and no options of their own.
"""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import backhand
from backhand import backend
from backhand.errors import BackhandError
from backhand.experiments.build import load_feeds
from backhand.experiments.run import KIND
from backhand.experiments.trainer import Trainer
from backhand.experiments.watch import watched
from backhand.files.paths import command
from backhand.study import Study
from backhand.training.callback import Callback
from backhand.training.parallel.ranks import Ranks
from backhand.training.parallel.solver import ParallelSolver
from backhand.training.saving import Checkpoint
from backhand.training.solver import Solver


@dataclass(frozen=True)
class TrainTogether:
    """The order to train a study together. It stands for everything that rank 0 has decided.

    data: the fingerprint of the data.   data_dir: where data sets lie for rank 0; elsewhere, where they do by default.
    threads: of each process; None: its share of the cores of its host.
    """

    study: Study
    data: str
    data_dir: Path | None
    version: str
    backend: str
    threads: int | None

    @classmethod
    def of(cls, ranks: Ranks, study: Study, data: str, data_dir: Path | None) -> "TrainTogether":
        """The order of this process, with its version of Backhand, its backend and its threads."""
        threads = None if backend.threads() == ranks.threads() else backend.threads()
        return cls(study, data, data_dir, backhand.__version__, backend.chosen(), threads)

    def __call__(self, ranks: Ranks) -> None:
        """Make the training ready and take part in it, or tell rank 0 what prevents that."""
        problem, trainer = "", None
        try:
            trainer = self._trainer(ranks)
        except BackhandError as error:
            problem = f"{ranks}: {error}"
        if not any(ranks.gather(problem)) and trainer is not None:
            self._take_part(ranks, trainer)

    def _take_part(self, ranks: Ranks, trainer: Trainer) -> None:
        ending = _Ending()
        try:
            with handled(ranks, trainer.with_callbacks(ending).solver, ending.begin):
                trainer.fit()
        except KeyboardInterrupt:
            if ranks.busy:
                raise

    def _trainer(self, ranks: Ranks) -> Trainer:
        """The training as rank 0 has it. Raises BackhandError for another version of Backhand, and for other data."""
        if self.version != backhand.__version__:
            raise BackhandError(
                f"it has Backhand {backhand.__version__}, and rank 0 has {self.version}; install one version everywhere"
            )
        backend.use(self.backend, self.threads or ranks.threads())
        known = self.data_dir is not None and self.data_dir.is_dir()
        feeds = load_feeds(self.study, self.data_dir if known else None)
        if feeds.fingerprint() != self.data:
            raise BackhandError(
                f"its data set {self.study.data.name} has other samples than that of rank 0; copy the files of rank 0"
            )
        return Trainer.of(self.study, feeds, initial_weights=False, ranks=ranks)


class _Ending(Callback):
    """Ends the training of a process after the step in which all processes have heard of Ctrl-C."""

    def __init__(self) -> None:
        self.begun = False

    def begin(self) -> None:
        self.begun = True

    def on_step_end(self, solver: Solver) -> None:
        if self.begun:
            raise KeyboardInterrupt


def lead(ranks: Ranks, order: TrainTogether) -> None:
    """Have all other processes make a training ready. Raises BackhandError where one of them cannot."""
    ranks.order(order)
    if problems := [problem for problem in ranks.gather("") if problem]:
        raise BackhandError(problems[0])


@contextmanager
def handled(ranks: Ranks, solver: Solver, ending: Callable[[], None]) -> Iterator[None]:
    """In this context, Ctrl-C has all processes end after the same step; a second Ctrl-C ends this one at once.

    ending: called, on every process, within the step after which the training is to end.
    """
    assert isinstance(solver, ParallelSolver), "several ranks need a ParallelSolver"
    parallel = solver
    if threading.current_thread() is not threading.main_thread():  # the only one that Python gives signals to
        yield
        return
    before = signal.getsignal(signal.SIGINT)

    def handle(_number: int, _frame: FrameType | None) -> None:
        if parallel.interrupted:
            raise KeyboardInterrupt
        parallel.interrupted = True

    parallel.interrupted, parallel.on_interrupt = False, ending
    signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if parallel.interrupted and ranks.leads:  # Ctrl-C came after the last step
        raise KeyboardInterrupt


@contextmanager
def led(solver: Solver, saving: Checkpoint, folder: Path) -> Iterator[None]:
    """In this context, rank 0 trains with the others: Ctrl-C saves a step first, and a lost rank is told."""
    assert isinstance(solver, ParallelSolver), "several ranks need a ParallelSolver"
    resume = command(["mpiexec", "-n", solver.ranks.size, "backhand", *KIND.resume, folder])
    with watched(f"go on with: {resume}"), handled(solver.ranks, solver, saving.end):
        yield
