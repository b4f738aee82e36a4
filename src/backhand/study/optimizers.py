"""The `optimizer` table: one form a kind."""

from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, PositiveFloat, model_validator

from backhand.study.auto import Rate, is_auto
from backhand.study.table import Table
from backhand.training import optimizers

Average = Annotated[float, Field(ge=0, lt=1)]


class _Common(Table):
    lr: Rate
    momentum: Average = 0.0
    weight_decay: NonNegativeFloat = 0.0


class Sgd(_Common):
    """Stochastic gradient descent."""

    kind: Literal["sgd"]
    lr: Rate = 0.1
    momentum: Average = 0.9
    nesterov: bool = False

    @model_validator(mode="after")
    def _nesterov_needs_momentum(self) -> "Sgd":
        if self.nesterov and not self.momentum:
            raise ValueError("nesterov = true needs a momentum above 0")
        return self


class RmsProp(_Common):
    """RMSProp."""

    kind: Literal["rmsprop"]
    lr: Rate = 1e-3
    rho: Average = 0.99
    eps: PositiveFloat = 1e-8


class _Moments(_Common):
    lr: Rate = 1e-3
    momentum: Average = 0.9
    beta2: Average = 0.999
    eps: PositiveFloat = 1e-8


class Adam(_Moments):
    """Adam; `momentum` is its β1."""

    kind: Literal["adam"]


class AdamW(_Moments):
    """Adam with decoupled weight decay."""

    kind: Literal["adamw"]
    weight_decay: NonNegativeFloat = 1e-2


OptimizerTable = Annotated[Sgd | RmsProp | Adam | AdamW, Field(discriminator="kind")]
KINDS: dict[str, type[optimizers.Optimizer]] = {
    "sgd": optimizers.SGD,
    "rmsprop": optimizers.RMSProp,
    "adam": optimizers.Adam,
    "adamw": optimizers.AdamW,
}


def default_rate(table: OptimizerTable) -> float:
    """The learning rate of the table's kind where a study gives none."""
    return float(type(table).model_fields["lr"].default)


def make_optimizer(table: OptimizerTable) -> optimizers.Optimizer:
    """The optimiser that the table describes. Raises ValueError while its rate is still to be found."""
    if is_auto(table.lr):
        raise ValueError('lr = "auto" is a rate that a range test must find before there can be an optimiser')
    return KINDS[table.kind](**table.model_dump(exclude={"kind"}))
