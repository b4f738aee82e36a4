"""Brightness, contrast and cutout against their formulas; and what they draw, over many draws."""

import math

import numpy as np
import pytest

from backhand.data.augment import Brightness, Contrast, Cutout

SHAPES = [(6, 5, 7, 3), (1, 6, 6, 1)]


def middling(*shape):
    """Pixels that stay within 0 .. 255 when they are changed by a third."""
    return np.random.default_rng(1).uniform(90, 160, shape).astype(np.float32)


def factors(augmentation, statistic, draws=300):
    """What each image's statistic was multiplied by."""
    x, rng = middling(20, 4, 5, 3), np.random.default_rng(2)
    return np.concatenate([statistic(augmentation(x, rng)) / statistic(x) for _ in range(draws)])


def mean(x):
    return x.mean(axis=(1, 2, 3), dtype=np.float64)


def deviation(x):
    return x.std(axis=(1, 2, 3), dtype=np.float64)


@pytest.mark.parametrize(("augmentation", "statistic"), [(Brightness(0.3), mean), (Contrast(0.3), deviation)])
def test_the_factor_is_uniform_on_both_sides_of_1(augmentation, statistic):
    found = factors(augmentation, statistic)
    assert 0.7 - 1e-4 < found.min() < 0.701
    assert 1.299 < found.max() < 1.3 + 1e-4
    assert abs(found.mean() - 1) < 4 * 0.6 / math.sqrt(12 * len(found))


@pytest.mark.parametrize("shape", SHAPES)
def test_brightness_multiplies_every_pixel_of_an_image_by_one_factor(shape):
    x = middling(*shape)
    ratio = (Brightness(0.3)(x, np.random.default_rng(3)) / x).reshape(len(x), -1)
    np.testing.assert_allclose(ratio, np.repeat(ratio[:, :1], ratio.shape[1], axis=1), rtol=1e-5)
    assert len(np.unique(ratio[:, 0].round(4))) == len(x)


@pytest.mark.parametrize("shape", SHAPES)
def test_contrast_keeps_the_mean_and_stretches_what_differs_from_it(shape):
    x = middling(*shape)
    y = Contrast(0.3)(x, np.random.default_rng(4))
    np.testing.assert_allclose(mean(y), mean(x), rtol=1e-5)
    for before, after in zip(x, y, strict=True):
        slope = after.std() / before.std()
        np.testing.assert_allclose(after, before.mean() + slope * (before - before.mean()), rtol=1e-4)


@pytest.mark.parametrize("augmentation", [Brightness, Contrast])
def test_pixels_stay_pixels(augmentation):
    augmentation = augmentation(1.0)
    x, rng = np.random.default_rng(5).uniform(0, 255, (50, 4, 4, 3)).astype(np.float32), np.random.default_rng(6)
    drawn = np.stack([augmentation(x, rng) for _ in range(20)])
    assert 0 <= drawn.min() < 0.01
    assert drawn.max() == 255


@pytest.mark.parametrize("augmentation", [Brightness, Contrast])
def test_no_strength_no_change(augmentation):
    x = middling(4, 5, 5, 3)
    np.testing.assert_allclose(augmentation(0.0)(x, np.random.default_rng(7)), x, rtol=1e-6)


@pytest.mark.parametrize("size", [1, 2, 3, 5])
@pytest.mark.parametrize("shape", [(8, 6, 9, 3), (1, 7, 5, 1)])
def test_a_cutout_is_one_square_about_a_pixel_cut_by_the_edges(size, shape):
    N, H, W, _ = shape
    x, rng = middling(*shape), np.random.default_rng(8)
    centres = np.zeros((H, W), int)
    for _ in range(60 * H * W // N):
        y = Cutout(size, np.float32(7.0))(x, rng)
        for before, after in zip(x, y, strict=True):
            hidden = (after == 7).all(axis=2)
            np.testing.assert_array_equal(after[~hidden], before[~hidden])
            matching = [(i, j) for i in range(H) for j in range(W) if np.array_equal(hidden, square(H, W, i, j, size))]
            assert len(matching) == 1
            centres[matching[0]] += 1
        if centres.sum() >= 600:
            break
    assert centres.sum() >= 600
    expected = centres.sum() / centres.size
    assert ((centres - expected) ** 2 / expected).sum() < centres.size + 5 * math.sqrt(2 * centres.size)


def square(H, W, i, j, size):
    hidden = np.zeros((H, W), bool)
    top, left = i - size // 2, j - size // 2
    hidden[max(top, 0) : top + size, max(left, 0) : left + size] = True
    return hidden


@pytest.mark.parametrize("fill", [np.float32(9), np.array([1, 2, 3], np.float32), "image"])
def test_the_fill_is_a_number_a_colour_or_an_image(fill):
    fill = np.arange(5 * 6 * 3, dtype=np.float32).reshape(5, 6, 3) if isinstance(fill, str) else fill
    x = middling(30, 5, 6, 3)
    y = Cutout(3, fill)(x, np.random.default_rng(9))
    wanted = np.broadcast_to(fill, x.shape)
    assert ((y == x) | (y == wanted)).all()
    assert (y == wanted).any(axis=(1, 2, 3)).all()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Brightness(-0.1), r"brightness is a fraction in \[0, 1\], not -0.1"),
        (lambda: Contrast(1.1), r"contrast is a fraction in \[0, 1\], not 1.1"),
        (lambda: Cutout(0, np.zeros(3, np.float32)), "needs a side of 1 pixel or more, not 0"),
    ],
)
def test_impossible_strengths(make, said):
    with pytest.raises(ValueError, match=said):
        make()
