"""Breast cancer: 569 tumours with 30 features of their cell nuclei, which ship inside the package."""

import numpy as np

from backhand.data import embedded
from backhand.data.dataset import Dataset, Splits
from backhand.data.entry import BuiltIn
from backhand.data.split import hold_out_test


def load() -> Splits:
    """Load the features (N, 30) in their own units; 0 is malignant, 1 benign. float32 holds every published digit.

    Source: Street, Wolberg and Mangasarian (1993), UCI repository.
    """
    stored = embedded.arrays("breast_cancer")
    train, test = hold_out_test(Dataset(stored["x"].astype(np.float32), stored["y"].astype(np.int64)))
    source = "Breast Cancer Wisconsin, 569 tumours with 30 features (Street et al., 1993), as scikit-learn ships them"
    return Splits("breast_cancer", ("malignant", "benign"), train, test, source=source)


ENTRY = BuiltIn("breast_cancer", "569 tumours, 30 features", "2", load)
