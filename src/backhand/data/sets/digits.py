"""Digits: 1,797 handwritten digits of 8 x 8 pixels, which ship inside the package."""

import numpy as np

from backhand.data import embedded
from backhand.data.dataset import Dataset, Splits
from backhand.data.entry import BuiltIn
from backhand.data.split import hold_out_test


def load() -> Splits:
    """Load the digits as (N, 8, 8, 1) uint8.

    The stored values 0 .. 16 are scaled to 0 .. 255 (round(v * 255 / 16), which keeps them different), so that pixels
    mean the same as in every other data set. Source: Alpaydin and Kaynak (1998), UCI repository.
    """
    stored = embedded.arrays("digits")
    x = np.rint(stored["x"] * (255 / 16)).astype(np.uint8)[..., None]
    train, test = hold_out_test(Dataset(x, stored["y"].astype(np.int64)))
    source = "Digits, 1,797 handwritten digits of 8 x 8 pixels (Alpaydin and Kaynak, 1998), as scikit-learn ships them"
    return Splits("digits", tuple("0123456789"), train, test, source=source)


ENTRY = BuiltIn("digits", "1,797 digits, 8 x 8 grey", "10", load)
