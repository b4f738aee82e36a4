"""The tables of a study and what may stand in them."""

import dataclasses
import math
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt, field_validator, model_validator

from backhand.errors import closest
from backhand.init import initialiser
from backhand.layers import LAYERS, Layer
from backhand.losses import LOSSES
from backhand.models.mlp import ACTIVATIONS
from backhand.study.optimizers import OptimizerTable, Sgd
from backhand.study.schedules import ConstantTable, MomentumTable, ScheduleTable
from backhand.study.table import Table

Probability = Annotated[float, Field(ge=0, lt=1)]
Size = Annotated[int | float, Field(ge=0)]  # a count, or a fraction below 1


class Data(Table):
    """Which data, and how it is divided and scaled."""

    name: str
    path: Annotated[Path, Field(strict=False)] | None = None  # the file or folder, for sets that are not found by name
    validation: Size = 0.1  # of the training part; 0 for none; unused where the set has its own validation part
    train_size: PositiveInt | None = None  # use only so many training samples, in proportion to the classes
    standardize: Literal["none", "global", "channel", "feature"] = "feature"
    skip_bad_images: bool = False

    @field_validator("validation")
    @classmethod
    def _whole_or_fraction(cls, value: float) -> float:
        if isinstance(value, float) and value >= 1:
            raise ValueError("a count of samples is written without a point, a fraction is below 1")
        return value


class Mlp(Table):
    """A multi-layer perceptron."""

    name: Literal["mlp"]
    hidden: tuple[PositiveInt, ...] = Field((100,), strict=False)
    activation: str = "relu"
    dropout: Probability = 0.0
    batchnorm: bool = False
    init: str | PositiveFloat | None = None

    @field_validator("activation")
    @classmethod
    def _known_activation(cls, value: str) -> str:
        return _known("activation", value, ACTIVATIONS)

    @field_validator("init")
    @classmethod
    def _known_initialiser(cls, value: str | float | None) -> str | float | None:
        if value is not None:
            initialiser(value)
        return value


class Layers(Table):
    """Layers one by one: `layers = [{ kind = "linear", outputs = 100 }, { kind = "relu" }, ...]`."""

    name: Literal["sequential"]
    layers: tuple[dict[str, Any], ...] = Field(strict=False, min_length=1)

    @field_validator("layers")
    @classmethod
    def _can_be_made(cls, value: tuple[dict[str, Any], ...]) -> tuple[dict[str, Any], ...]:
        for i, table in enumerate(value):
            try:
                make_layer(table)
            except ValueError as error:
                raise ValueError(f"layer {i}: {error}") from error
        return value


def make_layer(table: dict[str, Any]) -> Layer:
    """The layer that a table of a study describes. Raises ValueError for an unknown kind or key, or a bad value."""
    options = dict(table)
    kind = LAYERS[_known("layer", str(options.pop("kind", "")), LAYERS)]
    fields = {field.name: field for field in dataclasses.fields(kind) if field.init}
    for key, value in options.items():
        if key not in fields:
            raise ValueError(f'a {table["kind"]} layer has no key "{key}"{closest(key, fields) if fields else ""}')
        if not _fits(value, fields[key].type):
            raise ValueError(f"{key} cannot be {value!r}")
    for key, field in fields.items():
        if field.default is dataclasses.MISSING and key not in options:
            raise ValueError(f"a {table['kind']} layer needs {key}")
    return kind(**options)


def _fits(value: Any, wanted: Any) -> bool:
    """Whether a layer's argument is of its type: an int may stand for a float, a bool not for a number."""
    if isinstance(value, bool):
        return wanted is bool
    if isinstance(value, int):
        return wanted is not str
    return isinstance(value, wanted) and (not isinstance(value, float) or math.isfinite(value))


class EarlyStop(Table):
    """When to stop, and which epoch's weights to keep."""

    patience: PositiveInt | None = None  # epochs without a better one; absent: train to the end, keep the best
    monitor: Literal["validation_loss", "validation_accuracy", "train_loss", "train_accuracy"] | None = None
    restore_best: bool = True


class Train(Table):
    """How to train."""

    epochs: PositiveInt = 20
    batch_size: PositiveInt = 100
    loss: str = "softmax_cross_entropy"
    label_smoothing: Probability = 0.0
    optimizer: OptimizerTable = Sgd(kind="sgd")
    schedule: ScheduleTable = ConstantTable(kind="constant")
    momentum_schedule: MomentumTable | None = None
    l2: NonNegativeFloat = 0.0
    l2_form: Literal["half", "whole"] = "half"
    clip_norm: PositiveFloat | None = None
    clip_value: PositiveFloat | None = None
    early_stopping: EarlyStop = EarlyStop()
    evaluate_train: bool = False

    @field_validator("loss")
    @classmethod
    def _known_loss(cls, value: str) -> str:
        return _known("loss", value, LOSSES)

    @model_validator(mode="after")
    def _smoothing_needs_softmax(self) -> "Train":
        if self.label_smoothing and self.loss != "softmax_cross_entropy":
            raise ValueError(f"label_smoothing belongs to softmax_cross_entropy, and the loss is {self.loss}")
        return self


class Study(Table):
    """One experiment: data, model, training, and the seed that all randomness comes from."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    title: str = ""
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    data: Data
    model: Annotated[Mlp | Layers, Field(discriminator="name")]
    train: Train = Train()


def _known(what: str, value: str, choices: dict[str, Any]) -> str:
    if value not in choices:
        raise ValueError(f'there is no {what} "{value}"{closest(value, choices)}')
    return value
