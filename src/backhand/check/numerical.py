"""Derivatives from differences of forward passes, each with a bound on its own error.

    o_k = (y(v + kh) - y(v - kh)) / 2kh          k = 1, 2, 4, elementwise in y
    ∂y/∂v ≈ (64 o_1 - 20 o_2 + o_4) / 45         error O(h⁶): two rounds of Richardson's extrapolation

The differences are taken element by element before they are weighted with dy, so that what v does not touch cancels
exactly and brings no rounding. What is left over measures the error: in the odd part (4 o_1 - 5 o_2 + o_4) / 45, the
correction of the last round; in the even part e_k = (y(v + kh) + y(v - kh) - 2y(v)) / kh the combination
e_4 - 10 e_2 + 16 e_1, which is O(h⁵) for a smooth y and stays at 7 times the jump of the slope for a kink at v. A kink
anywhere within ±4h shows in one of the two, so steps shrink until it lies outside; one at v itself shows at every step.
Source: Richardson 1911, Phil. Trans. A 210; Press et al., Numerical Recipes, 5.7.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from backhand.arrays import Array

# Of 24 bits, so that v + kh is exact in float64; not powers of two, with which it would be exact in float32 as well,
# and arithmetic in float32 would go unnoticed.
STEPS = tuple(float(np.float32(4 / 3)) * 2.0**-k for k in (10, 13, 16, 20, 24))
SMOOTH_SPREAD = 1e-11  # a spread this small against the slope needs no shorter step
# The least weights with which the spread is at least the error that one kink makes, wherever it lies: at v the odd part
# shows nothing of it, at 0.62 h the even one.
ODD_WEIGHT, EVEN_WEIGHT = 12 / 45, 1 / 14
ROUNDING = 32 * np.finfo(np.float64).eps  # relative to y: a forward pass rounds many times


class Estimate(NamedTuple):
    """A derivative; how far its parts disagree (curvature, kinks, noise); how far rounding alone may carry it.

    noisy: shorter steps made it worse than float64 explains, so it is no kink that spoils it, but coarser arithmetic.
    """

    value: float
    spread: float
    rounding: float
    noisy: bool = False


def derivative(forward: Callable[[], Array], array: Array, index: tuple[int, ...], dy: Array) -> Estimate:
    """d(y · dy) / d array[index], where `forward` computes y from the present contents of `array` (float64).

    The element is varied in place and put back. Of the steps tried, that with the smallest spread counts.
    """
    original = array[index]
    unit = 2.0 ** np.ceil(np.log2(max(1.0, abs(original))))
    largest, weights = np.abs(array).max(), np.abs(dy)

    def at(value: float) -> Array:
        array[index] = value
        return np.array(forward())  # a copy: a layer may hand out the same buffer every time

    best = Estimate(np.nan, np.inf, np.inf)
    try:
        y = at(original)
        for h in (step * unit for step in STEPS):
            sides = [(at(original + k * h), at(original - k * h)) for k in (1, 2, 4)]
            slopes, spreads = _extrapolate(sides, y, h)
            slope, spread = (np.abs(slopes) * weights).sum(), (spreads * weights).sum()
            moved = sides[2][0] != sides[2][1]  # what stayed the same has cancelled exactly in the differences
            rounding = ROUNDING * ((np.abs(y) * weights * np.where(moved, 1 / h, 1 / unit)).sum() + slope * largest / h)
            if spread < best.spread:
                best = Estimate((slopes * dy).sum(), spread, rounding)
            if spread <= max(SMOOTH_SPREAD * slope, rounding / 8):  # a shorter step would only be rounded more
                return best
    finally:
        array[index] = original
    return best._replace(noisy=bool(spread > 4 * best.spread + rounding))


def _extrapolate(sides: list[tuple[Array, Array]], y: Array, h: float) -> tuple[Array, Array]:
    """∂y/∂v from (y(v + kh), y(v - kh)) for k = 1, 2, 4, and a bound on its error; both elementwise in y."""
    o1, o2, o4 = ((up - down) / (2 * k * h) for k, (up, down) in zip((1, 2, 4), sides, strict=True))
    e1, e2, e4 = ((up - y - (y - down)) / (k * h) for k, (up, down) in zip((1, 2, 4), sides, strict=True))
    spread = ODD_WEIGHT * np.abs(4 * o1 - 5 * o2 + o4) + EVEN_WEIGHT * np.abs(e4 - 10 * e2 + 16 * e1)
    return (64 * o1 - 20 * o2 + o4) / 45, spread
