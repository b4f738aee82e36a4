"""First-layer weights as pictures: every value in its cell, on one scale, pixel for pixel."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image as PILImage

from backhand.experiments.run.evidence import Evidence
from backhand.experiments.run.evidence_groups import FirstWeights
from backhand.experiments.run.record import read
from backhand.experiments.run.report import filters
from backhand.page.mosaic import FRAME, GAP, GREY
from backhand.page.numbers import shape


@pytest.fixture(scope="module")
def run(digits):
    return read(digits.folder)


@pytest.fixture(scope="module")
def draw(run):
    """The images of weights before and after training."""

    def images(before, after):
        weights = FirstWeights(before.astype(np.float32), after.astype(np.float32))
        return filters.weights(replace(run, evidence=Evidence(first_weights=weights)))

    return images


def pixels(png):
    return np.asarray(PILImage.open(io.BytesIO(png)))


def unit(picture, cell, side, size):
    """A unit's values, taken back out of the picture; they must be squares of one colour."""
    top, left = (FRAME + k * (side + GAP) for k in cell)
    pixels = picture[top : top + side, left : left + side].reshape(size, side // size, size, side // size, 3)
    assert np.ptp(pixels, axis=(1, 3)).max() == 0
    return pixels[:, 0, :, 0].astype(float)


def test_kernels_are_shown_value_for_value_on_one_scale(draw, rng):
    before, after = rng.normal(size=(2, 3, 3, 1, 8))
    images = draw(before, after)
    assert [image.name for image in images] == ["weights-before", "weights-after"]
    limit = np.percentile(np.abs([before, after]), 99.5)
    for image, weights in zip(images, (before, after), strict=True):
        picture = pixels(image.png)
        side = (picture.shape[0] - 2 * FRAME + GAP) // 2 - GAP  # 4 columns leave no hole, 3 would
        assert picture.shape[1] == 4 * (side + GAP) - GAP + 2 * FRAME
        for k in range(8):
            expected = 255 * np.clip(0.5 + weights[:, :, 0, k] / (2 * limit), 0, 1)
            values = unit(picture, divmod(k, 4), side, 3)
            np.testing.assert_allclose(values, expected[:, :, None].repeat(3, 2), atol=0.51)
        assert f"from −{limit:.2g} to {limit:.2g}" in image.caption
        assert f"({shape((3, 3, 1))}): 8 kernels" in image.alt


def test_three_channels_are_colours(draw, rng):
    weights = rng.uniform(-1, 1, size=(7, 7, 3, 1))
    (image, _) = draw(weights, weights)
    picture = pixels(image.png)
    limit = np.percentile(np.abs([weights, weights]), 99.5)
    values = unit(picture, (0, 0), len(picture) - 2 * FRAME, 7)
    np.testing.assert_allclose(values, 255 * np.clip(0.5 + weights[..., 0] / (2 * limit), 0, 1), atol=0.51)
    assert "red, green and blue" in image.caption


def test_other_channels_are_averaged_and_the_caption_says_so(draw, rng):
    weights = rng.uniform(-1, 1, size=(3, 3, 5, 4))
    (image, _) = draw(weights, weights)
    picture = pixels(image.png)
    assert np.ptp(picture.astype(int), axis=2).max() == 0
    assert "the mean of 5 channels" in image.caption


def test_how_far_the_weights_moved(draw, rng):
    before = rng.normal(size=(5, 5, 1, 6))
    first, second = draw(before, before + 0.25)
    assert "change" not in first.caption
    assert second.caption.endswith("that of their change 0.25.")


@pytest.mark.parametrize(("size", "count"), [(5, 64), (12, 36)])
def test_of_many_those_that_moved_most_are_shown_in_their_order(draw, rng, size, count):
    strong = np.sort(rng.permutation(100)[:count])
    before = np.zeros((size, size, 1, 100))
    after = np.full_like(before, 0.01)
    after[..., strong] = np.linspace(1, 2, count)
    _, image = draw(before, after)
    assert f"the {count} of 100 kernels that moved most, after training" in image.caption
    picture = pixels(image.png)
    grey = picture[FRAME :: (len(picture) + GAP - 2 * FRAME) // round(count**0.5), FRAME, 0]
    assert len(grey) == round(count**0.5)
    assert (np.diff(grey.astype(int)) > 0).all()


def test_linear_units_take_the_shape_of_the_sample(draw, rng):
    weights = rng.normal(size=(64, 4))
    image, _ = draw(weights, weights)
    picture = pixels(image.png)
    side = (len(picture) - 2 * FRAME + GAP) // 2 - GAP
    limit = np.percentile(np.abs([weights, weights]), 99.5)
    expected = 255 * np.clip(0.5 + weights[:, 3].reshape(8, 8) / (2 * limit), 0, 1)
    np.testing.assert_allclose(unit(picture, (1, 1), side, 8)[..., 0], expected, atol=0.51)
    assert f"({shape((8, 8, 1))}): 4 units" in image.caption


def test_weights_of_features_are_no_picture(draw):
    assert draw(np.ones((30, 4)), np.ones((30, 4))) == ()


def test_weights_of_zero_are_mid_grey(draw):
    image, _ = draw(np.zeros((3, 3, 1, 1)), np.zeros((3, 3, 1, 1)))
    assert set(np.unique(pixels(image.png))) == {GREY, 128}


def test_without_weights_there_is_no_picture(run):
    assert filters.weights(replace(run, evidence=Evidence())) == ()


def test_the_same_bytes_twice(draw, rng):
    before, after = rng.normal(size=(2, 5, 5, 3, 16))
    assert draw(before, after) == draw(before, after)
