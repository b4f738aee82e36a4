"""A training that goes wrong stops at once, and the message says where and what to do."""

import numpy as np
import pytest

from backhand.architectures import mlp
from backhand.data.dataset import Dataset
from backhand.errors import DivergenceError
from backhand.layers import LeakyReLU, Linear
from backhand.model.sequential import Sequential
from backhand.training.callbacks import DivergenceGuard
from backhand.training.losses import SoftmaxCrossEntropy
from backhand.training.optimizers import SGD, Adam
from backhand.training.schedules import CosineDecay, Warmup
from backhand.training.solver import Solver


def message(make_solver, blobs, **options) -> str:
    solver = make_solver(callbacks=[DivergenceGuard()], **options)
    with pytest.raises(DivergenceError) as caught:
        solver.fit(*blobs, epochs=5)
    return str(caught.value)


def test_a_huge_learning_rate(make_solver, blobs) -> None:
    text = message(make_solver, blobs, optimizer=SGD(1e4, 0.9))
    head = "the training diverged at step 2 (epoch 1): the loss is "
    assert text.startswith(head)
    loss, rest = text.removeprefix(head).split(". ", 1)
    assert float(loss) > 1e3
    assert rest.startswith("All values are finite; the largest are the outputs of layer 3, Linear(3), ")
    assert text.endswith(
        "Try a lower learning rate (train.optimizer.lr = 1e+03, say), a larger batch (train.batch_size = 80), "
        "or clipping (train.clip_norm = 1)."
    )


def test_a_rate_so_large_that_the_outputs_overflow(make_solver, blobs) -> None:
    text = message(make_solver, blobs, optimizer=SGD(1e30, 0.9), clip_norm=1e9)
    where = (
        "The first values to become infinite or NaN were in the outputs of layer 3, Linear(3), whose parameters reach "
    )
    assert where in text
    assert "the loss is nan." in text
    assert text.endswith("(train.batch_size = 80).")  # it is clipped already


def test_weights_that_overflow_in_the_update(make_solver, blobs) -> None:
    text = message(make_solver, blobs, optimizer=Adam(1e39))
    assert "step 2 (epoch 1)" in text
    assert "The first values to become infinite or NaN were in the weight of layer 1, Linear(8). Try a lower" in text


@pytest.mark.parametrize(
    ("name", "where"),
    [
        ("1.bias", r"the bias of layer 1, Linear\(8\)\. No step"),
        ("2.gamma", r"the gamma of layer 2, BatchNorm\(\)\. No step"),
        ("4.weight", r"the weight of layer 4, Linear\(3\)\. No step"),
    ],
)
def test_the_first_layer_whose_weights_are_nan_is_named(make_solver, blobs, name: str, where: str) -> None:
    solver = make_solver({"batchnorm": True}, callbacks=[DivergenceGuard()])
    solver.model.arrays()[name][0] = np.nan
    with pytest.raises(DivergenceError, match=rf"at step 1 \(epoch 1\): the loss is nan\. .* were in {where}"):
        solver.fit(*blobs, epochs=1)


def test_an_activation_that_overflows_is_named(exact) -> None:
    model = Sequential(LeakyReLU(1e200), Linear(2)).build((2,), dtype=np.float64)
    solver = Solver(model, SoftmaxCrossEntropy(), SGD(0.1), 30, callbacks=[DivergenceGuard()])
    data = Dataset(np.full((30, 2), -1e200), np.arange(30) % 2)
    with pytest.raises(DivergenceError, match=r"were in the outputs of layer 0, LeakyReLU\(slope=1e\+200\)\. No step"):
        solver.fit(exact(data), epochs=1)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_sample_that_is_not_finite_is_no_matter_of_the_learning_rate(exact, value: float) -> None:
    x = np.ones((30, 2))
    x[17, 1] = value
    model = mlp(2, (4,), activation="leaky_relu").build((2,), dtype=np.float64)
    solver = Solver(model, SoftmaxCrossEntropy(), SGD(0.1), 30, callbacks=[DivergenceGuard()])
    with pytest.raises(DivergenceError, match=r"holds values that are not finite: correct the data\.$"):
        solver.fit(exact(Dataset(x, np.arange(30) % 2)), epochs=1)


def test_nothing_has_moved_when_the_guard_stops_it(make_solver, blobs) -> None:
    solver = make_solver(callbacks=[DivergenceGuard(factor=0.0, limit=1e-9)])
    before = solver.model.snapshot()
    with pytest.raises(DivergenceError):
        solver.fit(*blobs, epochs=1)
    for name, value in solver.model.arrays().items():
        np.testing.assert_array_equal(value, before[name], err_msg=name)


def test_the_limit_is_a_thousand_times_the_first_loss_or_1(make_solver, blobs) -> None:
    guard = DivergenceGuard()
    solver = make_solver()
    for first, limit in ((0.01, 1e3), (7.0, 7e3)):
        guard.limit, solver.batch_loss = 0.0, first
        guard.on_loss(solver)
        assert guard.limit == limit
        solver.batch, solver.batch_loss = blobs[0].batch(slice(2)), limit
        guard.on_loss(solver)
        solver.batch_loss = np.nextafter(limit, np.inf)
        with pytest.raises(DivergenceError):
            guard.on_loss(solver)


def test_a_training_that_goes_well_is_left_alone(make_solver, blobs) -> None:
    solver = make_solver(callbacks=[DivergenceGuard()])
    assert len(solver.fit(*blobs, epochs=3)) == 3


def test_the_limit_survives_a_resume() -> None:
    guard, resumed = DivergenceGuard(limit=123.0), DivergenceGuard()
    resumed.load(*guard.state())
    assert resumed.limit == 123.0


def test_the_advice_is_a_lower_rate_than_the_schedule_begins_with(make_solver, blobs) -> None:
    """At the second step of a warm-up the rate is a small part of what the study says."""
    schedule = Warmup(1e6, 100, CosineDecay(1e6, 900))
    assert "(train.optimizer.lr = 1e+05, say)" in message(make_solver, blobs, schedule=schedule)


def test_before_the_first_step_no_rate_is_to_blame(make_solver, blobs) -> None:
    for scale in (1e30, 1e38):  # of the weights: the loss is infinite, or the scores are
        solver = make_solver(callbacks=[DivergenceGuard()])
        solver.model.parameters.values[:] *= scale
        with pytest.raises(DivergenceError) as caught:
            solver.fit(*blobs, epochs=1)
        assert "at step 1 (epoch 1)" in str(caught.value)
        assert "No step has been taken yet, so the learning rate is not the cause:" in str(caught.value)
        assert "Try a lower" not in str(caught.value)


@pytest.mark.parametrize("loss", [float("nan"), float("inf")])
def test_a_first_loss_that_is_not_finite_sets_no_limit(make_solver, blobs, loss: float, monkeypatch) -> None:
    monkeypatch.setattr(SoftmaxCrossEntropy, "forward", lambda self, scores, labels, weights: loss)
    assert f"the loss is {loss}." in message(make_solver, blobs)
