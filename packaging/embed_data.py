"""Writes the data sets that ship inside the package: `python packaging/embed_data.py`, where scikit-learn is installed.

The same arrays give the same content, and nothing has to be written again unless a set is added. The checksums that
are printed belong into src/backhand/data/embedded/__init__.py.
"""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits

FOLDER = Path(__file__).parents[1] / "src" / "backhand" / "data" / "embedded"


def arrays() -> dict[str, dict[str, Any]]:
    """The arrays of each set, as scikit-learn gives them, in the smallest dtype that holds every value exactly."""
    digits, tumours, patients = load_digits(), load_breast_cancer(), load_diabetes(scaled=False)
    return {
        "digits": {"x": digits.images.astype(np.uint8), "y": digits.target.astype(np.uint8)},
        "breast_cancer": {
            "x": tumours.data,
            "y": tumours.target.astype(np.uint8),
            "features": np.asarray(tumours.feature_names, str),
        },
        "diabetes": {"x": patients.data, "y": patients.target, "features": np.asarray(patients.feature_names, str)},
    }


def main() -> None:
    """Write the files, and print the checksum of each."""
    for name, values in arrays().items():
        path = FOLDER / f"{name}.npz"
        np.savez_compressed(path, **values)
        print(f"{path.name}: {path.stat().st_size:,} bytes, SHA-256 {hashlib.sha256(path.read_bytes()).hexdigest()}")


if __name__ == "__main__":
    main()
