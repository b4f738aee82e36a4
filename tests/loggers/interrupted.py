"""A training that breaks off and goes on, so that what a log holds in the end can be compared with a whole one."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from backhand.loggers import Logger
from backhand.training.callbacks import Callback
from backhand.training.solver import Solver


class Killer(Callback):
    """Keeps the state after one step, and ends the training after a later one."""

    def __init__(self, save: int, kill: int) -> None:
        self.save, self.kill, self.saved = save, kill, None

    def on_step_end(self, solver: Solver) -> None:
        if solver.step == self.save:
            arrays, facts = solver.state()
            copied = {name: array.copy() for name, array in arrays.items()}
            self.saved = copied, facts | {"history": list(map(dict, solver.history))}
        if solver.step == self.kill:
            raise KeyboardInterrupt


def resumed(
    make_solver: Any, blobs: Any, make_logger: Callable[[], Logger], *, save: int, kill: int, epochs: int
) -> Solver:
    """Train until `kill`, and go on from the state after `save`, with a logger that knows no more than that state."""
    killer = Killer(save, kill)
    with suppress(KeyboardInterrupt):
        make_solver(callbacks=[make_logger(), killer]).fit(*blobs, epochs=epochs)
    solver = make_solver(callbacks=[make_logger()])
    solver.load(*killer.saved)
    solver.fit(*blobs, epochs=epochs)
    return solver
