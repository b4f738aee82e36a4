"""What a training records of every epoch, and what the figures mean."""

import time

import numpy as np
import pytest

from backhand.training.callbacks import Callback
from backhand.training.evaluate import evaluate
from backhand.training.optimizers import SGD
from backhand.training.solver import Solver

PLAIN = ["epoch", "step", "lr", "momentum", "gradient_norm", "penalty", "train_loss", "train_accuracy", "train_error"]
VALIDATION = ["validation_loss", "validation_accuracy", "validation_error"]


def test_the_history_has_one_record_an_epoch(make_solver, blobs) -> None:
    history = make_solver().fit(blobs[0], epochs=2)
    assert [list(record) for record in history] == [[*PLAIN, "seconds", "elapsed"]] * 2
    assert [(record["epoch"], record["step"]) for record in history] == [(1, 4), (2, 8)]
    history = make_solver().fit(*blobs, epochs=1)
    assert list(history[0]) == [*PLAIN, *VALIDATION, "seconds", "elapsed"]


def test_seconds_add_up_to_elapsed(make_solver, blobs) -> None:
    history = make_solver().fit(*blobs, epochs=3)
    np.testing.assert_allclose(np.cumsum([r["seconds"] for r in history]), [r["elapsed"] for r in history])
    assert all(record["seconds"] > 0 for record in history)


def test_the_seconds_of_an_epoch_are_those_that_it_took(make_solver, blobs) -> None:
    class Slow(Callback):
        def on_step_end(self, solver: Solver) -> None:
            if solver.epoch:
                time.sleep(0.005)

    begin = time.perf_counter()
    first, second = make_solver(callbacks=[Slow()]).fit(blobs[0], epochs=2)
    assert second["seconds"] >= 4 * 0.005
    assert first["seconds"] + second["seconds"] <= time.perf_counter() - begin


def test_training_figures_are_the_running_average(make_solver, blobs) -> None:
    losses, sizes = [], []

    class Watch(Callback):
        def on_loss(self, solver: Solver) -> None:
            losses.append(solver.batch_loss)
            sizes.append(len(solver.batch[1]))

    solver = make_solver(callbacks=[Watch()], optimizer=SGD(0.05, 0.9))
    record = solver.fit(blobs[0], epochs=1)[0]
    assert sizes == [40, 40, 40, 30]
    assert record["train_loss"] == pytest.approx(np.average(losses, weights=sizes), rel=1e-12)
    assert record["train_error"] == 1 - record["train_accuracy"]
    assert (record["lr"], record["momentum"]) == (0.05, 0.9)


def test_training_figures_can_be_measured_after_the_epoch(make_solver, blobs) -> None:
    model = {"dropout": 0.5}
    running, measured = make_solver(model), make_solver(model, evaluate_train=True)
    one, two = running.fit(blobs[0], epochs=3)[-1], measured.fit(blobs[0], epochs=3)[-1]
    result = evaluate(measured.model, measured.loss, blobs[0])
    assert (two["train_loss"], two["train_accuracy"]) == (result.loss, result.accuracy)
    np.testing.assert_array_equal(running.model.parameters.values, measured.model.parameters.values)
    assert one["train_loss"] > two["train_loss"]  # the running average has dropout in it, and older weights


def test_with_weights_that_hardly_move_both_ways_agree(make_solver, blobs) -> None:
    one, two = (make_solver(optimizer=SGD(1e-12), evaluate_train=way).fit(*blobs, epochs=1)[0] for way in (False, True))
    assert one["train_loss"] == pytest.approx(two["train_loss"], rel=1e-6)
    assert one["train_accuracy"] == two["train_accuracy"]
    assert one["validation_loss"] == two["validation_loss"]


def test_validation_figures_are_those_of_the_epochs_weights(make_solver, blobs) -> None:
    solver = make_solver({"batchnorm": True, "dropout": 0.2})
    record = solver.fit(*blobs, epochs=2)[-1]
    result = evaluate(solver.model, solver.loss, blobs[1])
    assert {name: record[f"validation_{name}"] for name in ("loss", "accuracy", "error")} == result.figures()


def test_the_gradient_norm_of_an_epoch_is_the_mean_of_its_steps(make_solver, blobs) -> None:
    norms = []

    class Watch(Callback):
        def on_step_end(self, solver: Solver) -> None:
            norms.append(solver.gradient_norm)

    history = make_solver(callbacks=[Watch()]).fit(blobs[0], epochs=2)
    means = np.array(norms).reshape(2, 4).mean(1)
    np.testing.assert_allclose([record["gradient_norm"] for record in history], means)
