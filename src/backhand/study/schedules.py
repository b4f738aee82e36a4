"""The `schedule` and `momentum_schedule` tables. Lengths are in epochs here, in steps where the schedule runs."""

from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt

from backhand.study.table import Table
from backhand.training import schedules
from backhand.training.schedules import Schedule

Factor = Annotated[float, Field(gt=0, lt=1)]


class _Common(Table):
    warmup: NonNegativeFloat = 0.0  # epochs of linear rise before the schedule begins

    def make(self, value: float, per_epoch: int, epochs: int) -> Schedule:
        """The schedule from this starting value, for so many steps an epoch."""
        rise = round(self.warmup * per_epoch)
        main = self.main(value, per_epoch, max(epochs * per_epoch - rise, 1))
        return schedules.Warmup(value, rise, main) if rise else main

    def main(self, value: float, per_epoch: int, steps: int) -> Schedule:
        """The schedule after the warm-up, which lasts `steps` steps."""
        return schedules.Constant(value)


class ConstantTable(_Common):
    """The same value always."""

    kind: Literal["constant"]


class StepTable(_Common):
    """Times `factor` every so many epochs."""

    kind: Literal["step"]
    every: PositiveFloat
    factor: Factor = 0.1

    def main(self, value: float, per_epoch: int, steps: int) -> Schedule:
        """A staircase."""
        return schedules.StepDecay(value, max(round(self.every * per_epoch), 1), self.factor)


class ExponentialTable(_Common):
    """Times `factor` over every so many epochs, smoothly."""

    kind: Literal["exponential"]
    every: PositiveFloat = 1.0
    factor: Factor = 0.95

    def main(self, value: float, per_epoch: int, steps: int) -> Schedule:
        """A decay without steps."""
        return schedules.ExponentialDecay(value, max(round(self.every * per_epoch), 1), self.factor)


class CosineTable(_Common):
    """Along half a cosine down to `floor` at the last epoch."""

    kind: Literal["cosine"]
    floor: NonNegativeFloat = 0.0

    def main(self, value: float, per_epoch: int, steps: int) -> Schedule:
        """Over the whole training."""
        return schedules.CosineDecay(value, steps, self.floor)


class OneCycleTable(_Common):
    """Up to the value over the first part of the training, then down."""

    kind: Literal["one_cycle"]
    rise: Factor = 0.3
    start: PositiveFloat = 25.0
    end: PositiveFloat = 1e4

    def main(self, value: float, per_epoch: int, steps: int) -> Schedule:
        """Over the whole training."""
        return schedules.OneCycle(value, steps, self.rise, self.start, self.end)


class PlateauTable(_Common):
    """Times `factor` when the validation loss (without validation: the training loss) stops falling."""

    kind: Literal["plateau"]
    factor: Factor = 0.1
    patience: PositiveInt = 5
    floor: NonNegativeFloat = 0.0

    def main(self, value: float, per_epoch: int, steps: int) -> Schedule:
        """Driven by the losses it is told."""
        return schedules.ReduceOnPlateau(value, self.factor, self.patience, floor=self.floor)


class LinearTable(_Common):
    """Along a line to `end` over so many epochs (absent: the whole training), then constant."""

    kind: Literal["linear"]
    end: NonNegativeFloat
    over: PositiveFloat | None = None

    def main(self, value: float, per_epoch: int, steps: int) -> Schedule:
        """A ramp."""
        return schedules.LinearRamp(value, round(self.over * per_epoch) if self.over else steps, self.end)


_Kinds = ConstantTable | StepTable | ExponentialTable | CosineTable | OneCycleTable | PlateauTable | LinearTable
ScheduleTable = Annotated[_Kinds, Field(discriminator="kind")]
MomentumTable = ScheduleTable  # a momentum moves by the same rules, from the optimiser's own value
