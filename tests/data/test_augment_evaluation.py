"""The variants of an image that scores are averaged over."""

import numpy as np
import pytest

from backhand.data.augment.evaluation import NO_AUGMENT, EvaluationAugment

IMAGES = np.random.default_rng(3).integers(0, 256, (5, 6, 7, 3), dtype=np.uint8)


def test_without_flips_and_shift_there_is_the_image_alone() -> None:
    (only,) = NO_AUGMENT.variants_of(IMAGES)
    assert only is IMAGES


def test_features_have_one_view() -> None:
    (only,) = NO_AUGMENT.variants_of(IMAGES[:, 0, 0])
    assert only.shape == (5, 3)


@pytest.mark.parametrize(
    ("augment", "count"),
    [(EvaluationAugment(flips=True), 2), (EvaluationAugment(shift=2), 3), (EvaluationAugment(True, 2), 6)],
)
def test_no_two_variants_are_equal(augment: EvaluationAugment, count: int) -> None:
    seen = list(augment.variants_of(IMAGES))
    assert len(seen) == len({each.tobytes() for each in seen}) == count
    assert {(each.shape, each.dtype) for each in seen} == {(IMAGES.shape, IMAGES.dtype)}


def test_a_shift_moves_to_two_opposite_corners() -> None:
    _, down_right, up_left = EvaluationAugment(shift=2).variants_of(IMAGES)
    np.testing.assert_array_equal(down_right[:, 2:, 2:], IMAGES[:, :-2, :-2])
    np.testing.assert_array_equal(up_left[:, :-2, :-2], IMAGES[:, 2:, 2:])
    np.testing.assert_array_equal(down_right[:, 1, 1], IMAGES[:, 1, 1])  # reflected about row and column 0


def test_mirror_images_move_as_the_images_do() -> None:
    *plain, mirrored, moved, _ = EvaluationAugment(flips=True, shift=1).variants_of(IMAGES)
    assert len(plain) == 3
    np.testing.assert_array_equal(mirrored, IMAGES[:, :, ::-1])
    np.testing.assert_array_equal(moved[:, 1:, 1:], mirrored[:, :-1, :-1])
