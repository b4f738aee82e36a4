"""The array types that signatures name."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]  # floating point of any width: the ops keep the dtype they are given
Labels = NDArray[np.integer[Any]]
Shape = tuple[int, ...]  # of one sample, without the batch axis
