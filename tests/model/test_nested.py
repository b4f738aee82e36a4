"""A model among the layers of a model: it computes what its layers would, and is named below its place."""

import copy
import pickle

import numpy as np
import pytest

from backhand import backend
from backhand.check import check_model
from backhand.errors import ModelError
from backhand.layers import BatchNorm, Conv2d, Dropout, Flatten, Linear, MaxPool2d, ReLU, Residual
from backhand.model import Sequential
from backhand.training.losses import SoftmaxCrossEntropy
from backhand.training.optimizers import SGD
from backhand.training.solver import Solver


def features() -> Sequential:
    return Sequential(Conv2d(4, 3, padding=1), BatchNorm(), ReLU(), MaxPool2d())


def nested() -> Sequential:
    return Sequential(features(), Sequential(Flatten(), Sequential(Linear(6), ReLU())), Linear(3))


def flat() -> Sequential:
    return Sequential(*features().layers, Flatten(), Linear(6), ReLU(), Linear(3))


NAMES = ["0.0", "0.1", "1.1.0", "2"]


@pytest.fixture(params=["reference", "cpu"])
def each_backend(request):
    with backend.using(request.param):
        yield


def pair(dtype=np.float32) -> tuple[Sequential, Sequential]:
    """A nested model, and a flat one with the same weights."""
    ours, plain = nested().build((6, 6, 2), seed=3, dtype=dtype), flat().build((6, 6, 2), dtype=dtype)
    for (_, target), (_, value) in zip(plain.arrays().items(), ours.arrays().items(), strict=True):
        target[...] = value
    return ours, plain


def test_scores_and_gradients_are_those_of_the_layers_in_a_row(each_backend, rng):
    ours, plain = pair()
    x, dy = rng.standard_normal((5, 6, 6, 2)).astype(np.float32), rng.standard_normal((5, 3)).astype(np.float32)
    for _ in range(2):
        np.testing.assert_allclose(ours.forward(x, train=True), plain.forward(x, train=True), rtol=1e-5, atol=1e-6)
        found, expected = ours.backward(dy, need_dx=True), plain.backward(dy, need_dx=True)
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(ours.parameters.grads, plain.parameters.grads, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(ours.predict(x), plain.predict(x), rtol=1e-5, atol=1e-6)


def test_it_trains_as_the_layers_in_a_row_do(each_backend, rng):
    models = pair()
    x, labels = rng.standard_normal((40, 6, 6, 2)).astype(np.float32), rng.integers(0, 3, 40)
    solvers = [Solver(model, SoftmaxCrossEntropy(), SGD(0.05, 0.9)) for model in models]
    for _ in range(10):
        losses = []
        for solver in solvers:
            solver.train_step(x, labels)
            losses.append(solver.batch_loss)
        assert losses[0] == pytest.approx(losses[1], rel=1e-3)
    assert losses[0] < 1


def test_its_gradients_agree_with_differences(rng):
    model = nested().build((6, 6, 2), seed=1, dtype=np.float64)
    x, labels = rng.standard_normal((4, 6, 6, 2)), rng.integers(0, 3, 4)
    results = check_model(model, SoftmaxCrossEntropy(), x, labels)
    assert all(result.passed and result.compared for result in results)


def test_layers_are_named_below_its_place():
    model = nested().build((6, 6, 2))
    names = [each.name.rpartition(".")[0] for each in model.parameters]
    assert list(dict.fromkeys(names)) == NAMES
    assert [row["parameters"] for row in model.rows()] == [4 * 18 + 4 + 8, 36 * 6 + 6, 6 * 3 + 3]
    assert str(model.layers[0]) == "Sequential(4 layers)"
    assert "Sequential(2 layers)" in model.summary()


def test_it_is_frozen_as_a_whole_or_in_part():
    model = nested().build((6, 6, 2)).freeze("0")
    assert [each.name for each in model.parameters] == ["1.1.0.weight", "1.1.0.bias", "2.weight", "2.bias"]
    assert model.layers[0].frozen
    part = nested().build((6, 6, 2)).freeze("1.1.0")
    assert "0.0.weight" in part.parameters
    assert "1.1.0.weight" not in part.parameters


@pytest.mark.parametrize("copied", [Sequential.copy, copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_a_copy_is_whole(copied, rng):
    model = nested().build((6, 6, 2), seed=5)
    x = rng.standard_normal((3, 6, 6, 2)).astype(np.float32)
    model.forward(x, train=True)
    twin = copied(model)
    np.testing.assert_array_equal(twin.predict(x), model.predict(x))
    assert not np.shares_memory(twin.parameters.values, model.parameters.values)
    twin.load(nested().build((6, 6, 2), seed=6).arrays())
    assert not np.array_equal(twin.predict(x), model.predict(x))


def test_it_stands_in_a_branch_too(rng):
    model = Sequential(Residual([Sequential(Linear(4), ReLU()), Linear(4)]), Linear(2)).build((4,), dtype=np.float64)
    assert "0.body.0.0.weight" in model.parameters
    x, labels = rng.standard_normal((5, 4)), rng.integers(0, 2, 5)
    assert all(result.passed for result in check_model(model, SoftmaxCrossEntropy(), x, labels))


def test_a_layer_that_does_not_fit_is_named_with_its_place():
    with pytest.raises(ModelError, match=r"^layer 0, Sequential\(1 layer\): layer 0, MaxPool2d\("):
        Sequential(Sequential(MaxPool2d(9))).build((4, 4, 1))


def test_one_layer_cannot_stand_in_two_places():
    shared = Linear(4)
    with pytest.raises(ModelError, match=r"layer 1\.0, Linear\(4\), is the same object as layer 0"):
        Sequential(shared, Sequential(shared)).build((4,))


def test_dropout_draws_inside_it_as_well(rng):
    model = Sequential(Sequential(Dropout(0.5))).build((1000,))
    dropped = model.forward(np.ones((2, 1000), np.float32), train=True, rng=rng)
    assert 0.4 < (dropped == 0).mean() < 0.6
    assert (model.predict(np.ones((2, 1000), np.float32)) == 1).all()
