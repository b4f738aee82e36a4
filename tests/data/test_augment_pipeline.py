"""Mix-up against its formula, the whole pipeline, what every augmentation promises, and the batches of a feed."""

import math

import numpy as np
import pytest

from backhand.data import Standardizer
from backhand.data.augment import Affine, Augment, Brightness, Contrast, Crop, Cutout, Flip, MixUp
from backhand.data.augment.evaluation import EvaluationAugment
from backhand.data.dataset import Dataset
from backhand.data.feed import Feed
from tests.data import datafiles as df

FILL = np.float32(100)
STEPS = (Flip(), Crop(2), Affine(20, 0.1, 0.1), Brightness(0.3), Contrast(0.3), Cutout(3, FILL))
LABELS = np.array([0, 2, 1, 1, 0, 3])


def names(steps):
    return [type(step).__name__ for step in steps]


@pytest.mark.parametrize("step", STEPS, ids=names(STEPS))
@pytest.mark.parametrize("shape", [(6, 5, 8, 3), (1, 7, 6, 1), (2, 6, 6, 4)])
def test_every_augmentation_keeps_shape_dtype_and_input_and_repeats_from_its_seed(step, shape):
    x = df.noise(*shape).astype(np.float32)
    kept = x.copy()
    one, two = (step(x, np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(x, kept)
    assert (one.shape, one.dtype) == (x.shape, np.float32)
    assert step.draw(x.shape, np.random.default_rng(3)).dtype == np.float32
    assert not np.shares_memory(one, x)
    assert one.min() >= 0
    assert one.max() <= 255 + 1e-3


@pytest.mark.parametrize("step", STEPS, ids=names(STEPS))
def test_every_image_of_a_batch_draws_for_itself_and_every_batch_anew(step):
    x = np.tile(df.noise(1, 8, 8, 3), (32, 1, 1, 1)).astype(np.float32)
    rng = np.random.default_rng(4)
    first, second = step(x, rng), step(x, rng)
    assert len(np.unique(first.reshape(32, -1), axis=0)) >= 2
    assert not np.array_equal(first, second)


def test_mixed_images_and_targets_are_convex_with_the_same_share_and_the_same_partner():
    x = np.eye(6, dtype=np.float32).reshape(6, 2, 3, 1)  # image n is 1 at place n: a mixture tells of what it is made
    y, targets = MixUp(1.0, 4)(x, LABELS, np.random.default_rng(5))
    shares = y.reshape(6, 6)
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-6)
    assert ((shares > 0).sum(axis=1) <= 2).all()
    assert (shares.diagonal() > 0).all()
    np.testing.assert_allclose(targets, shares @ np.eye(4)[LABELS], atol=1e-6)
    own = shares.diagonal()
    mixed = own < 1 - 1e-6
    partners = (shares - np.diag(own))[mixed].argmax(axis=1)
    assert len(set(partners)) == len(partners) >= 2  # a permutation: nobody is a partner twice
    assert len(np.unique(own[mixed].round(6))) == len(partners)  # each image draws its own share


@pytest.mark.parametrize("alpha", [0.2, 1.0, 4.0])
def test_the_share_is_beta_distributed(alpha):
    """Two images, those draws in which they are one another's partners; the variance of λ is 1 / (4 (2α + 1))."""
    x, rng = np.array([0, 1], np.float32).reshape(2, 1, 1, 1), np.random.default_rng(6)
    drawn = [MixUp(alpha, 2)(x, np.array([0, 1]), rng) for _ in range(4000)]
    shares = np.array([targets[0, 0] for _, targets in drawn if targets.diagonal().min() < 1 - 1e-6])
    variance = 1 / (4 * (2 * alpha + 1))
    assert abs(shares.mean() - 0.5) < 4 * math.sqrt(variance / len(shares))
    assert shares.var() == pytest.approx(variance, rel=0.15)


def test_targets_are_float32_distributions_and_labels_are_untouched():
    labels = np.random.default_rng(7).integers(0, 1000, 200)
    kept = labels.copy()
    _, targets = MixUp(0.4, 1000)(np.zeros((200, 2, 2, 1), np.float32), labels, np.random.default_rng(8))
    assert (targets.shape, targets.dtype) == ((200, 1000), np.float32)
    assert np.abs(targets.sum(axis=1, dtype=np.float64) - 1).max() < 1e-6
    assert targets.min() >= 0
    np.testing.assert_array_equal(labels, kept)


def test_a_batch_of_one_is_mixed_with_itself():
    x = df.noise(1, 4, 4, 3).astype(np.float32)
    y, targets = MixUp(0.4, 3)(x, np.array([2]), np.random.default_rng(9))
    np.testing.assert_allclose(y, x, rtol=1e-6)
    np.testing.assert_allclose(targets, [[0, 0, 1]])


@pytest.mark.parametrize("wrong", [(0.0, 3), (-1.0, 3), (0.4, 1), (float("nan"), 3)])
def test_an_impossible_mix_up(wrong):
    with pytest.raises(ValueError, match="mix-up needs alpha > 0 and 2 classes or more"):
        MixUp(*wrong)


def test_the_pipeline_is_its_steps_in_their_order_then_mix_up():
    x = df.noise(6, 8, 8, 3)
    mixup = MixUp(0.4, 4)
    drawn, targets = Augment(STEPS, mixup)(x, LABELS, np.random.default_rng(10))
    rng, expected = np.random.default_rng(10), x.astype(np.float32)
    for step in STEPS:
        expected = step(expected, rng)
    expected, expected_targets = mixup(expected, LABELS, rng)
    np.testing.assert_array_equal(drawn, expected)
    np.testing.assert_array_equal(targets, expected_targets)


@pytest.fixture
def data():
    return Dataset(df.noise(40, 6, 7, 3), np.arange(40) % 4)


@pytest.mark.parametrize("mode", ["none", "global", "channel", "feature"])
def test_a_feed_draws_augmented_pixels_and_standardises_them(data, mode):
    scale = Standardizer.fit(data.x, mode)
    augment = Augment((Flip(), Crop(1)), MixUp(0.4, 4))
    index = np.array([3, 1, 30])
    x, targets = Feed(data, scale, augment).draw(index, np.random.default_rng(11))
    pixels, expected = augment(data.x[index], data.y[index], np.random.default_rng(11))
    np.testing.assert_allclose(x, scale.transform(pixels), atol=1e-5)
    np.testing.assert_array_equal(targets, expected)
    assert x.dtype == np.float32


def test_without_augmentation_a_draw_is_the_batch_and_the_generator_rests(data):
    feed, rng = Feed(data, Standardizer.fit(data.x)), np.random.default_rng(12)
    before = rng.bit_generator.state
    for drawn, plain in zip(feed.draw(np.arange(5), rng), feed.batch(np.arange(5)), strict=True):
        np.testing.assert_array_equal(drawn, plain)
    assert rng.bit_generator.state == before


def test_a_batch_is_plain_even_where_there_is_augmentation(data):
    scale = Standardizer.fit(data.x)
    x, labels = Feed(data, scale, Augment((Crop(2),))).batch(slice(9))
    np.testing.assert_array_equal(x, scale.transform(data.x[:9]))
    np.testing.assert_array_equal(labels, data.y[:9])


@pytest.mark.parametrize("mode", ["none", "global", "channel", "feature"])
def test_a_cutout_is_0_once_standardised(data, mode):
    scale = Standardizer.fit(data.x, mode)
    feed = Feed(data, scale, Augment((Cutout(3, scale.mean),)))
    x, _ = feed.draw(np.arange(40), np.random.default_rng(13))
    hidden = (x == 0).all(axis=3).sum(axis=(1, 2))
    assert ((hidden >= 4) & (hidden <= 12)).all()  # 2 x 2 in a corner, 3 x 3 inside, and a black pixel may be 0 as well


def test_the_mirrored_feed_mirrors_pixels_before_they_are_standardised(data):
    scale = Standardizer.fit(data.x, "feature")
    _, mirrored = Feed(data, scale).variants(EvaluationAugment(flips=True))
    np.testing.assert_array_equal(mirrored.batch(slice(None))[0], scale.transform(data.x[:, :, ::-1]))
    np.testing.assert_array_equal(mirrored.data.y, data.y)
    assert np.shares_memory(mirrored.data.x, data.x)
