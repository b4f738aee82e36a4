"""The data sets that need no file."""

import numpy as np
import pytest

from backhand.architectures import mlp
from backhand.data import load
from backhand.data.sets import blobs, spirals
from backhand.training.losses import SoftmaxCrossEntropy
from backhand.training.penalty import L2
from tests.data import datafiles as df


@pytest.mark.parametrize("name", ["digits", "breast_cancer", "blobs", "spirals", "toy"])
def test_built_in_sets_never_change(name):
    first, second = load(name), load(name)
    df.assert_same(first, second)
    if name != "toy":  # which is tested on what it is trained on
        assert len(first.test) == pytest.approx(0.2 * (len(first.train) + len(first.test)), abs=1)
    assert all((count > 0).all() for count in first.counts().values())


BUILT_IN = {
    "blobs": (("east", "north-west", "south-west"), "Blobs, 600 points"),
    "breast_cancer": (("malignant", "benign"), "Breast Cancer Wisconsin, 569 tumours with 30 features"),
    "digits": (tuple("0123456789"), "Digits, 1,797 handwritten digits of 8 x 8 pixels"),
    "spirals": (("first arm", "second arm", "third arm"), "Spirals, 900 points in the plane on 3 arms"),
    "toy": (("a", "b", "c"), "Toy data, five points of four features"),
}


@pytest.mark.parametrize("name", BUILT_IN)
def test_built_in_sets_say_what_they_are(name):
    splits, (classes, source) = load(name), BUILT_IN[name]
    assert (splits.name, splits.classes) == (name, classes)
    assert splits.source.startswith(source)
    assert {split.x.dtype for split in splits.by_name.values()} == {
        np.dtype("uint8" if name == "digits" else "float32")
    }


def test_float32_holds_every_digit_of_breast_cancer():
    from sklearn.datasets import load_breast_cancer

    published = load_breast_cancer().data.ravel()
    assert [float(str(value)) for value in published.astype(np.float32)] == published.tolist()


def test_toy_points_are_those_that_the_exercise_is_known_by():
    """Its scores and its loss have been published, to eight and twelve digits (Stanford's course CS231n)."""
    toy, rng = load("toy").train, np.random.RandomState(0)
    model = mlp(3, (10,)).build((4,), dtype=np.float64)
    first, _, last = model.layers[1:]
    first.params["weight"][...] = 0.1 * rng.standard_normal((4, 10))
    last.params["weight"][...] = 0.1 * rng.standard_normal((10, 3))
    x = 10 * np.random.RandomState(1).standard_normal((5, 4))
    np.testing.assert_allclose(toy.x, x, rtol=1e-7)
    scores, loss = model.forward(x), SoftmaxCrossEntropy()
    published = [
        [-0.81233741, -1.27654624, -0.70335995],
        [-0.17129677, -1.18803311, -0.47310444],
        [-0.51590475, -1.01354314, -0.85042150],
        [-0.15419291, -0.48629638, -0.52901952],
        [-0.00618733, -0.12435261, -0.15226949],
    ]
    np.testing.assert_allclose(scores, published, rtol=0, atol=5e-9)
    whole = loss.forward(scores, toy.y) + L2(0.05, "whole").forward(model)
    assert whole == pytest.approx(1.30378789133, abs=1e-11)


def test_digits_keep_all_seventeen_values():
    x = load("digits").train.x
    assert x.dtype == np.uint8
    assert len(np.unique(x)) == 17
    assert (x.min(), x.max()) == (0, 255)


def assert_normal(noise, deviation):
    """Of this deviation, and of its own along either axis."""
    assert noise.std() == pytest.approx(deviation, rel=0.1)
    assert abs(np.corrcoef(noise.T)[0, 1]) < 0.2


def assert_whole(name, points):
    """The data set's training and test samples are these points."""
    splits = load(name)
    x = np.concatenate([splits.train.x, splits.test.x])
    np.testing.assert_array_equal(np.sort(x, axis=0), np.sort(points.x, axis=0))


def test_blobs_are_what_their_formula_says():
    points = blobs.make(300, 4, deviation=0)
    centres = np.array([[2, 0], [0, 2], [-2, 0], [0, -2]])
    np.testing.assert_allclose(points.x, centres[points.y], atol=1e-6)
    assert_normal(blobs.make(300, 4, deviation=0.1).x - points.x, 0.1)
    assert_whole("blobs", blobs.make(600, deviation=0.6, seed=0))


def test_spirals_are_what_their_formula_says():
    points = spirals.make(300, 3, deviation=0)
    radius, angle = np.hypot(*points.x.T), np.arctan2(points.x[:, 1], points.x[:, 0])
    assert 0.05 <= radius.min() < 0.07
    assert 0.98 < radius.max() <= 1
    turned = (angle - 4 * radius) / (2 * np.pi) - points.y / 3
    np.testing.assert_allclose(turned, np.rint(turned), atol=1e-5)
    assert_normal(spirals.make(300, 3, deviation=0.1).x - points.x, 0.1)
    assert_whole("spirals", spirals.make(900, deviation=0.05, seed=0))


def test_spirals_are_no_task_for_a_linear_classifier():
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import KNeighborsClassifier

    s = load("spirals")
    assert LogisticRegression().fit(s.train.x, s.train.y).score(s.test.x, s.test.y) < 0.8
    assert KNeighborsClassifier().fit(s.train.x, s.train.y).score(s.test.x, s.test.y) > 0.9
