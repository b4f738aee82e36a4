"""Numerical derivatives by differences of forward passes, each with a bound on its own error.

    o_k = (y(v + kh) - y(v - kh)) / 2kh          k = 1, 2, 4, elementwise in y
    ∂y/∂v ≈ (64 o_1 - 20 o_2 + o_4) / 45         error O(h⁶): two rounds of Richardson's extrapolation

The differences are taken element by element before they are weighted with dy, so that what v does not touch cancels
exactly and brings no rounding. Two combinations measure the error. The odd part is (4 o_1 - 5 o_2 + o_4) / 45, the
correction of the last round. In the even part, with e_k = (y(v + kh) + y(v - kh) - 2y(v)) / kh, it is
e_4 - 10 e_2 + 16 e_1, which is O(h⁵) for a smooth y and stays at 7 times the jump of the slope for a kink at v. A kink
anywhere within ±4h shows in one of the two, so the steps shrink until it lies outside; a kink at v itself shows at
every step.
Source: Richardson 1911, Phil. Trans. A 210; Press et al., Numerical Recipes, 5.7.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from backhand.arrays import Array

# The steps have 24 bits, so that v + kh is exact in float64. They are no powers of two: v + kh would then be exact in
# float32 as well, and a forward pass that computes in float32 would go unnoticed.
STEPS = tuple(float(np.float32(4 / 3)) * 2.0**-k for k in (10, 13, 16, 20, 24))
SMOOTH_SPREAD = 1e-11  # relative to the slope: with so small a spread, no shorter step is needed
# The least weights with which the spread bounds the error that one kink makes, wherever it lies: the odd part does not
# show a kink at v, the even part does not show one at 0.62 h.
ODD_WEIGHT, EVEN_WEIGHT = 12 / 45, 1 / 14
ROUNDING = 32 * np.finfo(np.float64).eps  # relative to y, since a forward pass rounds many times


class Estimate(NamedTuple):
    """A derivative with bounds on its error.

    spread: the error that curvature, kinks or noise may make.   rounding: the error that rounding alone may make.
    noisy: whether shorter steps made the spread worse than float64 explains; then not a kink but arithmetic in a lower
    precision is the cause.
    """

    value: float
    spread: float
    rounding: float
    noisy: bool = False


def derivative(forward: Callable[[], Array], array: Array, index: tuple[int, ...], dy: Array) -> Estimate:
    """The derivative d(y · dy) / d array[index], where `forward` computes y from the present contents of `array`.

    array: float64; the element is varied in place and then restored. The step with the smallest spread decides.
    """
    original = array[index]
    unit = 2.0 ** np.ceil(np.log2(max(1.0, abs(original))))
    largest, weights = np.abs(array).max(), np.abs(dy)

    def at(value: float) -> Array:
        array[index] = value
        return np.array(forward())  # a copy, since a layer may return the same buffer every time

    best = Estimate(np.nan, np.inf, np.inf)
    try:
        y = at(original)
        for h in (step * unit for step in STEPS):
            sides = [(at(original + k * h), at(original - k * h)) for k in (1, 2, 4)]
            slopes, spreads = _extrapolate(sides, y, h)
            slope, spread = (np.abs(slopes) * weights).sum(), (spreads * weights).sum()
            changed = sides[2][0] != sides[2][1]  # what did not change cancels exactly in the differences
            scale = np.where(changed, 1 / h, 1 / unit)
            rounding = ROUNDING * ((np.abs(y) * weights * scale).sum() + slope * largest / h)
            if spread < best.spread:
                best = Estimate((slopes * dy).sum(), spread, rounding)
            if spread <= max(SMOOTH_SPREAD * slope, rounding / 8):  # a shorter step would only add rounding
                return best
    finally:
        array[index] = original
    return best._replace(noisy=bool(spread > 4 * best.spread + rounding))


def _extrapolate(sides: list[tuple[Array, Array]], y: Array, h: float) -> tuple[Array, Array]:
    """The derivative ∂y/∂v from (y(v + kh), y(v - kh)), k = 1, 2, 4, and a bound on its error, elementwise in y."""
    o1, o2, o4 = ((up - down) / (2 * k * h) for k, (up, down) in zip((1, 2, 4), sides, strict=True))
    e1, e2, e4 = ((up - y - (y - down)) / (k * h) for k, (up, down) in zip((1, 2, 4), sides, strict=True))
    spread = ODD_WEIGHT * np.abs(4 * o1 - 5 * o2 + o4) + EVEN_WEIGHT * np.abs(e4 - 10 * e2 + 16 * e1)
    return (64 * o1 - 20 * o2 + o4) / 45, spread
