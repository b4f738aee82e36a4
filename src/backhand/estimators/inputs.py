"""The samples that an estimator is given, as arrays: rows, images, and tables of pandas and polars."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from sklearn.utils.validation import validate_data

from backhand.arrays import Array, axes
from backhand.data.dataset import Samples
from backhand.data.frames.dataframes import frame_of, is_frame
from backhand.data.frames.encoding import Encoding
from backhand.data.frames.frame import Frame
from backhand.data.frames.values import refuse_missing
from backhand.data.pixels import Pixels, read_pixels
from backhand.data.tables import read_table

IMAGE_AXES = (3, 4)  # (N, H, W) and (N, H, W, C)


@dataclass(frozen=True)
class Inputs:
    """How X becomes samples, as it was at `fit`.

    encoding: of the columns of a table; None for rows and images. A table of numbers alone may come as rows, too.
    white: the value of white in images, 255 or 1; None for rows and tables. That of a single dark image is unknown.
    """

    encoding: Encoding | None = None
    white: int | None = None

    @classmethod
    def of(cls, estimator: Any, X: Any) -> tuple[Self, Samples]:
        """How X becomes samples, and these samples; sets `n_features_in_` and `feature_names_in_` of the estimator.

        Raises DataError or ValueError for what is no samples.
        """
        if _is_images(X):
            images = _images(X)
            _forget_features(estimator, int(np.prod(images.x.shape[1:])))
            return cls(white=images.white), images.x
        if not _has_names(X):
            return cls(), _rows(estimator, X, reset=True)
        frame = frame_of(X)
        for name, column in frame.columns.items():
            refuse_missing(column, name, frame)
        inputs = cls(Encoding.fit(frame, frame.columns))
        return inputs, inputs._of_frame(estimator, X, frame, reset=True)

    def samples(self, estimator: Any, X: Any) -> Samples:
        """The samples in X, as at `fit`.

        Raises DataError or ValueError for others, and for a column less than there was.
        """
        if self.white is not None:
            if not _is_images(X):
                raise ValueError(f"the network was fitted to images, and X has the shape {np.asarray(X).shape}")
            return _images(X, self.white).x
        if self.encoding is None or (self.encoding.is_numeric and not _has_names(X)):
            return _rows(estimator, X, reset=False)
        if not is_frame(X):
            raise ValueError("the network was fitted to a table with named columns; give such a table")
        return self._of_frame(estimator, X, frame_of(X), reset=False)

    def _of_frame(self, estimator: Any, X: Any, frame: Frame, *, reset: bool) -> Samples:
        """The rows of a table; in one of numbers, scikit-learn compares the names and the order of the columns."""
        assert self.encoding is not None
        if self.encoding.is_numeric and not isinstance(X, Mapping):
            validate_data(estimator, X, reset=reset, skip_check_array=True)
        elif reset:
            estimator.feature_names_in_ = np.array(list(frame.columns), dtype=object)
            estimator.n_features_in_ = len(frame.columns)
        return read_table(self.encoding.encode(frame), frame.source)


def _is_images(X: Any) -> bool:
    if is_frame(X):
        return False
    axes_of_x = getattr(X, "ndim", None)
    return (np.asarray(X, dtype=object).ndim if axes_of_x is None else axes_of_x) in IMAGE_AXES


def _images(X: Any, white: int | None = None) -> Pixels:
    """Images (N, H, W) or (N, H, W, C) as (N, H, W, C) of uint8. white: its value, where it is known from the fit."""
    x: Array = np.asarray(X)
    axes.refuse_channels_first(x.shape, "X")
    return read_pixels(x[..., None] if x.ndim == 3 else x, "X", white)


def _has_names(X: Any) -> bool:
    """Whether X is a table whose columns are named by text; scikit-learn reads others as rows."""
    return is_frame(X) and all(isinstance(name, str) for name in (X if isinstance(X, Mapping) else X.columns))


def _rows(estimator: Any, X: Any, *, reset: bool) -> Samples:
    rows = validate_data(estimator, X, reset=reset, dtype=[np.float64, np.float32], order="C")
    return np.asarray(rows)


def _forget_features(estimator: Any, count: int) -> None:
    """Set the number of features, without names."""
    if hasattr(estimator, "feature_names_in_"):
        del estimator.feature_names_in_
    estimator.n_features_in_ = count
