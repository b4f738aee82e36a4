"""The `optimizer` table: one class for each kind of optimiser."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, NonNegativeFloat, PositiveFloat, model_validator

from backhand.study.auto import Rate, is_auto
from backhand.study.table import Table
from backhand.training.optimizers import SGD, Adam, AdamW, Optimizer, RMSProp

Average = Annotated[float, Field(ge=0, lt=1)]


class _Kind(Table):
    """The keys that all kinds share."""

    optimizer: ClassVar[type[Optimizer]]

    lr: Rate
    momentum: Average = 0.0
    weight_decay: NonNegativeFloat = 0.0

    def make(self) -> Optimizer:
        """The optimiser, whose arguments are the keys. Raises ValueError while the rate is still "auto"."""
        if is_auto(self.lr):
            raise ValueError('lr is still "auto"; a range test must replace it by a number first')
        return self.optimizer(**self.model_dump(exclude={"kind"}))

    @classmethod
    def default_rate(cls) -> float:
        """The learning rate of this kind where a study gives none."""
        return float(cls.model_fields["lr"].default)


class SgdTable(_Kind):
    """Stochastic gradient descent with momentum."""

    optimizer = SGD

    kind: Literal["sgd"]
    lr: Rate = 0.1
    momentum: Average = 0.9
    nesterov: bool = False

    @model_validator(mode="after")
    def _nesterov_needs_momentum(self) -> "SgdTable":
        if self.nesterov and not self.momentum:
            raise ValueError("nesterov = true needs a momentum above 0")
        return self


class RmsPropTable(_Kind):
    """RMSProp; `rho` is the decay of its mean square."""

    optimizer = RMSProp

    kind: Literal["rmsprop"]
    lr: Rate = 1e-3
    rho: Average = 0.99
    eps: PositiveFloat = 1e-8


class _Moments(_Kind):
    lr: Rate = 1e-3
    momentum: Average = 0.9
    beta2: Average = 0.999
    eps: PositiveFloat = 1e-8


class AdamTable(_Moments):
    """Adam; `momentum` is its β1."""

    optimizer = Adam

    kind: Literal["adam"]


class AdamWTable(_Moments):
    """Adam with decoupled weight decay; `momentum` is its β1."""

    optimizer = AdamW

    kind: Literal["adamw"]
    weight_decay: NonNegativeFloat = 1e-2


OptimizerTable = Annotated[SgdTable | RmsPropTable | AdamTable | AdamWTable, Field(discriminator="kind")]
