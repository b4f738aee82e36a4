"""Batch normalisation and batches that have one value per channel."""

import numpy as np
import pytest

from backhand.data.batches import batches, samples_left_out, steps_per_epoch
from backhand.data.feed import Feed
from backhand.errors import ModelError, StudyError
from backhand.experiments.build import build_solver, load_feeds, model_for
from backhand.experiments.run import work
from backhand.layers import BatchNorm, Conv2d, Flatten, GlobalAvgPool2d, Linear, ReLU, Residual
from backhand.model.sequential import Sequential
from backhand.study import load
from backhand.training.callbacks import Callback
from backhand.training.evaluate import evaluate
from backhand.training.lockstep import fit_together
from backhand.training.losses import SoftmaxCrossEntropy
from backhand.training.optimizers import SGD
from backhand.training.range_test import range_test
from backhand.training.solver import Solver

ON_FEATURES = {
    "mlp": [Linear(8), BatchNorm(), ReLU(), Linear(3)],
    "in a branch": [Linear(8), Residual([Linear(8), BatchNorm()]), Linear(3)],
}


def network(*, momentum=0.1):
    return Sequential(Linear(8), BatchNorm(momentum=momentum), ReLU(), Linear(3)).build((2,))


def solver(model, batch_size=50, callbacks=()):
    return Solver(model, SoftmaxCrossEntropy(), SGD(0.1, 0.9), batch_size=batch_size, callbacks=callbacks)


def few(feed, count):
    return Feed(feed.data.take(slice(count)), feed.standardizer)


class Sizes(Callback):
    def __init__(self):
        self.seen = []

    def on_step_end(self, solver):
        self.seen.append(len(solver.batch[0]))


@pytest.mark.parametrize("shape", [(1, 5), (1, 1, 1, 5)], ids=["features", "an image of one pixel"])
@pytest.mark.parametrize("dtype", ["f4", "f8"], ids=["kernel", "reference"])
def test_one_value_per_channel_moves_no_statistics(rng, shape, dtype):
    layer = BatchNorm(momentum=1.0)
    layer.build(shape[1:], rng, dtype)
    layer.forward(rng.normal(size=(9, *shape[1:])).astype(dtype), train=True)
    before = {name: value.copy() for name, value in layer.state.items()}
    layer.params["beta"][:] = rng.normal(size=5)
    y = layer.forward(rng.normal(size=shape).astype(dtype), train=True)
    np.testing.assert_array_equal(y.ravel(), layer.params["beta"])
    np.testing.assert_array_equal(layer.backward(np.ones(shape, dtype)), 0)
    for name, value in layer.state.items():
        np.testing.assert_array_equal(value, before[name])


def test_one_image_of_several_pixels_moves_them(rng):
    layer = BatchNorm(momentum=1.0)
    layer.build((2, 3, 5), rng)
    x = rng.normal(size=(1, 2, 3, 5)).astype("f4")
    layer.forward(x, train=True)
    np.testing.assert_allclose(layer.state["running_var"], x.reshape(-1, 5).var(0, ddof=1), rtol=1e-5)
    assert layer.min_batch_size == 1


def test_an_epoch_leaves_a_last_batch_of_one_out(blobs):
    train = few(blobs[0], 101)
    sizes = Sizes()
    fitted = solver(network(), callbacks=[sizes])
    fitted.fit(train, epochs=2)
    assert sizes.seen == [50, 50] * 2
    assert (fitted.steps_per_epoch, fitted.step) == (2, 4)


def test_a_network_without_it_sees_every_sample(blobs):
    sizes = Sizes()
    solver(Sequential(Linear(3)).build((2,)), callbacks=[sizes]).fit(few(blobs[0], 101), epochs=1)
    assert sizes.seen == [50, 50, 1]


def test_one_more_sample_does_not_spoil_the_network(blobs):
    """With momentum 1 the running statistics are those of the last batch."""
    losses = []
    for count in (100, 101):
        fitted = solver(network(momentum=1.0))
        fitted.fit(few(blobs[0], count), epochs=10)
        losses.append(evaluate(fitted.model, fitted.loss, blobs[1]).loss)
        assert fitted.model.layers[1].state["running_var"].min() > 0.01
    assert losses[1] < 1.2 * losses[0]


@pytest.mark.parametrize("layers", ON_FEATURES.values(), ids=ON_FEATURES)
def test_batches_of_one_are_refused(blobs, layers):
    model = Sequential(*(layer.fresh() for layer in layers)).build((2,))
    with pytest.raises(ModelError, match=r"BatchNorm\(\), needs at least 2 samples in a training batch, not 1"):
        solver(model, batch_size=1).fit(blobs[0], epochs=1)
    with pytest.raises(ModelError, match="needs at least 2"):
        solver(model).fit(few(blobs[0], 1), epochs=1)
    with pytest.raises(ModelError, match="needs at least 2"):
        range_test(solver(model, batch_size=1), blobs[0])


def test_of_images_that_shrink_to_a_pixel_too():
    def built(size):
        layers = Conv2d(4, 3, stride=2, padding=1), Conv2d(4, 2), BatchNorm(), ReLU(), GlobalAvgPool2d(), Linear(2)
        return Sequential(*layers).build((size, size, 1))

    assert built(4).min_batch_size == 2
    assert built(8).min_batch_size == 1
    assert Sequential(Conv2d(4, 3), BatchNorm(), Flatten(), Linear(2)).build((8, 8, 1)).min_batch_size == 1


def test_a_frozen_one_trains_on_single_samples(blobs):
    model = network().freeze("1")
    solver(model, batch_size=1).fit(few(blobs[0], 3), epochs=1)
    np.testing.assert_array_equal(model.layers[1].state["running_var"], 1)


def test_trainings_in_step_leave_it_out_too(blobs):
    train = few(blobs[0], 101)
    together = [solver(network()), solver(network())]
    fit_together(together, train, epochs=2)
    alone = solver(network())
    alone.fit(train, epochs=2)
    for each in together:
        assert each.step == alone.step == 4
        np.testing.assert_allclose(
            each.model.layers[1].state["running_var"], alone.model.layers[1].state["running_var"], rtol=1e-5
        )


@pytest.mark.parametrize(("n", "size", "fewest"), [(101, 50, 2), (101, 50, 1), (100, 50, 2), (2, 50, 2), (7, 3, 3)])
def test_batches_are_counted_as_they_come(n, size, fewest):
    given = list(batches(n, size, None, fewest))
    assert len(given) == steps_per_epoch(n, size, fewest)
    assert n - sum(map(len, given)) == samples_left_out(n, size, fewest)
    assert min(map(len, given)) >= fewest


def test_a_study_says_what_it_leaves_out(tmp_path, capsys):
    values = ("model.batchnorm=true", "train.batch_size=10", "data.train_size=101", "train.epochs=1")
    metrics = work.run(load("digits", values), tmp_path / "run")
    said = metrics.data.notes["left out of each epoch"]
    assert said.startswith("1 training sample, another one each time; batch normalisation needs 2 in a batch")
    assert said in capsys.readouterr().out
    assert metrics.training.steps == 10


def test_schedules_end_with_the_last_step(base):
    study = load(base, ("model.batchnorm=true", "train.batch_size=10", "data.train_size=101", "train.epochs=3"))
    feeds = load_feeds(study)
    fitted = build_solver(study, model_for(study, feeds), feeds)
    fitted.fit(feeds.train, epochs=3)
    assert fitted.step == 30
    assert fitted.schedule(fitted.step) == 0 < fitted.schedule(fitted.step - 1)


def test_a_study_with_batches_of_one_is_refused_before_anything_is_written(tmp_path):
    asked = load("digits", ("model.batchnorm=true", "train.batch_size=1"))
    with pytest.raises(StudyError, match=r"train\.batch_size is 1: layer 2, BatchNorm"):
        work.run(asked, tmp_path / "run", quiet=True)
    assert not (tmp_path / "run").exists()
