"""A part of a training that serves another one, and a training that goes on."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from backhand.callbacks import DivergenceGuard, EarlyStopping
from backhand.optim import SGD, Adam
from backhand.schedules import ReduceOnPlateau, Warmup

PARTS: dict[str, Callable[[], dict[str, Any]]] = {
    "early stopping": lambda: {"callbacks": [EarlyStopping(patience=3)]},
    "divergence guard": lambda: {"callbacks": [DivergenceGuard()]},
    "momentum": lambda: {"optimizer": SGD(0.1, 0.9)},
    "adam": lambda: {"optimizer": Adam(0.01)},
    "plateau": lambda: {"schedule": Warmup(0.1, 2, ReduceOnPlateau(0.1, 0.5, patience=1))},
}


@pytest.mark.parametrize("parts", PARTS.values(), ids=PARTS)
def test_a_new_training_forgets_what_its_parts_went_through_before(make_solver, blobs, parts) -> None:
    """As in a cross-validation, where every fold has a solver of its own and one early stopping serves all."""
    used, fresh = parts(), parts()
    make_solver(**used, model={"hidden": (5,)}).fit(*blobs, epochs=9)
    again, first = make_solver(**used), make_solver(**fresh)
    again.fit(*blobs, epochs=9)
    first.fit(*blobs, epochs=9)
    assert again.model.parameters.values.tobytes() == first.model.parameters.values.tobytes()
    assert repr(used) == repr(fresh)


def test_a_second_fit_goes_on(make_solver, blobs) -> None:
    once, twice = (make_solver(optimizer=Adam(0.01), callbacks=[EarlyStopping()]) for _ in range(2))
    once.fit(*blobs, epochs=6)
    for epochs in (2, 6):
        twice.fit(*blobs, epochs=epochs)
    np.testing.assert_array_equal(twice.optimizer.buffers["mean"], once.optimizer.buffers["mean"])
    assert twice.callbacks[0].best_epoch == once.callbacks[0].best_epoch
