"""Data as a notebook shows them: counts of classes, pictures of images, columns of tables."""

import base64
import io

import numpy as np
from PIL import Image

from backhand import data
from backhand.data.dataset import Dataset, Splits
from tests.notebook.markup import Markup

RNG = np.random.default_rng(0)


def images(size=6, channels=3):
    return Dataset(RNG.integers(0, 256, (30, size, size, channels), dtype=np.uint8), np.arange(30) % 3)


def test_every_class_has_its_counts_and_its_first_pictures():
    train = images()
    page = Markup(Splits("mine", ("a", "<b>", "c"), train, images())._repr_html_())
    assert "30 train, 30 test · 3 classes · one sample has 6 x 6 x 3 values" in page.text
    assert "<b>1010" in page.text
    picture = Image.open(io.BytesIO(base64.b64decode(page.attributes["src"][1].partition(",")[2])))
    assert picture.size == (8 * 7 - 1, 6)
    np.testing.assert_array_equal(np.asarray(picture)[:, 7:13], train.x[4])


def test_tables_show_their_columns():
    page = Markup(data.load("breast_cancer")._repr_html_())
    assert "malignant17042" in page.text
    assert "and 22 more" in page.text
    assert "img" not in page.tags


def test_labels_alone_stand_for_classes_without_names():
    page = Markup(images(40, 1)._repr_html_())
    assert "30 samples · 3 classes" in page.text
    assert len(page.attributes["src"]) == 3
    assert "0 samples · 0 classes" in Dataset(np.zeros((0, 2)), np.zeros(0, np.int64))._repr_html_()
    assert "img" not in Markup(images(4, 2)._repr_html_()).tags


def test_a_regression_shows_its_targets():
    page = Markup(data.load("diabetes")._repr_html_())
    assert "354 train, 88 test · target progression · one sample" in page.text
    assert "body mass index" in page.text
    assert "progression" in page.text.partition("values")[2]
    assert "2 samples · 3 targets" in Dataset(np.zeros((2, 2)), np.zeros((2, 3)))._repr_html_()


def test_labels_may_be_any_numbers():
    page = Dataset(np.zeros((3, 2)), np.array([-1, 10**12, 10**12]))._repr_html_()
    assert "2 classes" in page
    assert "1000000000000" in page


def test_of_many_classes_the_first_are_shown():
    many = Dataset(np.zeros((50, 3, 3, 1), np.uint8), np.arange(50))
    assert "and 30 more classes" in many._repr_html_()
