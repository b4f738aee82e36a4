"""Trainings whose products are in bfloat16: on both backends, beside float32, resumed and in step."""

import numpy as np
import pytest

from backhand import backend
from backhand.data.sources import sources_of
from backhand.errors import BackhandError
from backhand.layers import BatchNorm, Conv2d, Flatten, Linear, MaxPool2d, ReLU
from backhand.model.sequential import Sequential
from backhand.ops import linear
from backhand.precision import BFLOAT16, FLOAT32, training_in
from backhand.training.lockstep import fit_together
from backhand.training.losses import SoftmaxCrossEntropy
from backhand.training.optimizers import SGD
from backhand.training.solver import Solver


def make_model():
    layers = Conv2d(16, 3, padding=1), BatchNorm(), ReLU(), MaxPool2d(), Conv2d(16, 3), ReLU(), Flatten(), Linear(4)
    return Sequential(*layers).build((8, 8, 3))


def make_solver(chosen):
    return Solver(make_model(), SoftmaxCrossEntropy(), SGD(0.01, 0.9), 16, precision=chosen)


@pytest.fixture(scope="module")
def samples():
    """Images whose classes differ in their means."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, 96)
    x = rng.standard_normal((96, 8, 8, 3)) + labels[:, None, None, None]
    return x.astype(np.float32), labels


def losses(solver, samples, epochs=3):
    return [record["train_loss"] for record in solver.fit(*samples, epochs=epochs)]


def feed(samples):
    return sources_of(*samples, None)[0]


def test_losses_fall_as_they_do_in_float32(samples):
    exact, rounded = (losses(make_solver(chosen), samples) for chosen in (FLOAT32, BFLOAT16))
    assert rounded != exact
    assert rounded[-1] < 0.7 * rounded[0]
    np.testing.assert_allclose(rounded, exact, rtol=0.05)


def test_kernels_and_references_train_alike(samples):
    pytest.importorskip("numba")
    found = []
    for name in backend.BACKENDS:
        with backend.using(name):
            found.append(losses(make_solver(BFLOAT16), samples, epochs=1))
    np.testing.assert_allclose(*found, rtol=2e-3)


def test_only_a_training_is_rounded():
    """A network predicts in float32, and so does one that is evaluated after an epoch."""
    layer, x = Linear(40), np.random.default_rng(0).standard_normal((30, 50), dtype=np.float32)
    layer.build((50,), np.random.default_rng(1))
    exact, rounded = (linear.forward(x, *layer.params.values(), precision=p)[0] for p in (FLOAT32, BFLOAT16))
    with training_in(BFLOAT16):
        found, predicted = layer.forward(x, train=True), layer.forward(x)
    np.testing.assert_allclose(found, rounded, rtol=0, atol=1e-4)
    np.testing.assert_allclose(predicted, exact, rtol=0, atol=1e-4)
    np.testing.assert_allclose(layer.forward(x, train=True), exact, rtol=0, atol=1e-4)
    assert abs(rounded - exact).max() > 1e-3


def test_a_training_goes_on_to_the_same_bits(samples):
    whole, first, second = (make_solver(BFLOAT16) for _ in range(3))
    wanted = losses(whole, samples)
    first.fit(*samples, epochs=1)
    second.load(*first.state())
    assert losses(second, samples) == wanted
    for name, array in whole.model.arrays().items():
        np.testing.assert_array_equal(second.model.arrays()[name], array)


def test_trainings_in_step_have_one_precision(samples):
    train, together = feed(samples), [make_solver(BFLOAT16) for _ in range(2)]
    fit_together(together, train, epochs=2)
    alone = losses(make_solver(BFLOAT16), samples, epochs=2)
    for solver in together:
        np.testing.assert_allclose([record["train_loss"] for record in solver.history], alone, rtol=1e-5)
    with pytest.raises(ValueError, match="must agree in batch_size, evaluate_train and precision"):
        fit_together([make_solver(BFLOAT16), make_solver(FLOAT32)], train, epochs=1)


def test_an_unknown_precision_is_refused():
    with pytest.raises(BackhandError, match='there is no precision "bfloat"; did you mean "bfloat16"'):
        make_solver("bfloat")
    with pytest.raises(BackhandError, match='there is no precision "half"'), training_in("half"):
        pass


def test_the_fastest_precision_is_that_of_the_processor(monkeypatch):
    bfloat16 = pytest.importorskip("backhand.kernels.simd.bfloat16")
    for has_instructions, chosen in ((True, BFLOAT16), (False, FLOAT32)):
        monkeypatch.setattr(bfloat16, "INSTRUCTIONS", has_instructions)
        assert backend.fastest_precision() == chosen
    monkeypatch.setattr(bfloat16, "INSTRUCTIONS", True)
    with backend.using("reference"):
        assert backend.fastest_precision() == FLOAT32
