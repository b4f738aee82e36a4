"""The base of all losses: a loss op on a batch, and what the scores mean under it."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from backhand.arrays import Array, Labels
from backhand.arrays.copies import Copyable
from backhand.backend import op
from backhand.kernels.kernel import Kernel
from backhand.training.measures import Measures


@dataclass(eq=False)
class Loss(Copyable, ABC):
    """A loss op on a batch: the mean over the samples, its gradient, and what the scores predict.

    Labels stand for whatever the samples are to be given: classes (N,), distributions over the classes (N, K), or the
    targets of a regression (N, T).
    """

    op_name: ClassVar[str]
    transient = MappingProxyType({"_cache": None, "_ran": None})

    _cache: Any = field(default=None, init=False, repr=False)
    _ran: Kernel | None = field(default=None, init=False, repr=False)

    @abstractmethod
    def outputs(self, count: int) -> int:
        """The number of outputs that a model needs for so many classes or targets. Raises ValueError for a bad one."""

    @abstractmethod
    def predict(self, scores: Array) -> Array:
        """What the scores (N, outputs) predict, to be compared with the labels."""

    @abstractmethod
    def measures(self) -> Measures:
        """New sums of what is measured besides the loss, such as the number of samples classified correctly."""

    def forward(self, scores: Array, labels: Labels | Array, weights: Array | None = None) -> float:
        """scores (N, outputs), labels as the op takes them, weights (N,) of the samples -> the mean loss, a scalar."""
        self._ran = ran = op(self.op_name, scores.dtype)
        loss, self._cache = ran.forward(scores, self.op_labels(labels), **self.options(scores, labels, weights))
        return float(loss)

    def backward(self) -> Array:
        """dloss/dscores (N, outputs) of the latest forward. Raises RuntimeError when there was none."""
        if self._ran is None:
            raise RuntimeError(f"{self}: backward was called before forward")
        (ds,) = self._ran.backward(1.0, self._cache)
        return ds

    def op_labels(self, labels: Labels | Array) -> Labels | Array:
        """The labels as the op takes them."""
        return labels

    def options(self, scores: Array, labels: Labels | Array, weights: Array | None) -> dict[str, Any]:
        """The op's keyword arguments for this batch."""
        return {} if weights is None else {"weights": weights}


def finite_rows(scores: Array) -> NDArray[np.bool_]:
    """Whether all scores of each sample are finite: scores (N, outputs) -> (N,)."""
    return np.asarray(np.isfinite(scores).all(axis=1))
