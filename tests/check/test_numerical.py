"""Numerical derivatives: how exact, and how honest about it."""

import numpy as np
import pytest

from backhand.check.numerical import STEPS, derivative

ONE = np.ones(1)


def at(function, value, dy=ONE):
    array = np.array([float(value)])
    return derivative(lambda: function(array), array, (0,), dy)


@pytest.mark.parametrize(
    ("function", "slope"),
    [
        (np.exp, np.exp),
        (np.sin, np.cos),
        (np.tanh, lambda v: 1 - np.tanh(v) ** 2),
        (lambda v: v**3, lambda v: 3 * v**2),
        (lambda v: 1 / (1 + v * v), lambda v: -2 * v / (1 + v * v) ** 2),
    ],
)
@pytest.mark.parametrize("value", [-2.3, -0.4, 0.1, 1.7])
def test_ten_digits_on_smooth_functions(function, slope, value):
    found = at(function, value)
    assert found.value == pytest.approx(slope(value), rel=1e-11)
    assert abs(found.value - slope(value)) <= found.spread + found.rounding


def test_strong_curvature_takes_a_short_step():
    """sin(1e4 v) turns within 1e-4: steps of 1e-3 see nothing of it."""
    found = at(lambda v: np.sin(1e4 * v), 0.3)
    assert found.value == pytest.approx(1e4 * np.cos(3e3), rel=1e-8)


@pytest.mark.parametrize("distance", [0.5, 1e-2, 1e-4, 1e-6])
@pytest.mark.parametrize("side", [-1, 1])
def test_beside_a_kink_the_slope_of_that_side_is_found(distance, side):
    found = at(np.abs, side * distance)
    assert found.value == pytest.approx(side, rel=1e-9)
    assert found.spread < 1e-9


@pytest.mark.parametrize("offset", np.linspace(-4, 4, 81))
def test_wherever_a_kink_lies_the_spread_owns_up_to_the_error(offset):
    """A kink within the shortest step, too near to step around."""
    kink = offset * STEPS[-1]
    found = at(lambda v: np.maximum(v - kink, 0), 0.0)
    slope = float(kink < 0)
    assert abs(found.value - slope) <= found.spread * (1 + 1e-6) + found.rounding
    if abs(offset) < 0.5:
        assert found.spread > 0.1
        assert not found.noisy


def test_a_small_jump_of_the_slope_is_a_kink_too():
    assert at(lambda v: v + 1e-3 * np.abs(v), 0.0).spread > 1e-4


@pytest.mark.parametrize("function", [lambda v: v.astype(np.float32).astype(float), lambda v: np.round(v, 9)])
def test_coarse_arithmetic_is_noise_and_no_kink(function):
    found = at(function, 1 / 3)
    assert found.noisy
    assert found.spread > 1e-9


def test_what_does_not_move_brings_no_rounding():
    """1e12 beside it would swamp the difference of two sums; element by element it cancels."""
    array = np.array([0.5])
    found = derivative(lambda: np.array([1e12, np.sin(array[0])]), array, (0,), np.ones(2))
    assert found.value == pytest.approx(np.cos(0.5), rel=1e-11)


def test_the_array_is_put_back_even_after_an_error():
    array = np.array([0.25, 0.5])

    def fails():
        if array[1] != 0.5:
            raise ZeroDivisionError
        return array

    with pytest.raises(ZeroDivisionError):
        derivative(fails, array, (1,), np.ones(2))
    np.testing.assert_array_equal(array, [0.25, 0.5])


def test_outside_its_domain_nothing_is_claimed():
    with np.errstate(invalid="ignore"):
        found = at(np.sqrt, 0.0)
    assert found.spread == np.inf
