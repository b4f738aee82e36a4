"""A folder of shards as a data set: what it may hold, what is refused, and that it is never read as a whole."""

import tracemalloc

import numpy as np
import pytest

import backhand as bh
from backhand import data
from backhand.data.formats.resize import Resize
from backhand.data.frames.options import TableOptions
from backhand.data.shards import Shards
from backhand.errors import DataError, StudyError
from backhand.experiments.build import load_feeds
from backhand.experiments.run import work
from backhand.study import load
from backhand.study.data import DataTable
from backhand.study.toml import make_table
from tests.data import datafiles as df

rng = np.random.default_rng(0)
x, y = rng.normal(size=(60, 3)).astype(np.float32), np.arange(60) % 3
images = df.noise(60, 6, 5)


def saved(folder, **arrays):
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
    return folder


def numbered(array, count, name):
    """The array in so many shards, by their names; the tenth comes after the ninth."""
    return {f"{name}-{k}": part for k, part in enumerate(np.array_split(array, count))}


def test_shards_follow_each_other_in_the_order_of_their_numbers(tmp_path):
    saved(tmp_path, **numbered(x, 12, "x_train"), **numbered(y, 12, "y_train"), x_test=x[:9], y_test=y[:9])
    splits = data.load("shards", path=tmp_path)
    assert isinstance(splits.train.x, Shards)
    np.testing.assert_array_equal(splits.train.x[:], x)
    np.testing.assert_array_equal(splits.train.y, y)
    np.testing.assert_array_equal(splits.test.x[:], x[:9])
    assert splits.classes == ("0", "1", "2")


def test_of_x_and_y_alone_a_fifth_is_the_test_split_and_stays_on_disk(tmp_path):
    saved(tmp_path, **numbered(images, 5, "x"), y=np.array(["cat", "dog", "cow"])[y], classes=["dog", "cat", "cow"])
    splits = data.load("shards", path=tmp_path)
    np.savez(tmp_path / "a.npz", x=images, y=np.array(["cat", "dog", "cow"])[y], classes=["dog", "cat", "cow"])
    same = data.load("npz", path=tmp_path / "a.npz")
    for split, other in ((splits.train, same.train), (splits.test, same.test)):
        assert isinstance(split.x, Shards)
        assert split.is_image
        np.testing.assert_array_equal(split.x[:], other.x)
        np.testing.assert_array_equal(split.y, other.y)


def test_targets_of_a_regression(tmp_path):
    saved(tmp_path, **numbered(x, 4, "x"), **numbered(x[:, :2].astype(float), 3, "y"))
    splits = data.load("shards", path=tmp_path, table=TableOptions(targets=("a", "b")))
    assert splits.targets == ("a", "b")
    np.testing.assert_array_equal(splits.train.y, splits.train.x[:][:, :2])


def test_rows_of_rows_are_rows(tmp_path):
    saved(tmp_path, **numbered(x, 4, "x"))
    whole = Shards(sorted(tmp_path.glob("*.npy")))
    some = whole.take(np.arange(50, 5, -3))
    np.testing.assert_array_equal(some.take(slice(2, 9, 2))[:], x[50:5:-3][2:9:2])
    np.testing.assert_array_equal(np.asarray(some), x[50:5:-3])
    assert (len(some), some.shape, some.ndim, some.dtype) == (15, (15, 3), 2, np.float32)
    scale = bh.Standardizer.fit(some, "feature")
    reference = bh.Standardizer.fit(x[50:5:-3], "feature")
    np.testing.assert_array_equal(scale.mean, reference.mean)
    np.testing.assert_array_equal(scale.transform(some), reference.transform(x[50:5:-3]))


BAD = {
    "no files": ({}, "has no .npy files; save x_train.npy"),
    "no labels": ({"x": x}, "lacks the array y"),
    "unlike rows": ({"x-0": x, "x-1": x[:, :2], "y": y}, r"x-1.npy has rows of float32 and shape \(2,\), and .*alike"),
    "unlike dtypes": ({"x-0": x, "x-1": x.astype(float), "y": y}, "x-1.npy has rows of float64 .* make them alike"),
    "a shard with another count": (
        {**numbered(x, 3, "x"), "y-0": y[:20], "y-1": y[20:39], "y-2": y[39:59]},
        "x-1.npy has 20 samples but y-1.npy 19 labels; give each sample a label",
    ),
    "another count": ({**numbered(x, 3, "x"), "y": y[:59]}, "have 60 samples .* but 59 labels"),
    "floats as labels": ({"x": x, "y": x[:, 0]}, 'for a regression set data.target = "y"'),
    "images of floats": ({"x": images / 255, "y": y}, "has images of float64, .*; save them as uint8, 0 to 255"),
    "channels first": ({"x": df.noise(60, 3, 16, 16), "y": y}, r"write x.transpose\(0, 2, 3, 1\)"),
    "text": ({"x": np.full((60, 2), "a"), "y": y}, "is <U1 of shape"),
    "objects": ({"x": np.array([None] * 60), "y": y}, "is not a whole array of numbers"),
    "not finite": ({"x": np.where(x > 2, np.nan, x), "y": y}, "is NaN"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_said_in_a_sentence(tmp_path, case):
    arrays, match = BAD[case]
    df.refused(match, "shards", path=saved(tmp_path, **arrays))


def test_a_damaged_shard_a_file_and_sizes_are_refused(tmp_path):
    saved(tmp_path, x=x, y=y)
    whole = (tmp_path / "x.npy").read_bytes()
    (tmp_path / "x.npy").write_bytes(whole[:-50])
    df.refused("x.npy is not a whole array of numbers", "shards", path=tmp_path)
    df.refused("is a file; name the folder", "shards", path=tmp_path / "y.npy")
    (tmp_path / "x.npy").write_bytes(whole)
    with pytest.raises(DataError, match=r"stay on disk as they are; .* leave out resize"):
        data.load("shards", path=tmp_path, resize=Resize((4, 4)))


STUDY = """
name = "big"
[data]
name = "shards"
path = "big"
[model]
name = "mlp"
hidden = [8]
[train]
epochs = 1
batch_size = 100
"""


@pytest.fixture(scope="module")
def big(tmp_path_factory):
    """A study of 40 MB in eight shards."""
    folder = tmp_path_factory.mktemp("big")
    (folder / "big").mkdir()
    (folder / "big.toml").write_text(STUDY)
    rows = np.random.default_rng(0).normal(size=(20_000, 500)).astype(np.float32)
    saved(folder / "big", **numbered(rows, 8, "x"), y=(rows[:, 0] > 0).astype(int))
    return folder / "big.toml"


def test_a_study_trains_without_reading_all(big, tmp_path):
    work.run(load(big), tmp_path / "first", quiet=True)  # which imports and compiles
    tracemalloc.start()
    metrics = work.run(load(big), tmp_path / "run", quiet=True)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert metrics.test.accuracy > 0.6
    assert peak < 25e6, f"{peak / 1e6:.0f} MB of 40"
    classifier = bh.load_classifier(tmp_path / "run")
    feeds = load_feeds(load(big))
    assert classifier.predict_proba(feeds.test.data.x[:10]).shape == (10, 2)
    assert bh.interpret(tmp_path / "run").saliency([0, 3]).shape == (2, 500)


def test_batches_are_those_of_the_same_arrays_in_memory(big, tmp_path):
    shards = load(big, ["data.train_size=300"])
    parts = [np.load(big.parent / "big" / f"x-{k}.npy") for k in range(8)]
    np.savez(tmp_path / "a.npz", x=np.concatenate(parts), y=np.load(big.parent / "big" / "y.npy"))
    memory = load(big, ["data.train_size=300", 'data.name="npz"', f'data.path="{tmp_path / "a.npz"}"'])
    ours, theirs = load_feeds(shards), load_feeds(memory)
    assert ours.fingerprint() == theirs.fingerprint()
    index = np.array([3, 1, 7])
    np.testing.assert_allclose(ours.train.batch(index)[0], theirs.train.batch(index)[0], rtol=1e-6, atol=1e-6)


def test_views_of_images_on_disk_are_refused(tmp_path):
    (tmp_path / "f").mkdir()
    saved(tmp_path / "f", x=images, y=y)
    (tmp_path / "s.toml").write_text(STUDY.replace('"big"', '"f"').replace('name = "f"', 'name = "s"', 1))
    with pytest.raises(StudyError, match=r"train.test_flips and train.test_shift need samples in memory"):
        load_feeds(load(tmp_path / "s.toml", ["train.test_flips=true"]))


def test_the_table_of_a_study_names_it():
    table = make_table(DataTable, name="shards", path="x", target="a")
    assert table.is_regression
