"""The views that scores are averaged over."""

import numpy as np
import pytest

from backhand.data.augment.at_test_time import PLAIN, Views

IMAGES = np.random.default_rng(3).integers(0, 256, (5, 6, 7, 3), dtype=np.uint8)


def test_without_flips_and_shift_there_is_the_image_alone() -> None:
    (only,) = PLAIN.of(IMAGES)
    assert only is IMAGES


def test_features_have_one_view() -> None:
    (only,) = PLAIN.of(IMAGES[:, 0, 0])
    assert only.shape == (5, 3)


@pytest.mark.parametrize(("views", "count"), [(Views(flips=True), 2), (Views(shift=2), 3), (Views(True, 2), 6)])
def test_no_two_views_are_equal(views: Views, count: int) -> None:
    seen = list(views.of(IMAGES))
    assert len(seen) == len({each.tobytes() for each in seen}) == count
    assert {(each.shape, each.dtype) for each in seen} == {(IMAGES.shape, IMAGES.dtype)}


def test_a_shift_moves_to_two_opposite_corners() -> None:
    _, down_right, up_left = Views(shift=2).of(IMAGES)
    np.testing.assert_array_equal(down_right[:, 2:, 2:], IMAGES[:, :-2, :-2])
    np.testing.assert_array_equal(up_left[:, :-2, :-2], IMAGES[:, 2:, 2:])
    np.testing.assert_array_equal(down_right[:, 1, 1], IMAGES[:, 1, 1])  # reflected about row and column 0


def test_mirror_images_move_as_the_images_do() -> None:
    *plain, mirrored, moved, _ = Views(flips=True, shift=1).of(IMAGES)
    assert len(plain) == 3
    np.testing.assert_array_equal(mirrored, IMAGES[:, :, ::-1])
    np.testing.assert_array_equal(moved[:, 1:, 1:], mirrored[:, :-1, :-1])
