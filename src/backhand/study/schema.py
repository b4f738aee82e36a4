"""The tables of a study: their keys, with the possible values and the defaults."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import (
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    field_validator,
    model_validator,
)

from backhand.data.augment.evaluation import EvaluationAugment
from backhand.errors import StudyError
from backhand.study.augment import AugmentTable
from backhand.study.auto import Count
from backhand.study.extend import ExtendTable
from backhand.study.models import ModelTable
from backhand.study.optimizers import OptimizerTable, SgdTable
from backhand.study.resize import ResizeEntry
from backhand.study.schedules import ConstantTable, MomentumTable, ScheduleTable
from backhand.study.search import SearchTable
from backhand.study.table import Place, Table, check_choice
from backhand.training import losses
from backhand.training.early_stopping import EarlyStopping
from backhand.training.losses import L2, LOSSES, Loss

Probability = Annotated[float, Field(ge=0, lt=1)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
Size = Annotated[int | float, Field(ge=0)]  # a count, or a fraction below 1
Names = Annotated[tuple[str, ...], Field(strict=False, min_length=1)]
ClassWeights = Annotated[tuple[PositiveFloat, ...], Field(strict=False, min_length=1)] | Literal["balanced", "sqrt"]


class DataTable(Table):
    """Which data, and how it is divided and scaled."""

    name: str
    path: Place | None = None  # the file or folder, for sets that are not found by name
    classes: Annotated[tuple[str, ...], Field(strict=False, min_length=2)] | None = None  # only these, in this order
    groups: Annotated[dict[str, Names], Field(min_length=2)] | None = None  # classes joined, in the order of the table
    validation: Size = 0.1  # of the training part; 0 for none; unused where the set has its own validation part
    train_size: PositiveInt | None = None  # use only so many training samples, in proportion to the classes
    standardize: Literal["none", "global", "channel", "feature"] = "feature"
    seed: Seed | None = None  # of the division, the order of the samples and augmentation; absent: the study's
    skip_bad_images: bool = False
    resize: ResizeEntry | None = None  # absent: images stay as they are, and must be of one size
    augment: AugmentTable = AugmentTable()

    @field_validator("validation")
    @classmethod
    def _whole_or_fraction(cls, value: float) -> float:
        if isinstance(value, float) and value >= 1:
            raise ValueError(f"must be a fraction below 1 or a whole number of samples, not {value}")
        return value

    @model_validator(mode="after")
    def _classes_or_groups(self) -> "DataTable":
        if self.classes is not None and self.groups is not None:
            raise ValueError("groups already names the classes, in their order; remove classes")
        return self


class EarlyStoppingTable(Table):
    """When to stop, and which epoch's weights to keep."""

    patience: PositiveInt | None = None  # epochs without a better one; absent: train to the end, keep the best
    monitor: Literal["validation_loss", "validation_accuracy", "train_loss", "train_accuracy"] | None = None
    restore_best: bool = True
    min_delta: NonNegativeFloat = 0.0  # what patience waits for is better by more than this

    def make(self, *, has_validation: bool) -> EarlyStopping:
        """The callback. Without a monitor it follows the validation loss or, without validation, the training loss.

        Raises StudyError for a monitor of the validation split where there is none.
        """
        if self.monitor is not None and self.monitor.startswith("validation") and not has_validation:
            raise StudyError(
                f'train.early_stopping.monitor = "{self.monitor}" needs a validation split; '
                f'set data.validation, or monitor "train_loss"'
            )
        monitor = self.monitor or ("validation_loss" if has_validation else "train_loss")
        return EarlyStopping(self.patience, monitor, self.restore_best, min_delta=self.min_delta)


class TrainTable(Table):
    """How to train: the loss, the optimiser, how long, and what is kept and evaluated."""

    init_from: Place | None = None  # a run's folder or a file of weights, to start from
    freeze: Annotated[tuple[str, ...], Field(strict=False)] = ()  # layers that keep their weights
    epochs: Count = 20  # "auto": from the number of training samples
    batch_size: PositiveInt = 100
    loss: str = "softmax_cross_entropy"
    label_smoothing: Probability = 0.0
    class_weights: ClassWeights | None = None
    optimizer: OptimizerTable = SgdTable(kind="sgd")
    schedule: ScheduleTable = ConstantTable(kind="constant")
    momentum_schedule: MomentumTable | None = None
    l2: NonNegativeFloat = 0.0
    l2_form: Literal["half", "whole"] = "half"
    clip_norm: PositiveFloat | None = None
    clip_value: PositiveFloat | None = None
    early_stopping: EarlyStoppingTable = EarlyStoppingTable()
    evaluate_train: bool = False
    test_flips: bool = False
    test_shift: NonNegativeInt = 0  # pixels
    save_every: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 30.0  # seconds; 0: after every epoch
    keep_states: bool = False  # of a finished run, which can train on from them

    @property
    def epoch_count(self) -> int:
        """The number of epochs. Raises ValueError while it is "auto"."""
        if not isinstance(self.epochs, int):
            raise ValueError('train.epochs is still "auto"; it must first be decided from the number of samples')
        return self.epochs

    @property
    def evaluation_augment(self) -> EvaluationAugment:
        """The views of each sample over which the scores of the chosen weights are averaged."""
        return EvaluationAugment(self.test_flips, self.test_shift)

    def make_loss(self, class_weights: Sequence[float] = ()) -> Loss:
        """The loss; with weights, one per class, for training, and without for prediction."""
        options = {"smoothing": self.label_smoothing, "class_weights": class_weights}
        return losses.loss(self.loss, **{name: value for name, value in options.items() if value})

    def make_penalty(self) -> L2:
        """The L2 penalty on the weights of the model."""
        return L2(self.l2, self.l2_form)

    @field_validator("loss")
    @classmethod
    def _is_loss(cls, value: str) -> str:
        return check_choice("loss", value, LOSSES)

    @model_validator(mode="after")
    def _options_fit_the_loss(self) -> "TrainTable":
        for key in ("label_smoothing", "class_weights"):
            if getattr(self, key) and self.loss != "softmax_cross_entropy":
                raise ValueError(f"{key} needs the loss softmax_cross_entropy, not {self.loss}")
        return self


class Study(Table):
    """One experiment: data, model, training, and the seed that all randomness comes from.

    docs/guides/studies.md describes every key. A study is frozen; `load_study` reads one, and raises StudyError for an
    unknown key or an impossible value.
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    title: str = ""
    seed: Seed = 0
    data: DataTable
    model: ModelTable
    train: TrainTable = TrainTable()
    search: SearchTable | None = None
    extend: ExtendTable | None = None
    changes: dict[str, Any] = Field({})  # what the command line changed, by dotted path: reports show it

    @property
    def data_seed(self) -> int:
        """What the division of the data, the order of the batches and augmentation come from."""
        return self.seed if self.data.seed is None else self.data.seed

    @model_validator(mode="after")
    def _one_origin_of_the_weights(self) -> "Study":
        if self.extend is not None and self.train.init_from is not None:
            raise ValueError("extend.run already gives the initial weights; remove train.init_from")
        return self

    @model_validator(mode="after")
    def _mixup_needs_softmax(self) -> "Study":
        if self.data.augment.mixup and self.train.loss != "softmax_cross_entropy":
            raise ValueError(
                f'data.augment.mixup makes soft targets, which need train.loss = "softmax_cross_entropy", not '
                f'"{self.train.loss}"'
            )
        return self
