"""Callbacks that several test files train with: figures that are given, and a record of what happened."""

from backhand.training.callbacks import Callback, EarlyStopping
from backhand.training.optimizers import SGD
from backhand.training.solver import Solver


class Script(Callback):
    """Puts given figures into the history, and marks the weights with the epoch's number."""

    def __init__(self, monitor: str, values: list[float]) -> None:
        self.monitor, self.values = monitor, values

    def on_epoch_end(self, solver: Solver) -> None:
        solver.history[-1][self.monitor] = self.values[solver.epoch - 1]
        solver.model.parameters.values[:] = solver.epoch


def play(make_solver, blobs, values: list[float], stopping: EarlyStopping) -> Solver:
    script = Script(stopping.monitor, values)
    solver = make_solver({"batchnorm": True}, callbacks=[script, stopping], optimizer=SGD(1e-6))
    solver.fit(*blobs, epochs=len(values))
    return solver


def epoch_of_the_weights(solver: Solver) -> float:
    return float(solver.model.parameters.values[0])


class Recorder(Callback):
    """The batches, their losses and the hooks, in order."""

    def __init__(self) -> None:
        self.batches, self.losses, self.hooks = [], [], []

    def on_fit_begin(self, solver: Solver) -> None:
        self.hooks.append("begin")

    def on_loss(self, solver: Solver) -> None:
        self.hooks.append("loss")
        self.batches.append(solver.batch)
        self.losses.append(solver.batch_loss)

    def on_step_end(self, solver: Solver) -> None:
        self.hooks.append(f"step {solver.step}")

    def on_epoch_end(self, solver: Solver) -> None:
        self.hooks.append(f"epoch {solver.epoch} of {len(solver.history)}")

    def on_fit_end(self, solver: Solver) -> None:
        self.hooks.append("end")
