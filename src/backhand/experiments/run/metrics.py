"""The form of a run's `metrics.json` and of a line of its `history.jsonl`."""

import math
from typing import Any, Self

from pydantic import ConfigDict, Field, model_validator

from backhand.experiments.records import Count, FileRecord, Number, Record, Share, finite_numbers
from backhand.weights.run_status import RunStatus

IMBALANCE = 1.5  # the ratio of the largest to the smallest class above which the classes count as imbalanced


class Epoch(Record):
    """One line of the history. Times are in seconds, accuracies and errors are fractions.

    Figures that a user's own callback has added are read and written as well.
    """

    model_config = ConfigDict(extra="allow")

    epoch: int
    step: int
    seconds: float
    elapsed: float
    lr: float
    momentum: float | None = None
    train_loss: Number
    train_accuracy: Number
    train_error: Number = math.nan
    penalty: Number = 0.0
    validation_loss: Number = math.nan
    validation_accuracy: Number = math.nan
    validation_error: Number = math.nan
    gradient_norm: Number = math.nan
    old_accuracy: Number | None = None  # accuracies on the old and on the new classes, where a network is extended
    new_accuracy: Number | None = None

    @property
    def figures(self) -> dict[str, float]:
        """The finite figures of the epoch, by name."""
        return finite_numbers(self.model_dump(exclude_unset=True))


class Data(Record):
    """The data set: its classes and, for each split, the number of samples of every class."""

    name: str
    title: str = ""
    source: str = ""
    notes: dict[str, Any] = Field(default_factory=dict)
    classes: tuple[str, ...] = Field(min_length=1)
    sample_shape: tuple[int, ...]
    counts: dict[str, tuple[Count, ...] | None]
    class_weights: tuple[float, ...] = ()  # the weight of each class in the loss; empty: all weights are 1
    standardize: str = ""
    augment: dict[str, Any] = Field(default_factory=dict)
    sha256: str = ""

    @model_validator(mode="after")
    def _one_count_per_class(self) -> Self:
        for split, counts in self.splits.items():
            if len(counts) != len(self.classes):
                raise ValueError(f"{split} has {len(counts)} counts for {len(self.classes)} classes")
        if len(self.class_weights) not in (0, len(self.classes)):
            raise ValueError(f"there are {len(self.class_weights)} weights for {len(self.classes)} classes")
        return self

    @property
    def splits(self) -> dict[str, tuple[int, ...]]:
        """The counts of the splits that the data have."""
        return {split: counts for split, counts in self.counts.items() if counts}


class Cost(Record):
    """The number of parameters of a layer or a network, and its multiply-adds for one sample."""

    parameters: Count
    trained: Count | None = None  # the number of parameters that are trained; None: all
    multiply_adds: Count


class Layer(Cost):
    """One layer of the model: its name, its description, the shape of its output, and its cost."""

    name: str
    layer: str
    output: tuple[int, ...]


class Model(Cost):
    """The network, layer by layer, with its totals."""

    layers: tuple[Layer, ...]
    kinks: tuple[str, ...] | None = None  # where the layers have no derivative, in words; earlier versions saved none
    activation: str = ""  # the name of the class of the first activation; empty without one

    @property
    def some_frozen(self) -> bool:
        """Whether there are parameters that were not trained."""
        return self.trained not in (None, self.parameters)


class InitFrom(Record):
    """The file from which the initial weights came, and what was changed to fit them into the model."""

    source: str
    sha256: str
    changes: tuple[str, ...] = ()


class Training(Record):
    """How the training went; `chosen_epoch` is the one whose weights were kept and tested."""

    epochs: Count = 0
    steps: Count = 0
    seconds: float = 0.0
    saving_seconds: float | None = None  # earlier versions did not measure it
    chosen_epoch: int | None = None
    chosen_by: str = ""
    stopped: str = ""
    failure: str = ""  # why the training failed, although it did not diverge; empty where it did not fail
    constant_loss: Number | None = None  # of giving every sample the same answer; earlier versions did not save it
    train_metrics: str = ""


class Score(Record):
    """Mean loss and accuracy over one split."""

    loss: Number
    accuracy: Share
    error: Share
    count: int = Field(ge=1)
    test_flips: bool = False  # whether the scores are means over each image and its mirror image
    test_shift: int = 0  # by how many pixels the copies are moved over which the scores are means as well; 0: no copies
    not_finite: Count = 0  # samples whose scores are not finite: wrong, and in no column of a confusion matrix
    not_finite_samples: tuple[int, ...] = ()  # the indices of the first of them
    remark: str = ""  # a warning that belongs to these figures


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


class GradientCheck(Record):
    """The worst relative error of one gradient among the entries that were compared with finite differences.

    worst: None where no entry could be compared.
    """

    name: str
    worst: Number | None
    checked: Count
    skipped: Count = 0
    verdict: str


class Rounding(Record):
    """The rounding errors of float64 against extended precision, as shares of the largest score and of the loss."""

    scores: Number
    loss: Number


class Reported(Record):
    """A figure that was reported elsewhere, beside the figure of this run."""

    what: str
    reported: str | float
    ours: str | float


class Metrics(RunStatus, FileRecord):
    """The figures of a run, as `metrics.json` holds them: of the data, the model, the training and the test."""

    data: Data
    model: Model
    init_from: InitFrom | None = None
    training: Training = Training()
    validation: Score | None = None
    test: TestScore | None = None
    gradient_check: tuple[GradientCheck, ...] = ()
    rounding: Rounding | None = None
    reported: tuple[Reported, ...] = ()

    @model_validator(mode="after")
    def _one_row_per_class(self) -> Self:
        if self.test and len(self.test.confusion) != len(self.data.classes):
            raise ValueError(
                f"the confusion matrix has {len(self.test.confusion)} rows for {len(self.data.classes)} classes"
            )
        if self.status == "finished" and not self.test:
            raise ValueError("a finished run needs its test result")
        if self.status == "finished" and not self.training.epochs:
            raise ValueError("a finished run needs its training")
        return self
