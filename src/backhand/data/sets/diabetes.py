"""Diabetes: 442 patients with 10 features and a measure of progression, which ship inside the package."""

import numpy as np

from backhand.data import embedded
from backhand.data.dataset import Dataset, Splits
from backhand.data.entry import BuiltIn
from backhand.data.split import hold_out_test

FEATURES = (
    *("age", "sex", "body mass index", "blood pressure", "total cholesterol", "low-density lipoproteins"),
    *("high-density lipoproteins", "cholesterol ratio", "log triglycerides", "blood sugar"),
)


def load() -> Splits:
    """Load the features (N, 10) and the target (N, 1), the progression of the disease a year later, from 25 to 346.

    Source: Efron, Hastie, Johnstone and Tibshirani 2004, Annals of Statistics 32(2).
    """
    stored = embedded.arrays("diabetes")
    train, test = hold_out_test(Dataset(stored["x"].astype(np.float64), stored["y"].astype(np.float64)[:, None]))
    source = "Diabetes, 442 patients with 10 features (Efron et al., 2004), as scikit-learn ships them"
    return Splits("diabetes", (), train, test, source=source, targets=("progression",), features=FEATURES)


ENTRY = BuiltIn("diabetes", "442 patients, 10 features; a regression", "target", load, is_regression=True)
