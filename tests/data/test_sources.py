"""Samples in every form are trained on: arrays, arrays on disk, shards, data sets of other libraries."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import Dataset, TensorDataset

from backhand.data.shards import Shards
from backhand.data.sources import ItemSource, source_of
from backhand.errors import DataError
from backhand.training.evaluate import evaluate


@pytest.fixture
def points(blobs):
    return tuple(part.batch(slice(None)) for part in blobs)


def losses(solver):
    return [(record["train_loss"], record["validation_loss"]) for record in solver.history]


def test_arrays_train_as_a_feed_does(make_solver, blobs, points, tmp_path):
    (x, y), held = points
    by_feed = make_solver()
    by_feed.fit(*blobs, epochs=3)
    np.save(tmp_path / "x.npy", x)
    on_disk = np.load(tmp_path / "x.npy", mmap_mode="r")
    for train in ((x, y), (on_disk, y)):
        solver = make_solver()
        solver.fit(*train, validation=held, epochs=3)
        assert losses(solver) == losses(by_feed)
    pair = make_solver()
    pair.fit((x, y), held, epochs=3)
    assert losses(pair) == losses(by_feed)


def test_lists_and_weights(make_solver, points):
    (x, y), _ = points
    solver = make_solver()
    solver.fit(x.tolist(), y.tolist(), epochs=1)
    assert len(solver.history) == 1
    weighted = make_solver(optimizer=type(solver.optimizer)(0.1))
    weighted.fit((x, y, np.zeros(len(y))), epochs=1)
    assert weighted.history[0]["train_loss"] == 0


def test_shards_are_read_as_one_array(tmp_path, rng, make_solver):
    x, y = rng.standard_normal((90, 2)).astype(np.float32), rng.integers(0, 3, 90)
    files = []
    for number, part in enumerate(np.split(np.arange(90), [20, 21, 70])):
        files.append(tmp_path / f"x-{number}.npy")
        np.save(files[-1], x[part])
    shards = Shards(files)
    assert (len(shards), shards.shape, shards.dtype) == (90, (90, 2), np.float32)
    index = rng.permutation(90)[:37]
    np.testing.assert_array_equal(shards[index], x[index])
    np.testing.assert_array_equal(shards[15:25], x[15:25])
    one, two = make_solver(), make_solver()
    one.fit(x, y, epochs=2)
    two.fit(shards, y, epochs=2)
    np.testing.assert_array_equal(one.model.parameters.values, two.model.parameters.values)


def test_shards_that_do_not_fit_are_refused(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((3, 2)))
    np.save(tmp_path / "b.npy", np.zeros((3, 4)))
    with pytest.raises(DataError, match=r"b\.npy has rows of float64 and shape \(4,\), and .*; make them alike"):
        Shards([tmp_path / "a.npy", tmp_path / "b.npy"])
    with pytest.raises(DataError, match="there are no shards"):
        Shards([])


def test_a_data_set_of_pytorch(make_solver, points):
    (x, y), (held_x, held_y) = points
    by_array, by_items = make_solver(), make_solver()
    by_array.fit(x, y, validation=(held_x, held_y), epochs=2)
    held = TensorDataset(torch.tensor(held_x), torch.tensor(held_y))
    by_items.fit(TensorDataset(torch.tensor(x), torch.tensor(y)), held, epochs=2)
    assert losses(by_items) == losses(by_array)


class Dictionaries(Dataset):
    """As a data set of Hugging Face gives its items, with pictures."""

    def __init__(self, keys=("image", "label")):
        self.keys = keys

    def __len__(self):
        return 6

    def __getitem__(self, index):
        picture = Image.fromarray(np.full((4, 4), 40 * index, np.uint8))
        return dict(zip(self.keys, (picture, index % 3), strict=True))


def test_dictionaries_with_pictures():
    x, y = source_of(Dictionaries()).batch(np.array([5, 1]))
    assert x.shape == (2, 4, 4, 1)
    np.testing.assert_allclose(x[:, 0, 0, 0], [200 / 255, 40 / 255], rtol=1e-6)
    assert y.tolist() == [2, 1]
    named = ItemSource(Dictionaries(("photo", "breed")), "photo", "breed")
    assert named.batch(slice(2))[1].tolist() == [0, 1]
    with pytest.raises(DataError, match="have no sample that is known; name one of photo, breed"):
        source_of(Dictionaries(("photo", "breed"))).batch(slice(2))


@pytest.mark.parametrize(
    ("samples", "labels", "said"),
    [
        (np.zeros((3, 2)), None, "a ndarray alone has no labels"),
        (np.zeros((3, 2)), np.zeros(2, int), "3 samples but 2 labels"),
        (7, None, "a int alone has no labels"),
    ],
)
def test_samples_without_labels_are_refused(make_solver, samples, labels, said):
    with pytest.raises(DataError, match=said):
        make_solver().fit(samples, labels, epochs=1)


def test_sources_are_evaluated(make_solver, points, blobs):
    solver = make_solver()
    assert evaluate(solver.model, solver.loss, source_of(points[1])).loss == pytest.approx(
        evaluate(solver.model, solver.loss, blobs[1]).loss
    )
