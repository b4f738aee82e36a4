"""The data sets that ship inside the package: one .npz file each, whose checksum is compared before it is read.

Their values are those of the authors' files, in the selection and order of scikit-learn; `README.md` beside the files
says where each comes from, and packaging/embed_data.py wrote them.
"""

from importlib.resources import files
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backhand.data.provenance import PublishedFile
from backhand.errors import DataError

FILES = {
    "digits": PublishedFile("digits.npz", sha256="6f801551877abf69fbf3711373bb642a18dc933430a3385cd6febc235225ea6f"),
    "breast_cancer": PublishedFile(
        "breast_cancer.npz", sha256="3988d3c4e2c491d01c753b391bc777053e2c55633faca263c8f8b6ba463bf6a5"
    ),
    "diabetes": PublishedFile(
        "diabetes.npz", sha256="4b5653ffa7416cbd3c2da127d5f097822a8bb32e45e778de66f42548ad6cc279"
    ),
}


def arrays(name: str) -> dict[str, NDArray[Any]]:
    """The arrays of an embedded data set, as they are stored.

    digits: x (1797, 8, 8) uint8, from 0 to 16, and y (1797,) uint8, the digit.   breast_cancer: x (569, 30) float64,
    y (569,) uint8, 0 malignant and 1 benign, and features (30,), their names.   diabetes: x (442, 10) float64, in the
    units in which they were measured, y (442,) float64, the progression of the disease after one year, and features.
    Raises DataError where the file is missing or changed.
    """
    file = FILES[name]
    try:
        content = files(__package__).joinpath(file.name).read_bytes()
    except FileNotFoundError:
        content = b""
    if not file.matches(content):
        raise DataError(f"{file.name} of the installed package is missing or damaged; install backhand again")
    with np.load(BytesIO(content), allow_pickle=False) as archive:
        return dict(archive)
