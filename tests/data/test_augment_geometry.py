"""Flip, crop and affine against slices, np.rot90 and a loop over pixels; and what they draw, over many draws."""

import math

import numpy as np
import pytest

from backhand.data.augment import Affine, Crop, Flip, affine
from tests.data import datafiles as df

SHAPES = [(4, 6, 5, 3), (3, 7, 7, 1), (1, 5, 8, 2)]
STILL = {"angle": 0.0, "down": 0.0, "right": 0.0, "factor": 1.0}


def floats(*shape):
    return df.noise(*shape).astype(np.float32)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_flip_leaves_an_image_or_mirrors_it_each_in_half_the_draws(shape):
    x, rng = floats(*shape), np.random.default_rng(0)
    mirrored = 0
    for _ in range(500):
        y = Flip()(x, rng)
        as_it_was = (y == x).all(axis=(1, 2, 3))
        assert (as_it_was != (y == x[:, :, ::-1]).all(axis=(1, 2, 3))).all()
        mirrored += np.count_nonzero(~as_it_was)
    assert abs(mirrored - 250 * len(x)) < 4 * math.sqrt(125 * len(x))  # four deviations of a fair coin


def test_images_of_one_batch_are_flipped_each_by_itself():
    x = np.tile(floats(1, 4, 4, 1), (64, 1, 1, 1))
    assert 16 < np.count_nonzero((Flip()(x, np.random.default_rng(1)) == x).all(axis=(1, 2, 3))) < 48


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("pixels", [1, 3])
def test_a_crop_is_a_slice_of_the_mirrored_surroundings_every_one_as_often(shape, pixels):
    x, rng = floats(*shape), np.random.default_rng(2)
    _, H, W, _ = shape
    side = 2 * pixels + 1
    counts = np.zeros((side, side), int)
    draws = 40 * side**2 // len(x)
    for _ in range(draws):
        for image, crop in zip(x, Crop(pixels)(x, rng), strict=True):
            wide = np.pad(image, ((pixels, pixels), (pixels, pixels), (0, 0)), mode="reflect")
            found = [
                (i, j) for i in range(side) for j in range(side) if np.array_equal(wide[i : i + H, j : j + W], crop)
            ]
            assert len(found) == 1
            counts[found[0]] += 1
    expected = draws * len(x) / side**2
    assert ((counts - expected) ** 2 / expected).sum() < side**2 + 5 * math.sqrt(2 * side**2)  # chi-squared


def test_a_flip_mirrors_where_1_is_drawn():
    x = floats(2, 6, 7, 3)
    np.testing.assert_array_equal(Flip().apply(x, np.array([[1], [0]], np.float32)), [x[0, :, ::-1], x[1]])
    assert Flip().draw(x.shape, np.random.default_rng(0)).shape == (2, 1)


def test_a_crop_lies_as_far_down_and_to_the_right_as_it_is_drawn():
    x = floats(2, 6, 7, 3)
    wide = np.pad(x, ((0, 0), (2, 2), (2, 2), (0, 0)), mode="reflect")
    cut = Crop(2).apply(x, np.array([[-2, 1], [2, 0]], np.float32))
    np.testing.assert_array_equal(cut[0], wide[0, 0:6, 3:10])
    np.testing.assert_array_equal(cut[1], wide[1, 4:10, 2:9])


def test_what_has_no_strength_changes_nothing():
    x, rng = floats(5, 6, 7, 3), np.random.default_rng(3)
    np.testing.assert_array_equal(Crop(0)(x, rng), x)
    np.testing.assert_array_equal(Affine()(x, rng), x)
    np.testing.assert_array_equal(affine(x, **STILL), x)


@pytest.mark.parametrize("size", [6, 7])
@pytest.mark.parametrize("quarters", [1, 2, 3, -1])
def test_quarter_turns_are_those_of_rot90(size, quarters):
    x = floats(3, size, size, 3)
    turned = affine(x, **STILL | {"angle": 90.0 * quarters})
    np.testing.assert_allclose(turned, np.rot90(x, quarters, axes=(1, 2)), atol=1e-2)


def test_half_a_turn_of_an_image_that_is_not_square():
    x = floats(2, 5, 8, 3)
    np.testing.assert_allclose(affine(x, **STILL | {"angle": 180.0}), x[:, ::-1, ::-1], atol=1e-2)


@pytest.mark.parametrize(("down", "right"), [(2, 0), (-1, 3), (0, -4)])
def test_a_shift_by_whole_pixels_is_a_slice_of_the_image_with_its_edge_repeated(down, right):
    x = floats(3, 6, 7, 3)
    wide = np.pad(x, ((0, 0), (4, 4), (4, 4), (0, 0)), mode="edge")
    moved = affine(x, **STILL | {"down": float(down), "right": float(right)})
    np.testing.assert_array_equal(moved, wide[:, 4 - down : 10 - down, 4 - right : 11 - right])


def test_half_a_pixel_is_the_mean_of_two():
    x = floats(1, 4, 5, 1)
    moved = affine(x, **STILL | {"right": 0.5})
    np.testing.assert_allclose(moved[:, :, 1:], (x[:, :, 1:] + x[:, :, :-1]) / 2)


def test_magnified_twice_every_second_pixel_of_the_middle_shows():
    x = floats(2, 9, 9, 3)
    np.testing.assert_array_equal(affine(x, **STILL | {"factor": 2.0})[:, ::2, ::2], x[:, 2:7, 2:7])


def slow_affine(image, angle, down, right, factor):
    """One image, pixel by pixel: where does it come from, and what is there?"""
    H, W, C = image.shape
    y = np.zeros((H, W, C))
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    for i in range(H):
        for j in range(W):
            # In coordinates that point right and up, about the centre, the source is turned back by the angle.
            right_of, above = j - (W - 1) / 2 - right, (H - 1) / 2 + down - i
            from_right, from_above = (cos * right_of + sin * above) / factor, (cos * above - sin * right_of) / factor
            row, column = (H - 1) / 2 - from_above, (W - 1) / 2 + from_right
            for k in (math.floor(row), math.floor(row) + 1):
                for m in (math.floor(column), math.floor(column) + 1):
                    y[i, j] += (
                        (1 - abs(row - k)) * (1 - abs(column - m)) * image[min(max(k, 0), H - 1), min(max(m, 0), W - 1)]
                    )
    return y


@pytest.mark.parametrize("shape", [(3, 6, 9, 3), (2, 8, 5, 1)])
def test_all_at_once_against_a_loop_over_pixels(shape):
    x, rng = floats(*shape), np.random.default_rng(4)
    values = {
        "angle": rng.uniform(-180, 180, len(x)),
        "down": rng.uniform(-4, 4, len(x)),
        "right": rng.uniform(-4, 4, len(x)),
        "factor": rng.uniform(0.3, 2, len(x)),
    }
    expected = [slow_affine(image, *(v[n] for v in values.values())) for n, image in enumerate(x)]
    np.testing.assert_allclose(affine(x, **values), expected, atol=0.05)


def test_an_image_one_pixel_wide_is_no_trouble():
    x = np.full((2, 1, 5, 1), 7, np.float32)
    np.testing.assert_allclose(Affine(90, 0.5, 0.5)(x, np.random.default_rng(5)), 7)


def test_the_ranges_of_an_affine():
    """Over many draws: every value within its range, and all of the range."""
    rng = np.random.default_rng(6)
    drawn = [Affine(20, 0.25, 0.1).draw((100, 8, 40, 1), rng) for _ in range(50)]
    cos, sin, down, right = np.concatenate(drawn).astype(np.float64).T
    turned = {"angle": np.degrees(np.arctan2(sin, cos)), "factor": 1 / np.hypot(cos, sin), "down": down, "right": right}
    ranges = {"angle": (-20, 20), "down": (-2, 2), "right": (-10, 10), "factor": (0.9, 1.1)}
    for name, (low, high) in ranges.items():
        values = turned[name]
        width = high - low
        assert low - 1e-6 <= values.min() < low + width / 100
        assert high - width / 100 < values.max() <= high + 1e-6
        assert abs(values.mean() - (low + high) / 2) < 4 * width / math.sqrt(12 * len(values))


def test_the_largest_factor_magnifies():
    class Largest:
        """Draws no angle, no shift and the last of the factors."""

        def uniform(self, low, high, shape):
            drawn = np.zeros(shape)
            drawn[3] = high
            return drawn

    cos, _, _, _ = Affine(0, 0, 0.25).draw((1, 8, 8, 1), Largest()).T
    assert cos == 1 / np.float32(1.25)


def test_half_a_turn_is_the_widest_range():
    assert Affine(180).rotate == 180


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Crop(-1), "a crop needs a padding of 0 pixels or more, not -1"),
        (lambda: Affine(-1), r"rotate is in \[0, 180\] degrees"),
        (lambda: Affine(181), "rotate=181"),
        (lambda: Affine(0, 1.0), "shift=1.0"),
        (lambda: Affine(0, 0, 1.0), "scale=1.0"),
        (lambda: Affine(float("nan")), "rotate=nan"),
    ],
)
def test_impossible_strengths(make, said):
    with pytest.raises(ValueError, match=said):
        make()
