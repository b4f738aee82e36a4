"""The `train.average` table: averaged weights, which are evaluated and kept in place of the trained ones."""

from typing import Annotated, Literal

from pydantic import Field

from backhand.study.table import Table
from backhand.training.averages import ExponentialAverage, StochasticAverage, WeightAverage


class ExponentialTable(Table):
    """The exponential moving average (EMA) of the weights, by the formula of `ExponentialAverage`."""

    kind: Literal["ema"]
    decay: Annotated[float, Field(ge=0, lt=1)] = 0.999

    def make(self, epochs: int) -> WeightAverage:
        """The average for a training of so many epochs."""
        return ExponentialAverage(self.decay)


class StochasticTable(Table):
    """Stochastic weight averaging (SWA): the mean of the weights after each epoch of the last part."""

    kind: Literal["swa"]
    start: Annotated[float, Field(ge=0, lt=1)] = 0.75  # the share of the epochs before the first that is averaged

    def make(self, epochs: int) -> WeightAverage:
        """The average for a training of so many epochs."""
        return StochasticAverage(int(self.start * epochs) + 1)


AverageTable = Annotated[ExponentialTable | StochasticTable, Field(discriminator="kind")]
