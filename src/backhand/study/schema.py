"""The tables of a study and what may stand in them."""

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
from backhand.study.augment import AugmentTable
from backhand.study.auto import Count
from backhand.study.extend import Extend
from backhand.study.models import ModelTable
from backhand.study.optimizers import OptimizerTable, Sgd
from backhand.study.resize import ResizeEntry
from backhand.study.schedules import ConstantTable, MomentumTable, ScheduleTable
from backhand.study.search import Search
from backhand.study.table import Location, Table, known
from backhand.training.losses import LOSSES

Probability = Annotated[float, Field(ge=0, lt=1)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
Size = Annotated[int | float, Field(ge=0)]  # a count, or a fraction below 1
Names = Annotated[tuple[str, ...], Field(strict=False, min_length=1)]
ClassWeights = Annotated[tuple[PositiveFloat, ...], Field(strict=False, min_length=1)] | Literal["balanced", "sqrt"]


class Data(Table):
    """Which data, and how it is divided and scaled."""

    name: str
    path: Location | None = None  # the file or folder, for sets that are not found by name
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
            raise ValueError("a count of samples is written without a point, a fraction is below 1")
        return value

    @model_validator(mode="after")
    def _classes_or_groups(self) -> "Data":
        if self.classes is not None and self.groups is not None:
            raise ValueError("groups says which classes are kept, and in what order; leave out classes")
        return self


class EarlyStop(Table):
    """When to stop, and which epoch's weights to keep."""

    patience: PositiveInt | None = None  # epochs without a better one; absent: train to the end, keep the best
    monitor: Literal["validation_loss", "validation_accuracy", "train_loss", "train_accuracy"] | None = None
    restore_best: bool = True
    min_delta: NonNegativeFloat = 0.0  # what patience waits for is better by more than this


class Train(Table):
    """How to train."""

    init_from: Location | None = None  # a run's folder or a file of weights, to start from
    freeze: Annotated[tuple[str, ...], Field(strict=False)] = ()  # layers that keep their weights
    epochs: Count = 20  # "auto": from the number of training samples
    batch_size: PositiveInt = 100
    loss: str = "softmax_cross_entropy"
    label_smoothing: Probability = 0.0
    class_weights: ClassWeights | None = None
    optimizer: OptimizerTable = Sgd(kind="sgd")
    schedule: ScheduleTable = ConstantTable(kind="constant")
    momentum_schedule: MomentumTable | None = None
    l2: NonNegativeFloat = 0.0
    l2_form: Literal["half", "whole"] = "half"
    clip_norm: PositiveFloat | None = None
    clip_value: PositiveFloat | None = None
    early_stopping: EarlyStop = EarlyStop()
    evaluate_train: bool = False
    test_flips: bool = False
    test_shift: NonNegativeInt = 0  # pixels
    save_every: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 30.0  # seconds; 0: after every epoch
    keep_states: bool = False  # of a finished run, which can train on from them

    @property
    def passes(self) -> int:
        """The epochs, which must have been decided. Raises ValueError while they are "auto"."""
        if not isinstance(self.epochs, int):
            raise ValueError('epochs = "auto" must be decided before training, from the number of samples')
        return self.epochs

    @property
    def evaluation_augment(self) -> EvaluationAugment:
        """What the chosen weights are judged by."""
        return EvaluationAugment(self.test_flips, self.test_shift)

    @field_validator("loss")
    @classmethod
    def _known_loss(cls, value: str) -> str:
        return known("loss", value, LOSSES)

    @model_validator(mode="after")
    def _softmax_has_its_own_keys(self) -> "Train":
        for key in ("label_smoothing", "class_weights"):
            if getattr(self, key) and self.loss != "softmax_cross_entropy":
                raise ValueError(f"{key} belongs to softmax_cross_entropy, and the loss is {self.loss}")
        return self


class Study(Table):
    """One experiment: data, model, training, and the seed that all randomness comes from.

    docs/guides/studies.md describes every key. A study is frozen; `load_study` reads one, and raises StudyError for an
    unknown key or an impossible value.
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    title: str = ""
    seed: Seed = 0
    data: Data
    model: ModelTable
    train: Train = Train()
    search: Search | None = None
    extend: Extend | None = None
    changes: dict[str, Any] = Field({})  # what the command line changed, by dotted path: reports show it

    @property
    def data_seed(self) -> int:
        """What the division of the data, the order of the batches and augmentation come from."""
        return self.seed if self.data.seed is None else self.data.seed

    @model_validator(mode="after")
    def _one_origin_of_the_weights(self) -> "Study":
        if self.extend is not None and self.train.init_from is not None:
            raise ValueError("extend.run says where the weights come from; leave out train.init_from")
        return self

    @model_validator(mode="after")
    def _mixup_needs_softmax(self) -> "Study":
        if self.data.augment.mixup and self.train.loss != "softmax_cross_entropy":
            raise ValueError(
                f"data.augment.mixup gives soft targets to softmax_cross_entropy, and train.loss is {self.train.loss}"
            )
        return self
