"""The weights of samples, as `fit` is given them."""

from numbers import Real
from typing import Any

import numpy as np
from sklearn.utils.validation import check_array

from backhand.arrays import Array


def read_weights(sample_weight: Any, N: int) -> Array | None:
    """The weights of N samples, (N,) float64; a single number is that of each, and None stays None.

    Raises ValueError for another number of weights, and for weights that are negative or not finite.
    """
    if sample_weight is None:
        return None
    given = np.full(N, sample_weight) if isinstance(sample_weight, Real) else sample_weight
    weights = np.asarray(check_array(given, ensure_2d=False, dtype=np.float64, input_name="sample_weight"))
    if weights.shape != (N,):
        raise ValueError(f"sample_weight has the shape {weights.shape}; give one weight for each of {N} samples")
    if (weights < 0).any():
        row = int((weights < 0).argmax())
        raise ValueError(f"Negative values in data passed to `sample_weight`: {weights[row]:g} of sample {row}")
    return weights
