"""The normal distribution, beside the error function of Python's own mathematics."""

import math

import numpy as np

from backhand.arrays.normal import density, distribution


def test_the_distribution_has_its_digits_everywhere():
    """Also where it is small, and where one approximation takes over from another."""
    x = np.append(np.linspace(-37, 37, 2001), [0, -0.0, 0.46875 * 2**0.5, 4 * 2**0.5, -4 * 2**0.5])
    wanted = [math.erfc(-value / math.sqrt(2)) / 2 for value in x]
    np.testing.assert_allclose(distribution(x), wanted, rtol=1e-13)
    near = np.abs(x) < 3
    np.testing.assert_allclose(distribution(x[near]), np.array(wanted)[near], rtol=2e-15)


def test_beyond_all_values_it_is_0_or_1_and_nan_stays():
    x = np.array([np.inf, -np.inf, 1e200, -1e200, np.nan])
    np.testing.assert_array_equal(distribution(x), [1, 0, 1, 0, np.nan])
    assert distribution(np.float32([0.5])).dtype == density(np.float32([0.5])).dtype == np.float32


def test_the_density_is_the_slope_of_the_distribution():
    x, h = np.linspace(-4, 4, 17), 1e-5
    np.testing.assert_allclose((distribution(x + h) - distribution(x - h)) / (2 * h), density(x), rtol=1e-6, atol=1e-10)
