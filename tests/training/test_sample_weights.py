"""Weights of samples: a weight of 2 counts like a sample that occurs twice."""

from dataclasses import replace

import numpy as np
import pytest

from backhand.architectures import mlp
from backhand.data.augment import Augment
from backhand.data.augment.pipeline import MixUp
from backhand.data.dataset import Dataset
from backhand.data.feed import Feed
from backhand.errors import DataError
from backhand.training.evaluate import evaluate
from backhand.training.losses import SoftmaxCrossEntropy
from backhand.training.optimizers import SGD
from backhand.training.solver import Solver


def weighted(feed: Feed, weights) -> Feed:
    return replace(feed, data=replace(feed.data, weights=np.asarray(weights, np.float64)))


def fit(feed, batch_size: int) -> Solver:
    model = mlp(3, (8,)).build((2,), seed=1, dtype=np.float64)
    solver = Solver(model, SoftmaxCrossEntropy(), SGD(0.1), batch_size=batch_size)
    solver.fit(feed, epochs=3)
    return solver


def test_an_integer_weight_is_a_repeated_sample(blobs) -> None:
    counts = np.arange(150) % 3
    repeated = replace(blobs[0], data=blobs[0].data.take(np.repeat(np.arange(150), counts)))
    one, two = fit(weighted(blobs[0], counts), 150), fit(repeated, len(repeated))
    np.testing.assert_allclose(one.model.parameters.values, two.model.parameters.values, rtol=1e-6)
    assert one.history[-1]["train_loss"] == pytest.approx(two.history[-1]["train_loss"], rel=1e-6)


def test_batches_carry_the_weights_of_their_samples(blobs) -> None:
    feed = weighted(blobs[0], np.arange(150))
    index = np.array([5, 0, 149])
    for batch in (feed.batch(index), feed.draw(index, np.random.default_rng(0))):
        assert batch[2].tolist() == [5, 0, 149]
    assert feed.data.take(slice(3)).weights.tolist() == [0, 1, 2]


def test_the_loss_of_an_evaluation_is_weighted_and_the_accuracy_is_not(blobs) -> None:
    solver = fit(blobs[0], 30)
    weights = np.where(np.arange(150) < 10, 15.0, 0.0)
    whole, part = evaluate(solver.model, solver.loss, weighted(blobs[0], weights)), blobs[0].data.take(slice(10))
    assert whole.loss == pytest.approx(evaluate(solver.model, solver.loss, replace(blobs[0], data=part)).loss)
    assert whole.accuracy == evaluate(solver.model, solver.loss, blobs[0]).accuracy


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        (np.ones(2), r"have the shape \(2,\); give one for each of 3 samples"),
        (np.array([1, -1, 1.0]), "the weight of sample 1 is -1.0; weights must be finite and 0 or more"),
        (np.array([1, 1, np.nan]), "the weight of sample 2 is nan"),
        ([1, 1, 1], "of type list"),
    ],
)
def test_bad_weights_are_refused(weights, said: str) -> None:
    with pytest.raises(DataError, match=said):
        Dataset(np.zeros((3, 2), np.float32), np.zeros(3, np.int64), weights)


def test_weighted_images_are_not_mixed(blobs) -> None:
    with pytest.raises(DataError, match="mix-up cannot mix samples that have weights"):
        replace(weighted(blobs[0], np.ones(150)), augment=Augment(mixup=MixUp(0.2, 3)))
