"""The `train` table: how to train."""

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
from backhand.errors import BackhandError, StudyError
from backhand.study.auto import Count
from backhand.study.averages import AverageTable
from backhand.study.optimizers import OptimizerTable, SgdTable
from backhand.study.schedules import ConstantTable, MomentumTable, ScheduleTable
from backhand.study.table import Table, WeightsPlace, check_choice
from backhand.training import losses
from backhand.training.callbacks import Limit
from backhand.training.early_stopping import EarlyStopping
from backhand.training.losses import CLASSIFICATION, LOSSES, REGRESSION, Loss
from backhand.training.measures import Hits, Residuals
from backhand.training.penalty import L2
from backhand.training.score_metrics import score_metric

Probability = Annotated[float, Field(ge=0, lt=1)]
ClassWeights = Annotated[tuple[PositiveFloat, ...], Field(strict=False, min_length=1)] | Literal["balanced", "sqrt"]
Layers = Annotated[tuple[str, ...], Field(strict=False, min_length=1)]
FIGURES = {"classification": ("loss", *Hits.names), "regression": ("loss", *Residuals.names)}


class EarlyStoppingTable(Table):
    """When to stop, and which epoch's weights to keep."""

    patience: PositiveInt | None = None  # epochs without a better one; absent: train to the end, keep the best
    monitor: str | None = None
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

    init_from: WeightsPlace | None = None  # a run's folder, a file of weights, or a name, to start from
    freeze: Annotated[tuple[str, ...], Field(strict=False)] = ()  # layers that keep their weights
    unfreeze: dict[str, Layers] = Field({})  # layers by the epoch at which they begin to train
    epochs: Count = 20  # "auto": from the number of training samples
    max_steps: PositiveInt | None = None
    max_seconds: PositiveFloat | None = None  # of training, without saving
    overfit_batches: PositiveInt | None = None  # train and validate on so many batches alone
    fast_dev_run: bool = False  # two batches of each split, one epoch: does everything work?
    batch_size: PositiveInt = 100
    precision: Literal["float32", "bfloat16", "auto"] = "float32"  # of products in training
    accumulate: PositiveInt = 1  # micro-batches in which a batch passes through the model
    sync_batchnorm: bool = False  # where processes share a batch: normalise by the statistics of all of it
    loss: str = "softmax_cross_entropy"  # with data.target: "squared_error"
    label_smoothing: Probability = 0.0
    class_weights: ClassWeights | None = None
    huber_delta: PositiveFloat = 1.0  # in standard deviations of the targets
    optimizer: OptimizerTable = SgdTable(kind="sgd")
    schedule: ScheduleTable = ConstantTable(kind="constant")
    momentum_schedule: MomentumTable | None = None
    layer_rates: dict[str, NonNegativeFloat] = Field({})  # multiples of the learning rate by layer
    average: AverageTable | None = None
    l2: NonNegativeFloat = 0.0
    l2_form: Literal["half", "whole"] = "half"
    clip_norm: PositiveFloat | None = None
    clip_value: PositiveFloat | None = None
    early_stopping: EarlyStoppingTable = EarlyStoppingTable()
    evaluate_train: bool = False
    metrics: Annotated[tuple[str, ...], Field(strict=False)] = ()  # further figures of each epoch
    test_flips: bool = False
    test_shift: NonNegativeInt = 0  # pixels
    save_every: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 30.0  # seconds; 0: after every epoch
    keep_states: bool = False  # of a finished run, which can train on from them

    @property
    def epoch_count(self) -> int:
        """The number of epochs. Raises ValueError while it is "auto"."""
        if not isinstance(self.epochs, int):
            raise ValueError('train.epochs is still "auto"; it must first be decided from the number of samples')
        return 1 if self.fast_dev_run else self.epochs

    @property
    def evaluation_augment(self) -> EvaluationAugment:
        """The views of each sample over which the scores of the chosen weights are averaged."""
        return EvaluationAugment(self.test_flips, self.test_shift)

    @property
    def limit(self) -> Limit | None:
        """The callback that ends the training after a number of steps or a time; None without a limit."""
        if self.max_steps is None and self.max_seconds is None:
            return None
        return Limit(self.max_steps, self.max_seconds)

    @property
    def unfrozen_at(self) -> dict[int, tuple[str, ...]]:
        """The layers by the number of the epoch at which they begin to train."""
        return {int(epoch): layers for epoch, layers in self.unfreeze.items()}

    def make_loss(self, class_weights: Sequence[float] = ()) -> Loss:
        """The loss; with weights, one per class, for training, and without for prediction."""
        options = {"smoothing": self.label_smoothing, "class_weights": class_weights}
        if self.loss == "huber":
            options = {"delta": self.huber_delta}
        return losses.loss(self.loss, **{name: value for name, value in options.items() if value})

    def make_penalty(self) -> L2:
        """The L2 penalty on the weights of the model."""
        return L2(self.l2, self.l2_form)

    @field_validator("loss")
    @classmethod
    def _is_loss(cls, value: str) -> str:
        return check_choice("loss", value, LOSSES)

    @field_validator("metrics")
    @classmethod
    def _are_metrics(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            try:
                score_metric(name)
            except BackhandError as error:
                raise ValueError(str(error)) from None
        return value

    @field_validator("unfreeze")
    @classmethod
    def _begin_at_epochs(cls, value: dict[str, Any]) -> dict[str, Any]:
        for epoch in value:
            if not epoch.isdecimal() or int(epoch) < 2:
                raise ValueError(f'the keys are epochs, 2 or later, such as {{ 3 = [":4"] }}, not "{epoch}"')
        return value

    @model_validator(mode="after")
    def _options_fit_the_loss(self) -> "TrainTable":
        if self.label_smoothing and self.loss != "softmax_cross_entropy":
            raise ValueError(f"label_smoothing needs the loss softmax_cross_entropy, not {self.loss}")
        if self.loss in REGRESSION:
            for key in ("class_weights", "metrics"):
                if getattr(self, key):
                    raise ValueError(f"{key} needs classes, and {self.loss} is a loss of regression")
        if self.huber_delta != 1 and self.loss != "huber":
            raise ValueError(f"huber_delta needs the loss huber, not {self.loss}")
        return self

    @model_validator(mode="after")
    def _batch_is_whole_to_be_normalised(self) -> "TrainTable":
        if self.sync_batchnorm and self.accumulate > 1:
            raise ValueError(
                "sync_batchnorm needs whole batches, and accumulate divides them; leave out one of the two"
            )
        return self

    @model_validator(mode="after")
    def _monitor_is_recorded(self) -> "TrainTable":
        monitor = self.early_stopping.monitor
        figures = FIGURES["classification" if self.loss in CLASSIFICATION else "regression"]
        known = [f"{split}_{name}" for name in figures for split in ("validation", "train")]
        splits = ("validation", "train") if self.evaluate_train else ("validation",)
        known += [f"{split}_{name}" for name in self.metrics for split in splits]
        if monitor is not None and monitor not in known:
            raise ValueError(f'early_stopping.monitor cannot be "{monitor}"; it is one of {", ".join(known)}')
        return self
