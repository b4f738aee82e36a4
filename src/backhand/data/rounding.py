"""How much rounding of a column's numbers is accepted."""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

MAX_ROUNDING_LOSS = 1e-6  # of a column's range: more rounding is refused


def rounds_too_much(texts: Sequence[str], rounded: NDArray[np.float64]) -> bool:
    """Whether float64 rounds these numbers (N,), as they are written, so much that unlike ones become alike."""
    extent = float(rounded.max() - rounded.min()) if len(rounded) else 0.0
    if not len(rounded) or np.spacing(np.abs(rounded).max()) <= MAX_ROUNDING_LOSS * extent:
        return False
    exact = [Fraction(text.replace(",", ".")) for text in texts]
    error = max(abs(number - Fraction(value)) for number, value in zip(exact, rounded.tolist(), strict=True))
    return min(exact) != max(exact) and error > MAX_ROUNDING_LOSS * extent
