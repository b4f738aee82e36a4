"""What no gradient check can see: a factor that forward and backward share, such as 1/p for 1/(1 - p)."""

import numpy as np
import pytest

from backhand.ops import dropout

COUNT = 200_000
DEVIATIONS = 5  # a fixed seed, so this holds always or never


@pytest.mark.parametrize("p", [0.0, 0.2, 0.5, 0.8])
def test_the_share_of_zeros_is_p(p):
    mask = dropout.draw_mask((COUNT,), p, np.random.default_rng(0))
    assert mask.dtype == bool
    assert abs(mask.mean() - (1 - p)) <= DEVIATIONS * np.sqrt(p * (1 - p) / COUNT)


@pytest.mark.parametrize("mode", dropout.MODES)
@pytest.mark.parametrize("p", [0.0, 0.2, 0.5, 0.8])
def test_training_and_inference_agree_in_the_mean(p, mode):
    x = np.full(COUNT, 3.0)
    train = dropout.forward(x, p=p, mask=dropout.draw_mask(x.shape, p, np.random.default_rng(1)), mode=mode)[0]
    inference = dropout.forward(x, p=p, mode=mode)[0]
    assert np.ptp(inference) == 0
    assert abs(train.mean() - inference[0]) <= DEVIATIONS * train.std() / np.sqrt(COUNT) + 1e-12


def test_masks_are_independent_from_value_to_value():
    mask = dropout.draw_mask((COUNT,), 0.3, np.random.default_rng(2)).astype(float) - 0.7
    assert abs((mask[1:] * mask[:-1]).mean()) <= DEVIATIONS * 0.3 * 0.7 / np.sqrt(COUNT)


def test_the_same_seed_gives_the_same_mask():
    first, second = (dropout.draw_mask((4, 5), 0.5, np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(first, second)
