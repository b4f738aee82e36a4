"""What served one training and serves a new one begins afresh; a second fit of the same one goes on."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from backhand.training.callbacks import DivergenceGuard, EarlyStopping, Limit
from backhand.training.optimizers import SGD, Adam
from backhand.training.schedules import ReduceOnPlateau, Warmup

OPTIONS: dict[str, Callable[[], dict[str, Any]]] = {
    "early stopping": lambda: {"callbacks": [EarlyStopping(patience=3)]},
    "divergence guard": lambda: {"callbacks": [DivergenceGuard()]},
    "momentum": lambda: {"optimizer": SGD(0.1, 0.9)},
    "adam": lambda: {"optimizer": Adam(0.01)},
    "plateau": lambda: {"schedule": Warmup(0.1, 2, ReduceOnPlateau(0.1, 0.5, patience=1))},
}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_a_new_training_forgets_what_its_options_went_through_before(make_solver, blobs, options) -> None:
    """As in a cross-validation, where every fold has a solver of its own and one early stopping serves all."""
    used, fresh = options(), options()
    make_solver(**used, model={"hidden": (5,)}).fit(*blobs, epochs=9)
    again, first = make_solver(**used), make_solver(**fresh)
    again.fit(*blobs, epochs=9)
    first.fit(*blobs, epochs=9)
    assert again.model.parameters.values.tobytes() == first.model.parameters.values.tobytes()
    assert repr(used) == repr(fresh)


RESET = {
    "early stopping": lambda: EarlyStopping(patience=3),
    "divergence guard": lambda: DivergenceGuard(),
    "divergence guard with a limit": lambda: DivergenceGuard(limit=50.0),
    "plateau": lambda: ReduceOnPlateau(0.1, 0.5, patience=0),
}


@pytest.mark.parametrize("make", RESET.values(), ids=RESET)
def test_what_is_reset_is_as_new(make_solver, blobs, make) -> None:
    used, new = make(), make()
    given = {"schedule": used} if isinstance(used, ReduceOnPlateau) else {"callbacks": [used]}
    make_solver(**given).fit(*blobs, epochs=9)
    used.reset()
    assert repr(used) == repr(new)
    assert vars(used) == {name: getattr(new, name) for name in vars(used)}


def test_an_optimizer_that_is_reset_has_no_momentum(make_solver, blobs) -> None:
    optimizer = SGD(0.1, 0.9)
    make_solver(optimizer=optimizer).fit(*blobs, epochs=1)
    assert optimizer.buffers
    optimizer.reset()
    assert optimizer.buffers == {}


def test_a_new_solver_knows_of_nothing(make_solver) -> None:
    solver = make_solver(batch_size=20)
    assert (solver.history, solver.remarks, solver.stopped) == ([], [], "")
    assert (solver.batch_loss, solver.gradient_norm, solver.saving_seconds, solver.elapsed) == (0, 0, 0, 0)


def test_a_fit_that_was_stopped_does_not_stop_one_to_more_epochs(make_solver, blobs) -> None:
    solver = make_solver(callbacks=[Limit(steps=2)])
    solver.fit(*blobs, epochs=3)
    assert (solver.step, solver.epoch, solver.stopped) == (2, 1, "the limit of 2 steps")
    solver.fit(*blobs, epochs=3)
    assert solver.step == 2
    solver.callbacks = [Limit(steps=7)]
    solver.fit(*blobs, epochs=4)
    assert (solver.step, solver.epoch, solver.stopped) == (7, 3, "the limit of 7 steps")
    solver.callbacks = []
    solver.fit(*blobs, epochs=5)
    assert (solver.step, solver.epoch, solver.stopped) == (15, 5, "")


def test_a_second_fit_goes_on(make_solver, blobs) -> None:
    once, twice = (make_solver(optimizer=Adam(0.01), callbacks=[EarlyStopping()]) for _ in range(2))
    once.fit(*blobs, epochs=6)
    for epochs in (2, 6):
        twice.fit(*blobs, epochs=epochs)
    np.testing.assert_array_equal(twice.optimizer.buffers["mean"], once.optimizer.buffers["mean"])
    assert twice.callbacks[0].best_epoch == once.callbacks[0].best_epoch
