"""The standard normal distribution, for arrays: NumPy has no error function.

    Φ(x) = erfc(-x / √2) / 2           erfc(z) = 1 - 2/√π ∫ e^(-t²) dt from 0 to z

Source: Cody 1969, Mathematics of Computation 23(107): rational approximations on three intervals, to about 16 digits.
"""

from collections.abc import Sequence

import numpy as np

from backhand.arrays import Array

# Numerators and denominators for z up to NEAR, up to FAR and beyond, the highest power first.
NEAR, FAR = 0.46875, 4.0
_NEAR = (
    (1.85777706184603153e-1, 3.16112374387056560, 1.13864154151050156e2, 3.77485237685302021e2, 3.20937758913846947e3),
    (1.0, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3),
)
_MIDDLE = (
    (
        *(2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594, 6.61191906371416295e1),
        *(2.98635138197400131e2, 8.81952221241769090e2, 1.71204761263407058e3, 2.05107837782607147e3),
        1.23033935479799725e3,
    ),
    (
        *(1.0, 1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2, 1.62138957456669019e3),
        *(3.29079923573345963e3, 4.36261909014324716e3, 3.43936767414372164e3, 1.23033935480374942e3),
    ),
)
_FAR = (
    (
        *(1.63153871373020978e-2, 3.05326634961232344e-1, 3.60344899949804439e-1),
        *(1.25781726111229246e-1, 1.60837851487422766e-2, 6.58749161529837803e-4),
    ),
    (
        *(1.0, 2.56852019228982242, 1.87295284992346725, 5.27905102951428412e-1),
        *(6.05183413124413191e-2, 2.33520497626869185e-3),
    ),
)


def distribution(x: Array) -> Array:
    """Φ(x), the probability that a standard normal variable is at most x, with all digits also where it is small."""
    z = np.asarray(-x / np.sqrt(2), np.float64)
    size = np.abs(z)
    with np.errstate(over="ignore", invalid="ignore"):  # of infinite values, on intervals that are not theirs
        near = 1 - z * _ratio(_NEAR, z * z)
        tail = np.exp(-size * size)
        inverse = 1 / np.maximum(size, 1) ** 2
        far = (1 / np.sqrt(np.pi) - inverse * _ratio(_FAR, inverse)) / np.maximum(size, 1)
        beyond = tail * np.where(size <= FAR, _ratio(_MIDDLE, np.minimum(size, FAR)), far)
    return (np.where(size <= NEAR, near, np.where(z > 0, beyond, 2 - beyond)) / 2).astype(x.dtype)


def density(x: Array) -> Array:
    """φ(x) = e^(-x²/2) / √(2π), the derivative of Φ."""
    return np.exp(-x * x / 2) / x.dtype.type(np.sqrt(2 * np.pi))


def _ratio(polynomials: Sequence[Sequence[float]], x: Array) -> Array:
    above, below = polynomials
    return np.polyval(above, x) / np.polyval(below, x)
