"""Standardisation against NumPy's own mean and deviation, in float64."""

import numpy as np
import pytest

from backhand.data import Standardizer, standardize
from backhand.errors import CheckpointError, DataError
from tests.data import datafiles as df

AXES = {"global": None, "channel": (0, 1, 2), "feature": 0}


@pytest.mark.parametrize("mode", AXES)
@pytest.mark.parametrize("chunk", [7, 1024])
def test_images_have_mean_0_and_deviation_1(mode, chunk, monkeypatch):
    monkeypatch.setattr(standardize, "CHUNK", chunk)
    x = df.noise(50, 6, 5, 3) // np.array([1, 2, 4], np.uint8)
    z = Standardizer.fit(x, mode).transform(x)
    expected = (x - x.mean(AXES[mode], keepdims=True)) / x.std(AXES[mode], keepdims=True)
    np.testing.assert_allclose(z, expected, atol=2e-6)
    assert z.dtype == np.float32
    assert z.flags.c_contiguous


@pytest.mark.parametrize("mode", ["global", "feature"])
def test_features(mode):
    x = np.random.default_rng(0).normal([1, -200, 3e4], [0.1, 5, 2e3], size=(3000, 3)).astype(np.float32)
    expected = (x - x.mean(AXES[mode], dtype=float)) / x.std(AXES[mode], dtype=float)
    np.testing.assert_allclose(Standardizer.fit(x, mode).transform(x), expected, rtol=1e-4, atol=1e-4)


def test_none_puts_pixels_on_0_to_1_and_leaves_features():
    pixels = np.array([0, 51, 255], np.uint8).reshape(3, 1, 1, 1)
    np.testing.assert_allclose(Standardizer.fit(pixels, "none").transform(pixels).ravel(), [0, 0.2, 1], rtol=1e-6)
    features = np.array([[0.5, -3]], np.float32)
    np.testing.assert_array_equal(Standardizer.fit(features, "none").transform(features), features)


def test_statistics_come_from_the_training_part_only():
    train, test = df.noise(30, 4, 4, 1), np.full((5, 4, 4, 1), 255, np.uint8)
    z = Standardizer.fit(train, "global").transform(test)
    np.testing.assert_allclose(z, (255 - train.mean()) / train.std(), rtol=1e-5)


def test_the_least_deviation_of_pixels_is_a_fiftieth_of_their_range():
    assert Standardizer.fit(np.full((9, 4, 4, 1), 7, np.uint8), "global").scale == 1 / (0.02 * 255)
    with pytest.raises(DataError, match="cannot standardise: there are no samples"):
        Standardizer.fit(np.zeros((0, 4, 4, 1), np.uint8), "global")


def test_constant_and_nearly_constant_pixels_do_not_explode():
    x = np.zeros((1000, 2, 2, 1), np.uint8)
    x[0, 0, 0] = 255  # one bright pixel in a thousand images
    standardizer = Standardizer.fit(x, "feature")
    assert np.isfinite(standardizer.scale).all()
    assert np.abs(standardizer.transform(np.full_like(x, 255))).max() <= 1 / standardize.PIXEL_FLOOR + 1e-3


@pytest.mark.parametrize("value", [0.0, 5.0, 0.1, 1e-40, 1e30])
def test_constant_features_are_only_centred(value):
    x = np.full((1000, 2), value, np.float32)
    x[:, 1] = np.arange(1000)
    z = Standardizer.fit(x, "feature").transform(x)
    np.testing.assert_allclose(z[:, 0], 0, atol=1e-6 * max(1, value))
    assert z[:, 1].std() == pytest.approx(1, rel=1e-4)


def test_large_means_lose_no_digits():
    signal = np.random.default_rng(0).normal(size=(4000, 1))
    x = 1e6 + 10 * np.round(signal * 16) / 16  # exact in float32
    z = Standardizer.fit(x, "feature").transform(x)
    np.testing.assert_allclose(z, (x - x.mean()) / x.std(), atol=0.01)
    assert z.std() == pytest.approx(1, rel=1e-3)


@pytest.mark.parametrize("mode", ["none", "global", "channel", "feature"])
def test_arrays_bring_it_back(mode):
    x = df.noise(20, 4, 4, 3)
    standardizer = Standardizer.fit(x, mode)
    arrays = standardizer.arrays()
    assert all(isinstance(a, np.ndarray) and a.dtype == np.float64 and np.isfinite(a).all() for a in arrays.values())
    np.testing.assert_array_equal(Standardizer.from_arrays(arrays).transform(x), standardizer.transform(x))
    old = {name: array.astype(np.float32) for name, array in arrays.items()}  # as earlier versions saved them
    again = Standardizer.from_arrays(old)
    assert (again.mean.dtype, again.scale.dtype) == (np.float64, np.float64)
    np.testing.assert_array_equal(again.transform(x), standardizer.transform(x))


def test_transform_changes_nothing_it_is_given():
    x = np.random.default_rng(0).normal(size=(9, 2)).astype(np.float32)
    before = x.copy()
    Standardizer.fit(x, "feature").transform(x)
    np.testing.assert_array_equal(x, before)


def test_mistakes():
    features = np.ones((4, 2), np.float32)
    with pytest.raises(DataError, match='"chanel"; did you mean "channel"'):
        Standardizer.fit(features, "chanel")
    with pytest.raises(DataError, match="needs images"):
        Standardizer.fit(features, "channel")
    with pytest.raises(DataError, match="no samples"):
        Standardizer.fit(features[:0], "feature")
    with pytest.raises(DataError, match="NaN"):
        Standardizer.fit(features * np.float32("nan"), "feature")
    with pytest.raises(DataError, match=r"shape \(3,\) cannot be standardised as those of shape \(2,\)"):
        Standardizer.fit(features, "feature").transform(np.ones((4, 3), np.float32))
    with pytest.raises(CheckpointError, match="scale is missing"):
        Standardizer.from_arrays({"mean": features})


@pytest.mark.parametrize("mode", ["none", "global", "channel", "feature"])
def test_the_inverse_gives_the_samples_back(mode):
    x = np.random.default_rng(0).integers(0, 256, (20, 4, 3, 2), dtype=np.uint8)
    x[:, 0, 0] = 7
    scale = Standardizer.fit(x, mode)
    np.testing.assert_allclose(scale.inverse(scale.transform(x)), x, atol=1e-3)


def test_the_inverse_of_a_constant_feature_is_its_mean():
    x = np.array([[1.0, 5.0], [3.0, 5.0]])
    scale = Standardizer.fit(x, "feature")
    np.testing.assert_allclose(scale.inverse(scale.transform(x)), x, rtol=1e-6)
