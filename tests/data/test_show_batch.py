"""A batch as training draws it: the right pictures, labels and words, and rows for tables."""

import io

import numpy as np
import pytest
from PIL import Image

import backhand as bh
from backhand.data.augment import Augment, Flip
from backhand.data.augment.pipeline import MixUp
from backhand.data.show_batch import Rows
from backhand.errors import DataError
from tests.data import datafiles as df
from tests.notebook.markup import Markup

Y = np.arange(30) % 3
IMAGES = bh.Dataset(df.noise(30, 6, 5, 3), Y)
SCALES = {mode: bh.Standardizer.fit(IMAGES.x, mode) for mode in ("none", "channel", "feature")}


def drawn(figure):
    """The pictures and the texts of a figure; the title is the last of them."""
    (axes,) = figure.axes
    return [np.asarray(image.get_array()) for image in axes.images], [text.get_text() for text in axes.texts]


@pytest.mark.parametrize("mode", SCALES)
def test_without_augmentation_the_pictures_are_those_of_the_data(mode):
    pictures, texts = drawn(bh.show_batch(bh.Feed(IMAGES, SCALES[mode]), 5, classes=("a", "b", "c$")))
    index = np.random.default_rng(0).permutation(30)[:5]
    np.testing.assert_array_equal(pictures, IMAGES.x[index])
    assert texts[:-1] == [("a", "b", r"c\$")[k] for k in Y[index]]
    assert "5 samples, standardised; values from " in texts[-1]


def test_pictures_are_augmented_as_the_feed_augments_them():
    feed = bh.Feed(IMAGES, SCALES["channel"], Augment((Flip(),)))
    pictures, texts = drawn(bh.show_batch(feed, 12, seed=3))
    originals = IMAGES.x[np.random.default_rng(3).permutation(30)[:12]]
    flipped = [np.array_equal(shown, image[:, ::-1]) for shown, image in zip(pictures, originals, strict=True)]
    same = [np.array_equal(shown, image) for shown, image in zip(pictures, originals, strict=True)]
    assert all(a != b for a, b in zip(flipped, same, strict=True))
    assert 0 < sum(flipped) < 12
    assert "augmented (flip)" in texts[-1]


def test_mixed_pictures_say_the_shares_of_their_classes():
    feed = bh.Feed(IMAGES, SCALES["none"], Augment((), MixUp(1.0, 3)))
    _, texts = drawn(bh.show_batch(feed, 12, classes=("a", "b", "c")))
    mixed = [text.split("\n") for text in texts[:-1] if "\n" in text]
    assert mixed
    assert {sum(int(line.split("%")[0]) for line in lines) for lines in mixed} <= {99, 100, 101}
    assert "mix-up" in texts[-1]


def test_a_data_set_and_the_training_split_are_shown_as_they_are():
    splits = bh.Splits("mine", ("a", "b", "c"), IMAGES, IMAGES)
    (pictures, texts), (others, numbers) = drawn(bh.show_batch(splits, 3)), drawn(bh.show_batch(IMAGES, 3))
    np.testing.assert_array_equal(pictures, others)
    assert [("a", "b", "c")[int(k)] for k in numbers[:-1]] == texts[:-1]
    assert "as they are; values from " in texts[-1]


def test_any_source_to_train_on_is_shown():
    class Mine:
        def __len__(self):
            return 4

        def batch(self, index):
            return np.full((len(index), 3, 3, 1), -7.0) + index[:, None, None, None], index % 2

        def draw(self, index, rng):
            return self.batch(index)

    pictures, texts = drawn(bh.show_batch(Mine(), 9))
    assert len(pictures) == 4
    assert {int(picture.min()) for picture in pictures} == {0, 85, 170, 255}
    assert "as they are drawn; values from −7 to −4" in texts[-1]


def test_a_figure_is_a_picture_of_the_right_size():
    figure = bh.show_batch(IMAGES, 10)
    with Image.open(io.BytesIO(figure.png())) as image:
        assert image.size == tuple(np.round(200 * figure.get_size_inches()).astype(int))
    assert figure._repr_png_()[1] == {"width": (8 * 115)}


def test_rows_of_a_table_are_a_table():
    table = bh.load("breast_cancer")
    feed = bh.Feed(table.train, bh.Standardizer.fit(table.train.x, "feature"))
    rows = bh.show_batch(feed, 4, classes=table.classes)
    assert isinstance(rows, Rows)
    index = np.random.default_rng(0).permutation(len(feed))[:4]
    np.testing.assert_array_equal(rows.x, feed.batch(index)[0])
    page = Markup(rows._repr_html_())
    assert "4 samples" in page.text
    assert "and 18 more" in page.text
    assert f"{rows.x[0, 0]:.3g}" in page.text
    assert str(rows).splitlines()[2].split()[0] == table.classes[table.train.y[index[0]]]


@pytest.mark.parametrize(
    ("targets", "words"), [(np.array([0.25, 2.0]), "0.25"), (np.array([[0.5, 7], [1, 2]]), "0.5, 7")]
)
def test_targets_of_a_regression_are_numbers(targets, words):
    class Regression:
        def __len__(self):
            return 2

        def batch(self, index):
            return np.zeros((len(index), 3)), targets[index]

        def draw(self, index, rng):
            return self.batch(index)

    assert words in bh.show_batch(Regression(), 2).labels


def test_targets_that_sum_to_1_are_no_shares_of_classes():
    samples = bh.Dataset(np.zeros((4, 3)), np.array([[0.85, 0.15]] * 4))
    for data in (samples, bh.Feed(samples, bh.Standardizer.fit(samples.x, "feature"))):
        assert bh.show_batch(data, 2).labels == ("0.85, 0.15",) * 2


def test_samples_with_weights_are_shown():
    samples = bh.Dataset(np.arange(12.0).reshape(4, 3), np.arange(4), np.ones(4))
    assert len(bh.show_batch(bh.Feed(samples, bh.Standardizer.fit(samples.x, "feature")), 3).labels) == 3


def test_nothing_to_show_is_said():
    for data, n in ((IMAGES, 0), (bh.Dataset(np.zeros((0, 2)), np.zeros(0, np.int64)), 3)):
        with pytest.raises(DataError, match="needs 1 sample or more"):
            bh.show_batch(data, n)


def test_rows_have_the_names_of_their_columns_and_of_the_target():
    splits = bh.load("diabetes")
    rows = bh.show_batch(splits, 3)
    head = str(rows).splitlines()[1].split("  ")
    assert [name.strip() for name in head if name] == ["progression", *splits.features]
    page = Markup(rows._repr_html_())
    assert "body mass index" in page.text
    feed = bh.Feed(splits.train, bh.Standardizer.fit(splits.train.x, "feature"))
    assert "blood pressure" in str(bh.show_batch(feed, 2, features=splits.features))
    assert "column 10" in str(bh.show_batch(feed, 2))
    with pytest.raises(DataError, match="2 names do not fit 10 columns; give one for each"):
        bh.show_batch(feed, 2, features=["a", "b"])
