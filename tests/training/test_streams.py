"""The random streams of a training: one for the order, one for the layers, one for the augmentation."""

import itertools

import numpy as np

from backhand.data.dataset import Dataset
from backhand.data.feed import Feed
from backhand.layers import Linear
from backhand.model.sequential import Sequential
from backhand.training.callbacks import Callback
from backhand.training.losses import SoftmaxCrossEntropy
from backhand.training.optimizers import SGD
from backhand.training.solver import Solver
from backhand.training.streams import AUGMENT
from tests.training.callbacks import Recorder


def orders(exact, seed: int, epochs: int = 3, samples: int = 11, batch_size: int = 4) -> list[list[int]]:
    """The samples' numbers in each batch of a training."""
    data = Dataset(np.arange(samples, dtype=np.float64)[:, None] / samples, np.arange(samples) % 2)
    recorder = Recorder()
    model = Sequential(Linear(2)).build((1,), dtype=np.float64)
    solver = Solver(model, SoftmaxCrossEntropy(), SGD(0.1), batch_size, seed=seed, callbacks=[recorder])
    solver.fit(exact(data), epochs=epochs)
    return [[round(value * samples) for value in x[:, 0]] for x, _ in recorder.batches]


def test_every_epoch_meets_every_sample_once_and_keeps_the_short_batch(exact) -> None:
    batches = orders(exact, seed=0)
    assert [len(batch) for batch in batches] == [4, 4, 3] * 3
    for epoch in range(3):
        assert sorted(itertools.chain(*batches[3 * epoch : 3 * epoch + 3])) == list(range(11))


def test_every_epoch_is_shuffled_anew_and_a_seed_repeats_it(exact) -> None:
    batches = orders(exact, seed=5)
    assert batches[:3] != batches[3:6] != batches[6:]
    assert orders(exact, seed=5) == batches
    assert orders(exact, seed=6) != batches


def test_less_data_than_a_batch_is_one_batch(exact) -> None:
    assert [len(batch) for batch in orders(exact, seed=0, batch_size=100)] == [11, 11, 11]


def test_every_step_drops_other_values(make_solver, blobs) -> None:
    """Weights that stand still and always the same batch: only the masks can move the loss."""
    recorder = Recorder()
    solver = make_solver({"dropout": 0.5}, optimizer=SGD(1e-12), callbacks=[recorder])
    for _ in range(4):
        solver.train_step(*blobs[0].batch(slice(100)))
    assert np.diff(np.sort(recorder.losses)).min() > 1e-4


def test_the_data_may_have_a_seed_of_their_own(make_solver, blobs) -> None:
    """It decides on the order and the augmentation, and the solver's seed on all else."""
    orders = []

    class Order(Callback):
        def on_loss(self, solver: Solver) -> None:
            orders[-1].append(solver.batch[1].tolist())

    for seeds in ({"seed": 1}, {"seed": 2, "data_seed": 1}, {"seed": 1, "data_seed": 2}):
        orders.append([])
        solver = make_solver(callbacks=[Order()], **seeds)
        solver.fit(*blobs, epochs=1)
        assert solver.streams.augment.integers(2**60) == np.random.default_rng(
            [seeds.get("data_seed", seeds["seed"]), AUGMENT]
        ).integers(2**60)
    assert orders[0] == orders[1] != orders[2]


def test_samples_are_drawn_with_the_stream_of_augmentation(make_solver, blobs, monkeypatch) -> None:
    streams, draw = [], Feed.draw
    monkeypatch.setattr(Feed, "draw", lambda feed, index, rng: streams.append(rng) or draw(feed, index, rng))
    solver = make_solver()
    solver.fit(*blobs, epochs=1)
    assert streams == [solver.streams.augment] * 4
