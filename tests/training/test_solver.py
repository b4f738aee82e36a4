"""The training loop: learning, repeating to the bit, memory, and what it refuses."""

import tracemalloc

import numpy as np
import pytest

from backhand.architectures import mlp
from backhand.data.dataset import Dataset
from backhand.data.feed import Feed
from backhand.data.standardize import Standardizer
from backhand.errors import ModelError
from backhand.layers import Linear
from backhand.model.sequential import Sequential
from backhand.training.losses import SoftmaxCrossEntropy
from backhand.training.optimizers import SGD
from backhand.training.solver import Solver


@pytest.mark.parametrize("size", [0, -1])
def test_a_batch_without_samples_is_refused(make_solver, size: int) -> None:
    with pytest.raises(ValueError, match=f"^the batch size must be 1 or more, not {size}$"):
        make_solver(batch_size=size)


def test_the_same_seed_gives_the_same_bits(make_solver, blobs) -> None:
    def train(seed: int) -> Solver:
        solver = make_solver({"dropout": 0.3, "batchnorm": True}, seed=seed)
        solver.fit(*blobs, epochs=3)
        return solver

    one, two, other = train(1), train(1), train(2)
    for name, value in one.model.arrays().items():
        np.testing.assert_array_equal(value, two.model.arrays()[name], err_msg=name)
    assert one.history[-1]["train_loss"] == two.history[-1]["train_loss"] != other.history[-1]["train_loss"]


def test_it_learns(make_solver, blobs) -> None:
    history = make_solver().fit(*blobs, epochs=15)
    assert history[0]["train_loss"] > 2 * history[-1]["train_loss"]
    assert history[-1]["validation_accuracy"] > 0.85


def test_50_digits_are_learnt_by_heart_within_6_epochs(digits) -> None:
    """A network that cannot overfit a handful of images has a mistake in it."""
    model = mlp(10, (100,)).build((8, 8, 1), seed=0)
    solver = Solver(model, SoftmaxCrossEntropy(), SGD(0.1, 0.9), 10, evaluate_train=True)
    history = solver.fit(digits[0], epochs=6)
    assert len(digits[0]) == 50
    assert history[0]["train_accuracy"] < 1
    assert history[-1]["train_accuracy"] == 1.0
    assert history[-1]["train_loss"] < 0.05


def test_memory_stays_level_over_1000_steps(make_solver, blobs) -> None:
    solver = make_solver({"batchnorm": True, "dropout": 0.2})
    x, labels = blobs[0].batch(slice(40))
    for _ in range(50):
        solver.train_step(x, labels)
    tracemalloc.start()
    try:
        for _ in range(5):
            solver.train_step(x, labels)
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(1000):
            solver.train_step(x, labels)
        growth = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert growth < 4096  # one leaked activation a step would be a megabyte


def test_an_empty_validation_part_is_refused(make_solver, blobs) -> None:
    empty = Feed(Dataset(np.zeros((0, 2), np.float32), np.zeros(0, np.int64)), blobs[0].standardizer)
    with pytest.raises(ValueError, match="there are no samples to evaluate"):
        make_solver().fit(blobs[0], empty, epochs=1)


def test_what_must_be_said_of_figures_names_the_split(make_solver, blobs) -> None:
    x = blobs[1].data.x.copy()
    x[3] = 3e38
    solver = make_solver()
    solver.fit(blobs[0], Feed(Dataset(x, blobs[1].data.y), Standardizer(np.zeros(2), np.full(2, 100.0))), epochs=1)
    assert solver.remarks == [
        f"The scores of 1 of the {len(x)} validation samples are not finite (sample 3): such samples have no class "
        "and count as wrong, and the loss has no mean."
    ]


def test_a_model_that_is_not_built_is_refused(blobs) -> None:
    with pytest.raises(ModelError, match="the model must be built before it is trained"):
        Solver(Sequential(Linear(3)), SoftmaxCrossEntropy(), SGD(0.1)).fit(*blobs, epochs=1)
