"""Early stopping, driven by losses that are written down here."""

import numpy as np
import pytest

from backhand.errors import BackhandError
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


LOSSES = [5, 3, 4, 4, 2, 3, 3, 3, 1, 9]


@pytest.mark.parametrize(("patience", "last", "best"), [(1, 3, 2), (2, 4, 2), (3, 8, 5), (4, 10, 9), (None, 10, 9)])
def test_patience_counts_the_epochs_since_the_best(make_solver, blobs, patience, last: int, best: int) -> None:
    stopping = EarlyStopping(patience)
    solver = play(make_solver, blobs, LOSSES, stopping)
    assert (solver.epoch, stopping.best_epoch, stopping.best) == (last, best, LOSSES[best - 1])
    assert epoch_of_the_weights(solver) == best
    reason = f"early stopping: no better validation loss for {patience} epochs"
    assert solver.stopped == (reason if last < 10 else "")


def test_an_accuracy_is_better_when_higher(make_solver, blobs) -> None:
    stopping = EarlyStopping(2, monitor="validation_accuracy")
    solver = play(make_solver, blobs, [0.5, 0.7, 0.6, 0.7, 0.9], stopping)
    assert (solver.epoch, stopping.best_epoch, stopping.best) == (4, 2, 0.7)  # an equal one is not better
    assert "no better validation accuracy for 2 epochs" in solver.stopped


@pytest.mark.parametrize(("restore", "weights"), [(True, 2), (False, 4)])
def test_the_best_weights_come_back_if_asked_for(make_solver, blobs, restore: bool, weights: int) -> None:
    solver = play(make_solver, blobs, [2, 1, 3, 4], EarlyStopping(restore_best=restore))
    assert epoch_of_the_weights(solver) == weights


def test_the_running_statistics_come_back_with_the_weights(make_solver, blobs) -> None:
    states = []

    class Watch(Callback):
        def on_epoch_end(self, solver: Solver) -> None:
            states.append(solver.model.snapshot())

    script, stopping = Script("validation_loss", [2, 1, 3]), EarlyStopping()
    solver = make_solver({"batchnorm": True}, callbacks=[script, Watch(), stopping])
    solver.fit(*blobs, epochs=3)
    for name, value in solver.model.arrays().items():
        np.testing.assert_array_equal(value, states[1][name], err_msg=name)
    assert not np.array_equal(states[1]["2.running_mean"], states[2]["2.running_mean"])


def test_the_training_loss_can_be_watched_without_validation(make_solver, blobs) -> None:
    stopping = EarlyStopping(1, monitor="train_loss")
    make_solver(callbacks=[stopping]).fit(blobs[0], epochs=3)
    assert stopping.best_epoch > 0


def test_a_figure_that_is_not_measured_is_named(make_solver, blobs) -> None:
    with pytest.raises(
        BackhandError, match=r"^early stopping cannot monitor validation_loss: the history holds epoch, step"
    ):
        make_solver(callbacks=[EarlyStopping()]).fit(blobs[0], epochs=1)
