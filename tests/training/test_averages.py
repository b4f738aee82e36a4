"""Averaged weights: their formulas, batch statistics, what is evaluated and kept, and resuming."""

from copy import deepcopy
from typing import Any

import numpy as np
import pytest

from backhand.training.averages import ExponentialAverage, StochasticAverage, renew_statistics
from backhand.training.callbacks import Callback, EarlyStopping
from backhand.training.evaluate import evaluate
from backhand.training.lockstep import fit_together


class Watch(Callback):
    """Keeps the parameters after each step and after each epoch."""

    def __init__(self) -> None:
        self.steps: list[np.ndarray] = []
        self.epochs: list[np.ndarray] = []

    def on_step_end(self, solver) -> None:
        self.steps.append(solver.model.parameters.values.copy())

    def on_epoch_end(self, solver) -> None:
        self.epochs.append(solver.model.parameters.values.copy())


def test_the_exponential_average_follows_its_formula(make_solver, blobs) -> None:
    watch, average = Watch(), ExponentialAverage(0.9)
    solver = make_solver(dtype=np.float64, average=average, callbacks=[watch])
    solver.fit(*blobs, epochs=8)
    values = watch.steps[0]
    for t, w in enumerate(watch.steps[1:], start=1):
        d = min(0.9, (1 + t) / (10 + t))
        values = d * values + (1 - d) * w
    np.testing.assert_allclose(average.values, values, rtol=1e-10)
    np.testing.assert_array_equal(solver.model.parameters.values, average.values)  # the fit ends with it


def test_the_stochastic_average_is_the_mean_of_the_last_epochs(make_solver, blobs) -> None:
    watch, average = Watch(), StochasticAverage(start=4)
    make_solver(dtype=np.float64, average=average, callbacks=[watch]).fit(*blobs, epochs=7)
    np.testing.assert_allclose(average.values, np.mean(watch.epochs[3:], axis=0), rtol=1e-10)


def test_the_average_is_what_is_evaluated_and_kept(make_solver, blobs) -> None:
    stopping = EarlyStopping()
    solver = make_solver(dtype=np.float64, average=ExponentialAverage(0.95), callbacks=[stopping])
    history = solver.fit(*blobs, epochs=6)
    best = min(history, key=lambda record: record["validation_loss"])
    assert stopping.best_epoch == best["epoch"]
    assert evaluate(solver.model, solver.loss, blobs[1]).loss == pytest.approx(best["validation_loss"], rel=1e-12)


def test_batch_statistics_are_those_of_the_averaged_weights(make_solver, blobs) -> None:
    options = {"model": {"batchnorm": True}, "dtype": np.float64, "batch_size": 150}
    solver = make_solver(average=StochasticAverage(), **options)
    solver.fit(*blobs, epochs=4)
    x = blobs[0].batch(slice(None))[0].astype(np.float64)
    before = solver.model.layers[1].forward(x)
    norm = solver.model.layers[2]
    np.testing.assert_allclose(norm.state["running_mean"], before.mean(0), rtol=1e-6)
    np.testing.assert_allclose(norm.state["running_var"], before.var(0, ddof=1), rtol=1e-6)


def test_renewing_keeps_the_momentum_and_leaves_frozen_layers_alone(make_solver, blobs) -> None:
    model = make_solver(model={"batchnorm": True}).model
    renew_statistics(model, blobs[0], 40)
    assert model.layers[2].momentum == 0.1
    assert model.layers[2].state["running_mean"].any()
    model.freeze("2")
    kept = model.layers[2].state["running_mean"].copy()
    renew_statistics(model, blobs[0], 20)
    np.testing.assert_array_equal(model.layers[2].state["running_mean"], kept)


@pytest.mark.parametrize("kind", [lambda: ExponentialAverage(0.9), lambda: StochasticAverage(2)])
def test_a_resumed_training_has_the_same_average(kind, make_solver, blobs) -> None:
    def make():
        return make_solver(model={"batchnorm": True}, average=kind(), callbacks=[EarlyStopping()])

    whole, first, second = make(), make(), make()
    states: list[Any] = []

    class Keep(Callback):
        def on_step_end(self, solver) -> None:
            if solver.step == 9:
                states.append(deepcopy(solver.state()))

    first.callbacks = [*first.callbacks, Keep()]
    for solver in (whole, first):
        solver.fit(*blobs, epochs=5)
    second.load(*states[0])
    second.fit(*blobs, epochs=5)
    for name, value in whole.model.arrays().items():
        np.testing.assert_array_equal(second.model.arrays()[name], value)
    losses = [[record["validation_loss"] for record in solver.history] for solver in (whole, second)]
    assert losses[0] == losses[1]


def test_averages_are_not_trained_in_step(make_solver, blobs) -> None:
    solvers = [make_solver(average=ExponentialAverage()), make_solver()]
    with pytest.raises(ValueError, match="cannot accumulate, unfreeze layers or average weights"):
        fit_together(solvers, *blobs, epochs=1)


def test_bad_settings_are_refused() -> None:
    with pytest.raises(ValueError, match=r"in \[0, 1\), not 1"):
        ExponentialAverage(1.0)
    with pytest.raises(ValueError, match="epoch 1 or later, not 0"):
        StochasticAverage(0)
