"""The training loop: batches, hooks, clipping, learning, memory."""

import itertools
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
from backhand.training.callbacks import Callback
from backhand.training.losses import L2, SoftmaxCrossEntropy
from backhand.training.optimizers import SGD
from backhand.training.solver import Solver
from backhand.training.streams import AUGMENT


class Recorder(Callback):
    """The batches, their losses and the hooks, in order."""

    def __init__(self) -> None:
        self.batches, self.losses, self.hooks = [], [], []

    def on_fit_begin(self, solver: Solver) -> None:
        self.hooks.append("begin")

    def on_loss(self, solver: Solver) -> None:
        self.hooks.append("loss")
        self.batches.append(solver.batch)
        self.losses.append(solver.batch_loss)

    def on_step_end(self, solver: Solver) -> None:
        self.hooks.append(f"step {solver.step}")

    def on_epoch_end(self, solver: Solver) -> None:
        self.hooks.append(f"epoch {solver.epoch} of {len(solver.history)}")

    def on_fit_end(self, solver: Solver) -> None:
        self.hooks.append("end")


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


def test_every_step_drops_other_values(make_solver, blobs) -> None:
    """Weights that stand still and always the same batch: only the masks can move the loss."""
    recorder = Recorder()
    solver = make_solver({"dropout": 0.5}, optimizer=SGD(1e-12), callbacks=[recorder])
    for _ in range(4):
        solver.train_step(*blobs[0].batch(slice(100)))
    assert np.diff(np.sort(recorder.losses)).min() > 1e-4


@pytest.mark.parametrize("hook", ["on_fit_begin", "on_loss", "on_step_end", "on_epoch_end", "on_fit_end"])
def test_callbacks_are_told_when_the_fit_breaks_off(make_solver, blobs, hook: str) -> None:
    told = []

    class Listener(Callback):
        def on_exception(self, solver: Solver) -> None:
            told.append(solver.step)

    def breaks(self: Callback, solver: Solver) -> None:
        raise KeyboardInterrupt

    solver = make_solver(callbacks=[type("Breaks", (Callback,), {hook: breaks})(), Listener()])
    with pytest.raises(KeyboardInterrupt):
        solver.fit(*blobs, epochs=1)
    assert told == [solver.step]
    assert solver.step == {"on_fit_begin": 0, "on_loss": 0, "on_step_end": 1}.get(hook, 4)


def test_hooks_come_in_their_order(make_solver, blobs) -> None:
    recorder = Recorder()
    make_solver(batch_size=75, callbacks=[recorder]).fit(blobs[0], epochs=2)
    first, second = ["loss", "step 1", "loss", "step 2", "epoch 1 of 1"], ["loss", "step 3", "loss", "step 4"]
    assert recorder.hooks == ["begin", *first, *second, "epoch 2 of 2", "end"]


def test_on_loss_comes_before_anything_moves(make_solver, blobs) -> None:
    class Check(Callback):
        def on_loss(self, solver: Solver) -> None:
            scores = solver.model.forward(solver.batch[0])
            assert solver.loss.forward(scores, solver.batch[1]) == pytest.approx(solver.batch_loss, rel=1e-6)
            raise StopIteration

    solver = make_solver(callbacks=[Check()])
    before = solver.model.snapshot()
    with pytest.raises(StopIteration):
        solver.fit(blobs[0], epochs=1)
    for name, value in solver.model.arrays().items():
        np.testing.assert_array_equal(value, before[name], err_msg=name)


def test_a_misspelt_hook_is_refused_where_it_is_written() -> None:
    with pytest.raises(
        TypeError, match=r"^Late\.on_epoch_ends is not a hook of the solver; the hooks are on_fit_begin, on_"
    ):

        class Late(Callback):
            def on_epoch_ends(self, solver: Solver) -> None: ...


def test_a_reason_to_stop_ends_the_fit_after_its_epoch(make_solver, blobs) -> None:
    class Stop(Callback):
        def on_step_end(self, solver: Solver) -> None:
            if solver.step == 5:
                solver.stopped = "enough"

    solver = make_solver(callbacks=[Stop()], batch_size=50)
    assert len(solver.fit(blobs[0], epochs=9)) == 2
    assert solver.step == 6


def test_the_penalty_pulls_and_is_reported_apart_from_the_loss(make_solver, blobs) -> None:
    plain, pulled = make_solver(), make_solver(penalty=L2(0.5))
    one, two = plain.fit(blobs[0], epochs=5)[-1], pulled.fit(blobs[0], epochs=5)[-1]
    assert one["penalty"] == 0
    assert two["penalty"] == pytest.approx(L2(0.5).forward(pulled.model))
    lengths = [np.linalg.norm(solver.model.layers[1].params["weight"]) for solver in (plain, pulled)]
    assert lengths[1] < 0.5 * lengths[0]


def test_the_gradient_norm_is_that_of_loss_and_penalty_before_clipping(make_solver, blobs) -> None:
    whole = {"batch_size": 150, "penalty": L2(0.1), "dtype": np.float64}
    solver = make_solver(**whole, optimizer=SGD(1.0, 0.0), clip_norm=0.01)
    before = solver.model.parameters.values.copy()
    twin = make_solver(**whole).model
    x, labels = blobs[0].batch(slice(None))
    loss = SoftmaxCrossEntropy()
    loss.forward(twin.forward(x, train=True), labels)
    twin.backward(loss.backward())
    L2(0.1).backward(twin)
    record = solver.fit(blobs[0], epochs=1)[0]
    assert record["gradient_norm"] == pytest.approx(np.linalg.norm(twin.parameters.grads), rel=1e-12)
    move = before - solver.model.parameters.values
    np.testing.assert_allclose(move, 0.01 * twin.parameters.grads / record["gradient_norm"], rtol=1e-9, atol=1e-15)


def test_values_are_clipped_before_the_norm_is_taken(make_solver, blobs) -> None:
    solver = make_solver(optimizer=SGD(1.0, 0.0), clip_value=1e-3, batch_size=150, dtype=np.float64)
    before = solver.model.parameters.values.copy()
    record = solver.fit(blobs[0], epochs=1)[0]
    move = before - solver.model.parameters.values
    assert np.abs(move).max() == pytest.approx(1e-3, rel=1e-9)
    assert record["gradient_norm"] == pytest.approx(np.linalg.norm(move), rel=1e-9)


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


def test_what_must_be_said_of_figures_names_the_part(make_solver, blobs) -> None:
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
