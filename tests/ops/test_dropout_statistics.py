"""What no gradient check can see: how many values are dropped, which, and a factor that both passes share."""

import numpy as np
import pytest
from scipy.stats import chi2

from backhand.ops import dropout

COUNT = 200_000
DEVIATIONS = 5  # keys are fixed, so this holds always or never
RATES = [0.0, 0.1, 0.2, 0.5, 0.8]
KEYS = [0, 1, 2**32, 2**63 - 1, 0x9E3779B97F4A7C15]


def correlation(a, b, p):
    """Of two masks, in standard deviations of what chance makes it."""
    return ((a - (1 - p)) * (b - (1 - p))).mean() / (p * (1 - p)) * np.sqrt(a.size)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("p", RATES)
def test_the_share_of_zeros_is_p(p, key):
    mask = dropout.draw_mask((COUNT,), p, key)
    assert mask.dtype == bool
    assert abs(mask.mean() - (1 - p)) <= DEVIATIONS * np.sqrt(p * (1 - p) / COUNT)


@pytest.mark.parametrize("mode", dropout.MODES)
@pytest.mark.parametrize("p", RATES)
def test_training_and_inference_agree_in_the_mean(p, mode):
    x = np.full(COUNT, 3.0)
    train = dropout.forward(x, p=p, key=1, mode=mode)[0]
    inference = dropout.forward(x, p=p, mode=mode)[0]
    assert np.ptp(inference) == 0
    assert abs(train.mean() - inference[0]) <= DEVIATIONS * train.std() / np.sqrt(COUNT) + 1e-12


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("p", [0.1, 0.5, 0.8])
def test_values_are_independent_of_those_near_and_far(p, key):
    mask = dropout.draw_mask((2**21,), p, key)
    for lag in (1, 2, 3, 7, 16, 64, 1000, 2**10, 2**16, 2**20):
        assert abs(correlation(mask[lag:], mask[:-lag], p)) <= DEVIATIONS, lag


@pytest.mark.parametrize("other", [1, 2, 3, 2**31, 2**32, 2**62, 2**32 + 1])
@pytest.mark.parametrize("p", [0.2, 0.5])
def test_masks_of_close_keys_are_independent(p, other):
    for key in KEYS[:3]:
        first, second = (dropout.draw_mask((COUNT,), p, k) for k in (key, key ^ other))
        assert abs(correlation(first, second, p)) <= DEVIATIONS


@pytest.mark.parametrize("start", [0, 2**20, 3 * 2**20])
def test_eight_neighbours_take_each_of_their_patterns_as_often(start):
    """Chi-square over the 256 patterns, for each key and all keys together: not too large, and not too small."""
    found = []
    for key in KEYS:
        mask = dropout.draw_mask((2**22,), 0.5, key)[start : start + 2**20]
        counts = np.bincount(np.packbits(mask.reshape(-1, 8), axis=1).ravel(), minlength=256)
        expected = 2**17 / 256
        found.append(((counts - expected) ** 2 / expected).sum())
    assert chi2.ppf(1e-6, 255) < min(found)
    assert max(found) < chi2.ppf(1 - 1e-6, 255)


def test_shares_of_masks_scatter_as_chance_has_it():
    """Over many keys, the number kept of 64 values is binomial: its variance shows what one mask cannot."""
    p, keys = 0.3, np.random.default_rng(0).integers(2**63, size=4000)
    kept = np.array([dropout.draw_mask((64,), p, int(key)).sum() for key in keys])
    variance = 64 * p * (1 - p)
    assert abs(kept.mean() - 64 * (1 - p)) <= DEVIATIONS * np.sqrt(variance / keys.size)
    assert abs(kept.var() / variance - 1) <= DEVIATIONS * np.sqrt(2 / keys.size)


def test_the_same_key_gives_the_same_mask_and_another_gives_another():
    first, again, other = (dropout.draw_mask((4, 5), 0.5, key) for key in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_the_mask_of_a_part_is_the_part_of_the_mask():
    np.testing.assert_array_equal(dropout.draw_mask((10,), 0.5, 9), dropout.draw_mask((20, 5), 0.5, 9).ravel()[:10])


def hashed(i, key):
    """The hash of value i, from its definition and in whole numbers of any size: twice Wellons' "lowbias32"."""
    h = i
    for word in (key & 0xFFFFFFFF, key >> 32):
        h ^= word
        h = (h ^ (h >> 16)) * 0x7FEB352D % 2**32
        h = (h ^ (h >> 15)) * 0x846CA68B % 2**32
        h ^= h >> 16
    return h


@pytest.mark.parametrize("key", [0, 1, 2**32, 0x0123_4567_89AB_CDEF, 2**64 - 1])
def test_a_mask_is_what_the_hash_says(key):
    wanted = [hashed(i, key) >= round(0.3 * 2**32) for i in range(5000)]
    np.testing.assert_array_equal(dropout.draw_mask((50, 100), 0.3, key).ravel(), wanted)


def test_the_threshold_is_a_number_of_32_bits():
    assert [dropout.threshold(p) for p in (0, 0.5, 1 - 2**-40)] == [0, 2**31, 2**32 - 1]
