"""The form of a run's `metrics.json` and of a line of its `history.jsonl`."""

import math
from typing import Any, Self

from pydantic import ConfigDict, Field, model_validator

from backhand.experiments.records import Count, FileRecord, Number, Record, finite_numbers
from backhand.experiments.run.split_scores import ErrorScore, Score, TestErrors, TestScore
from backhand.weights.run_status import RunStatus


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
    train_accuracy: Number = math.nan
    train_error: Number = math.nan
    penalty: Number = 0.0
    validation_loss: Number = math.nan
    validation_accuracy: Number = math.nan
    validation_error: Number = math.nan
    train_rmse: Number = math.nan  # of a regression
    train_mae: Number = math.nan
    train_r2: Number = math.nan
    validation_rmse: Number = math.nan
    validation_mae: Number = math.nan
    validation_r2: Number = math.nan
    gradient_norm: Number = math.nan
    old_accuracy: Number | None = None  # accuracies on the old and on the new classes, where a network is extended
    new_accuracy: Number | None = None

    @property
    def figures(self) -> dict[str, float]:
        """The finite figures of the epoch, by name."""
        return finite_numbers(self.model_dump(exclude_unset=True))


class Target(Record):
    """A target of a regression: what its training values are like."""

    name: str
    mean: Number
    deviation: Number
    low: Number
    high: Number


class Data(Record):
    """The data set: its classes or targets and, for each split, the number of samples of every class, or of all."""

    name: str
    title: str = ""
    source: str = ""
    notes: dict[str, Any] = Field(default_factory=dict)
    classes: tuple[str, ...] = ()
    targets: tuple[Target, ...] = ()  # of a regression, which has no classes
    features: tuple[str, ...] = ()  # the names of a table's features, where they are known
    sample_shape: tuple[int, ...]
    counts: dict[str, tuple[Count, ...] | None]
    class_weights: tuple[float, ...] = ()  # the weight of each class in the loss; empty: all weights are 1
    standardize: str = ""
    augment: dict[str, Any] = Field(default_factory=dict)
    sha256: str = ""

    @model_validator(mode="after")
    def _one_count_per_class(self) -> Self:
        if not self.classes and not self.targets:
            raise ValueError("the data need classes or targets")
        for split, counts in self.splits.items():
            if len(counts) != (len(self.classes) or 1):
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
    validation_errors: ErrorScore | None = None  # of a regression, instead of `validation` and `test`
    test_errors: TestErrors | None = None
    gradient_check: tuple[GradientCheck, ...] = ()
    rounding: Rounding | None = None
    reported: tuple[Reported, ...] = ()

    @model_validator(mode="after")
    def _one_row_per_class(self) -> Self:
        if self.test and len(self.test.confusion) != len(self.data.classes):
            raise ValueError(
                f"the confusion matrix has {len(self.test.confusion)} rows for {len(self.data.classes)} classes"
            )
        if self.status == "finished" and not (self.test or self.test_errors):
            raise ValueError("a finished run needs its test result")
        if self.status == "finished" and not self.training.epochs:
            raise ValueError("a finished run needs its training")
        return self
