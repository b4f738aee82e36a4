"""The `schedule` and `momentum_schedule` tables: one class for each kind of schedule.

A study gives lengths in epochs; the schedules that the tables make count steps.
"""

from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt

from backhand.study.table import Table
from backhand.training.schedules import (
    Constant,
    CosineDecay,
    ExponentialDecay,
    LinearRamp,
    OneCycle,
    ReduceOnPlateau,
    Schedule,
    StepDecay,
    Warmup,
)

Factor = Annotated[float, Field(gt=0, lt=1)]


class _Kind(Table):
    """The keys that all kinds share."""

    warmup: NonNegativeFloat = 0.0  # epochs of linear rise before the schedule begins

    def make(self, value: float, steps_per_epoch: int, epochs: int) -> Schedule:
        """The schedule with this value to start from, over a training of `epochs` epochs."""
        warmup = round(self.warmup * steps_per_epoch)
        schedule = self._after_warmup(value, steps_per_epoch, max(epochs * steps_per_epoch - warmup, 1))
        return Warmup(value, warmup, schedule) if warmup else schedule

    def _after_warmup(self, value: float, steps_per_epoch: int, steps: int) -> Schedule:
        """The schedule for the `steps` steps that remain after the warm-up."""
        return Constant(value)


class ConstantTable(_Kind):
    """The same value in every step."""

    kind: Literal["constant"]


class StepTable(_Kind):
    """Multiplied by `factor` after every `every` epochs."""

    kind: Literal["step"]
    every: PositiveFloat
    factor: Factor = 0.1

    def _after_warmup(self, value: float, steps_per_epoch: int, steps: int) -> Schedule:
        return StepDecay(value, max(round(self.every * steps_per_epoch), 1), self.factor)


class ExponentialTable(_Kind):
    """Multiplied by `factor` over every `every` epochs, in a smooth curve."""

    kind: Literal["exponential"]
    every: PositiveFloat = 1.0
    factor: Factor = 0.95

    def _after_warmup(self, value: float, steps_per_epoch: int, steps: int) -> Schedule:
        return ExponentialDecay(value, max(round(self.every * steps_per_epoch), 1), self.factor)


class CosineTable(_Kind):
    """Along half a cosine to `floor` at the end of the last epoch."""

    kind: Literal["cosine"]
    floor: NonNegativeFloat = 0.0

    def _after_warmup(self, value: float, steps_per_epoch: int, steps: int) -> Schedule:
        return CosineDecay(value, steps, self.floor)


class OneCycleTable(_Kind):
    """Up to the value over the fraction `rise` of the training, then down."""

    kind: Literal["one_cycle"]
    rise: Factor = 0.3
    start: PositiveFloat = 25.0
    end: PositiveFloat = 1e4

    def _after_warmup(self, value: float, steps_per_epoch: int, steps: int) -> Schedule:
        return OneCycle(value, steps, self.rise, self.start, self.end)


class PlateauTable(_Kind):
    """Multiplied by `factor` when the validation loss (without validation, the training loss) stops falling."""

    kind: Literal["plateau"]
    factor: Factor = 0.1
    patience: PositiveInt = 5
    floor: NonNegativeFloat = 0.0

    def _after_warmup(self, value: float, steps_per_epoch: int, steps: int) -> Schedule:
        return ReduceOnPlateau(value, self.factor, self.patience, floor=self.floor)


class LinearTable(_Kind):
    """In a straight line to `end` over `over` epochs (absent: the whole training), then constant."""

    kind: Literal["linear"]
    end: NonNegativeFloat
    over: PositiveFloat | None = None

    def _after_warmup(self, value: float, steps_per_epoch: int, steps: int) -> Schedule:
        return LinearRamp(value, round(self.over * steps_per_epoch) if self.over else steps, self.end)


_Kinds = ConstantTable | StepTable | ExponentialTable | CosineTable | OneCycleTable | PlateauTable | LinearTable
ScheduleTable = Annotated[_Kinds, Field(discriminator="kind")]
MomentumTable = ScheduleTable  # a momentum has the same kinds of schedule, from the optimiser's own value
