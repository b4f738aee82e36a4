"""The base of all predictors: a trained model from raw samples to scores."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, Self

import numpy as np

from backhand.arrays import Array, Shape
from backhand.arrays.copies import Copyable
from backhand.data.augment.evaluation import NO_AUGMENT, EvaluationAugment
from backhand.data.formats.resize import Resize
from backhand.data.frames.csv_file import read_csv
from backhand.data.frames.dataframes import frame_of, is_frame
from backhand.data.frames.encoding import Encoding
from backhand.data.frames.frame import Frame
from backhand.data.standardize import Standardizer
from backhand.data.value_range import ValueRange
from backhand.errors import BackhandError, DataError
from backhand.files.paths import PathLike, as_path
from backhand.model.sequential import Sequential
from backhand.predictors.images import read_image
from backhand.predictors.provenance import Provenance
from backhand.training.evaluate import listed
from backhand.training.losses import Loss, finite_rows


@dataclass(frozen=True, kw_only=True)
class Predictor(Copyable, ABC):
    """A trained model with the scaling of its data: raw samples in, scores out.

    value_range: of the samples that it was trained on.   evaluation_augment: the views of a sample over which its
    scores are averaged.   remarks: sentences that a user of its answers must know.   resize: how its images came to
    their size.   provenance: the data, the training and the test result, as far as they are known.
    A subclass has a `kind`, its name in files, and gives the facts that its own fields need by `own_facts` and
    `from_own`, and its `answers`.
    """

    kind: ClassVar[str]

    model: Sequential
    loss: Loss
    standardizer: Standardizer
    value_range: ValueRange
    evaluation_augment: EvaluationAugment = NO_AUGMENT
    remarks: tuple[str, ...] = ()
    resize: Resize | None = None
    encoding: Encoding | None = None  # of the columns of a table, where the samples are its rows
    provenance: Provenance = field(default_factory=Provenance)

    @property
    def sample_shape(self) -> Shape:
        """The shape of one sample, without the batch axis."""
        return self.model.input_shape

    def read(self, path: PathLike, *, resize: bool = False) -> Array:
        """Read an image file as (H, W, C) uint8, in the size and colours of the training images; see `read_image`."""
        return read_image(path, self.sample_shape, resize=self.resize or resize)

    def read_table(self, path: PathLike) -> Array:
        """Read the rows of a CSV file as samples (N, F); columns that the training did not have are not looked at.

        Raises BackhandError for a model that was not trained on a table with named columns, and DataError for what is
        wrong with the file.
        """
        return self.rows(read_csv(as_path(path)))

    def rows(self, frame: Frame) -> Array:
        """The rows of a table as samples (N, F). Raises errors as `read_table` does."""
        if self.encoding is None:
            raise BackhandError(f"this model was not trained on named columns; it cannot read {frame.source}")
        return self.encoding.encode(frame)

    def samples(self, x: Any) -> Array:
        """Raw samples (N, *sample_shape), or a table of pandas or polars, as an array of such samples.

        Raises errors as `read_table` does.
        """
        return self.rows(frame_of(x)) if self.encoding is not None and is_frame(x) else x

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype in which samples are standardised: that of the model, or float32 where that is float16."""
        return np.promote_types(self.model.parameters.values.dtype, np.float32)

    def scores(self, samples: Array) -> Array:
        """Raw samples (N, *sample_shape) -> scores (N, outputs), the mean over the views; nothing is refused."""
        views = self.evaluation_augment.variants_of(samples)
        with np.errstate(over="ignore", invalid="ignore"):  # `checked_scores` looks for overflow
            return np.mean(
                [self.model.predict(self.standardizer.transform(view, self.dtype)) for view in views], axis=0
            )

    def checked_scores(self, samples: Any) -> Array:
        """The scores of samples, or of the rows of a table, after every check of them.

        Raises DataError for a table without the columns of the training, for samples of another shape, or that cannot
        be on the scale of those that the model was trained on: other numbers than uint8 for images, NaN, masked values,
        values far beyond those of the training, much brighter, or much closer together; and, naming the samples, where
        scores are not finite.
        """
        samples = self.samples(samples)
        self.value_range.refuse_mismatch(samples)
        self.standardizer.refuse_overflow(samples, "the samples", self.dtype)
        scores = self.scores(samples)
        if len(not_finite := np.flatnonzero(~finite_rows(scores))):
            raise DataError(
                f"the scores of {listed(not_finite)} are not finite, which gives no answer; check the values"
            )
        return scores

    def save(self, path: PathLike) -> None:
        """Write everything to one file, whole or not at all, from which `backhand.load_model` gives it back.

        Raises ModelError naming a layer, or a loss, that a file cannot name, and BackhandError where the file cannot be
        written.
        """
        from backhand.predictors.saved import save

        save(self, path)

    @abstractmethod
    def answers(self, samples: Any) -> list[dict[str, Any]]:
        """Raw samples, or a table -> for each sample what is predicted, by name, as JSON holds it.

        Raises DataError as `checked_scores` does.
        """

    @abstractmethod
    def own_facts(self) -> dict[str, Any]:
        """The facts of the fields that only this kind of predictor has, as JSON holds them."""

    @classmethod
    @abstractmethod
    def from_own(cls, shared: Mapping[str, Any], facts: Mapping[str, Any]) -> Self:
        """The predictor from the fields that all kinds have and its own facts. Raises ValueError where one is wrong."""


class Fitted(Protocol):
    """A fitted estimator, which keeps its network with the scaling as `predictor_`."""

    predictor_: Any


def predictor_in(model: Any) -> Any:
    """The predictor of a fitted estimator; anything else as it is."""
    return getattr(model, "predictor_", model)
