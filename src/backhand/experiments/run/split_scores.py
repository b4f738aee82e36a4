"""The scores of a run on a split, as its `metrics.json` holds them: of a classifier, or of a regression."""

from math import isfinite
from typing import Self

from pydantic import Field, model_validator

from backhand.experiments.records import Count, Number, Record, Share

IMBALANCE = 1.5  # the ratio of the largest to the smallest class above which the classes count as imbalanced


class SplitScore(Record):
    """The mean loss over one split."""

    loss: Number
    count: int = Field(ge=1)
    test_flips: bool = False  # whether the scores are means over each image and its mirror image
    test_shift: int = 0  # by how many pixels the copies are moved over which the scores are means as well; 0: no copies
    not_finite: Count = 0  # samples whose scores are not finite: wrong, and in no column of a confusion matrix
    not_finite_samples: tuple[int, ...] = ()  # the indices of the first of them
    remark: str = ""  # a warning that belongs to these figures


class Score(SplitScore):
    """Mean loss and accuracy over one split."""

    accuracy: Share
    error: Share


class ClassScore(Record):
    """Precision is None for a class that was never predicted, recall for one that never occurs."""

    name: str
    precision: Share | None = None
    recall: Share | None = None
    f1: Share | None = None
    support: Count


class Average(Record):
    """The mean over the classes, all with equal weight."""

    precision: Share | None = None
    recall: Share | None = None
    f1: Share | None = None


class TestScore(Score):
    """The test result. `confusion[i][j]` counts samples of class i that were given class j."""

    __test__ = False  # pytest would take the class for a test case, because of its name

    correct: Count
    interval: tuple[Share, Share]
    interval_kind: str
    confidence: str = ""  # the kind of the saved probabilities, in words
    confusion: tuple[tuple[Count, ...], ...]
    per_class: tuple[ClassScore, ...]
    macro: Average
    typical_loss: float | None = None  # without the samples of the largest scores; earlier versions saved none

    @property
    def imbalanced(self) -> bool:
        """Whether the classes differ so much in size that the accuracy is mostly that of the large ones."""
        support = [row.support for row in self.per_class]
        return max(support) > IMBALANCE * min(support)

    @model_validator(mode="after")
    def _counts_agree(self) -> Self:
        size = len(self.confusion)
        if any(len(row) != size for row in self.confusion) or len(self.per_class) != size:
            raise ValueError("the confusion matrix and per_class need one row and one column for every class")
        if sum(map(sum, self.confusion)) != self.count - self.not_finite:
            raise ValueError(f"the confusion matrix does not add up to the {self.count} test samples")
        if sum(row[i] for i, row in enumerate(self.confusion)) != self.correct:
            raise ValueError(f"the diagonal of the confusion matrix does not add up to the {self.correct} correct")
        if abs(self.accuracy - self.correct / self.count) > 1e-6 or abs(self.accuracy + self.error - 1) > 1e-6:
            raise ValueError(f"accuracy and error do not fit {self.correct} correct of {self.count}")
        return self


class ErrorScore(SplitScore):
    """Mean loss, root mean square error, mean absolute error and R² over one split: the means over the targets."""

    rmse: Number
    mae: Number
    r2: Number


class Estimate(Record):
    """A figure with the limits that the sampling error of the test split leaves it.

    value: NaN, which a file holds as null, for a figure that is not defined, such as R² of constant targets.   low,
    high: NaN where there are too few samples for an interval.
    """

    value: Number
    low: Number
    high: Number

    @property
    def is_known(self) -> bool:
        """Whether the value is a finite number."""
        return isfinite(self.value)

    @property
    def interval(self) -> tuple[float, float] | None:
        """The limits; None where there are none."""
        return (self.low, self.high) if isfinite(self.low) and isfinite(self.high) else None


class TargetErrors(Record):
    """The errors of one target, in its unit; baseline_rmse: that of always answering the mean of the training split."""

    name: str
    rmse: Estimate
    mae: Estimate
    r2: Estimate
    bias: Number  # the mean of prediction - target
    baseline_rmse: Number


class TestErrors(ErrorScore):
    """The test result of a regression."""

    __test__ = False  # pytest would take the class for a test case, because of its name

    interval_kind: str
    per_target: tuple[TargetErrors, ...] = Field(min_length=1)
    typical_loss: float | None = None  # without the samples of the largest scores
