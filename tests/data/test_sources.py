"""Samples in every form are trained on: arrays, arrays on disk, shards, data sets of other libraries."""

import re

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import Dataset, TensorDataset

from backhand.data.dataset import Dataset as Samples
from backhand.data.feed import Feed
from backhand.data.shards import Shards
from backhand.data.sources import ItemSource, source_of, sources_of
from backhand.data.standardize import Standardizer
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


def test_what_is_no_pair_of_samples_and_labels_is_said(points, tmp_path):
    (x, y), _ = points
    feed = Feed(Samples(x, y), Standardizer.fit(x, "feature"))
    for arguments, said in {
        ("x",): "a dict alone has no labels",
        ("x", "y"): "the samples are a dict; give an array of numbers with one row for each sample",
        ("data",): "a Dataset has no scale; give a feed, Feed",
        ("array", "y", "data"): "a Dataset has no scale",
        ("feed", "y"): "a Feed has its labels; leave out those of the second argument",
        ("feed", "feed", "feed"): "the second argument and validation are both for validation; leave out one",
        ("weighted",): r"the weights of the samples have the shape \(3,\); give one for each of",
        ("ragged", "y"): "the samples are rows of unlike shapes; make them alike",
        ("array", "names"): "the labels are a list of <U1; give an array of numbers",
    }.items():
        known = {"x": {"x": x}, "y": y, "data": Samples(x, y), "array": x, "feed": feed, "names": ["a"] * len(y)}
        known |= {"weighted": (x, y, np.ones(3)), "ragged": [[1.0], [1.0, 2.0]]}
        train, second, validation = [*(known[name] for name in arguments), None, None][:3]
        with pytest.raises(DataError, match=said):
            sources_of(train, second, validation)


def test_labels_may_be_shards_or_a_tuple(points, tmp_path):
    (x, y), held = points
    np.save(tmp_path / "y.npy", y)
    for labels in (Shards([tmp_path / "y.npy"]), tuple(y.tolist()), torch.tensor(y)):
        train, validation = sources_of(x, labels, held)
        np.testing.assert_array_equal(train.batch(slice(None))[1], y)
        np.testing.assert_array_equal(validation.batch(slice(None))[1], held[1])


@pytest.mark.parametrize("name", ["absent.npy", "damaged.npy", "several.npz", "damaged.npz"])
def test_a_file_that_is_no_shard_is_named(tmp_path, name):
    (tmp_path / "damaged.npy").write_bytes(b"\x93NUMPY\x01")
    (tmp_path / "damaged.npz").write_bytes(b"PK\x03\x04")
    np.savez(tmp_path / "several.npz", x=np.ones(3))
    with pytest.raises(DataError, match=re.escape(name)):
        Shards([tmp_path / name])


@pytest.mark.parametrize(("mode", "channels"), [("1", 1), ("L", 1), ("P", 3), ("RGB", 3)])
def test_pictures_of_every_mode_have_values_from_0_to_1(mode, channels):
    picture = Image.new("RGB", (4, 4), (255, 255, 255)).convert(mode)
    x, _ = ItemSource([(picture, 0)]).batch(slice(None))
    assert x.shape == (1, 4, 4, channels)
    assert (x == 1).all()


@pytest.mark.parametrize("mode", ["I;16", "I", "F", "CMYK"])
def test_pictures_of_other_modes_are_refused(mode):
    with pytest.raises(DataError, match=r"a picture of the data set has pixels of the kind .*; save it as 8-bit grey"):
        ItemSource([(Image.new(mode, (4, 4)), 0)]).batch(slice(None))


def test_sources_are_evaluated(make_solver, points, blobs):
    solver = make_solver()
    assert evaluate(solver.model, solver.loss, source_of(points[1])).loss == pytest.approx(
        evaluate(solver.model, solver.loss, blobs[1]).loss
    )
